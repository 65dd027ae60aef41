import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { flag, list, oneOf, text, type UrlCodec, useUrlState } from "@/lib/url";
import type { Sort } from "@/ui";
import { choose, group, type Line, order } from "./choose";
import { sortText } from "./filters";
import type { Row } from "./held";

const none: string[] = [];
const sortCodec: UrlCodec<Sort> = {
  parse: (s) => ({ key: s.replace(/^-/, ""), descending: s.startsWith("-") }),
  format: sortText,
};
const worstFirst: Sort = { key: "verdict", descending: false };
const views = oneOf("table", "map");

/** What the reader wants to see of the list; all of it stands in the URL. */
export function useChosen() {
  const [q, onQ] = useTyped("q");
  const [tags, onTags] = useUrlState("tag", none, list);
  const [verdicts, onVerdicts] = useUrlState("v", none, list);
  const [kind, onKind] = useUrlState("kind", "", text);
  const [sort, onSort] = useUrlState("sort", worstFirst, sortCodec);
  const [grouped, onGrouped] = useUrlState("group", false, flag);
  const [view, onView] = useUrlState<"table" | "map">("view", "table", views);
  // The same objects while they say the same, so that a keystroke does not draw the list anew.
  const sortKey = sortText(sort);
  const kept = {
    tags: useSame(tags),
    verdicts: useSame(verdicts),
    sort: useMemo(() => sortCodec.parse(sortKey) ?? worstFirst, [sortKey]),
  };
  const filtered = q !== "" || tags.length > 0 || verdicts.length > 0 || kind !== "";
  const clear = useCallback(() => {
    onQ("");
    onTags(none);
    onVerdicts(none);
    onKind("");
  }, [onQ, onTags, onVerdicts, onKind]);
  return {
    fields: { q, onQ, onTags, onVerdicts, kind, onKind, onSort, grouped, onGrouped, view, onView, ...kept },
    filtered,
    clear,
  };
}
type Chosen = ReturnType<typeof useChosen>["fields"];

function useSame(values: string[]): string[] {
  const key = values.join("\n");
  return useMemo(() => key.split("\n").filter(Boolean), [key]);
}

/** The rows, and headings of groups, that are to be seen, and how many websites these are. */
export function useLines(rows: ReadonlyMap<string, Row>, chosen: Chosen) {
  const { tags, verdicts, kind, sort, grouped } = chosen;
  const q = useDeferredValue(chosen.q);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  // Ordered before they are chosen: a keystroke then only has to look through them.
  const ordered = useMemo(() => order([...rows.values()], sort), [rows, sort]);
  const found = useMemo(
    () => choose(ordered, { q, tags, verdicts, kind }),
    [ordered, q, tags, verdicts, kind],
  );
  const lines: Line[] = useMemo(
    () => (grouped ? group(found, closed) : found.map((row) => ({ row, under: "" }))),
    [found, grouped, closed],
  );
  const toggle = useCallback((name: string) => setClosed((now) => toggled(now, [name], !now.has(name))), []);
  return { lines, found: found.length, toggle };
}

/** The websites that the reader has ticked. */
export function useSelection() {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const select = useCallback(
    (ids: readonly string[], on: boolean) => setSelected((now) => toggled(now, ids, on)),
    [],
  );
  const clear = useCallback(() => setSelected(new Set()), []);
  return { selected, select, clear };
}

function toggled(now: ReadonlySet<string>, keys: readonly string[], on: boolean): ReadonlySet<string> {
  const next = new Set(now);
  for (const key of keys) {
    if (on) next.add(key);
    else next.delete(key);
  }
  return next;
}

/** What is typed is there at once; the URL follows. */
function useTyped(key: string): [string, (v: string) => void] {
  const [inUrl, setInUrl] = useUrlState(key, "", text);
  const [typed, setTyped] = useState(inUrl);
  const written = useRef(inUrl);
  useEffect(() => {
    // Back and forward, or a link: not what was written here.
    if (inUrl !== written.current) {
      written.current = inUrl;
      setTyped(inUrl);
    }
  }, [inUrl]);
  useEffect(() => {
    if (typed === written.current) return;
    const timer = setTimeout(() => {
      written.current = typed;
      setInUrl(typed);
    }, 250);
    return () => clearTimeout(timer);
  }, [typed, setInUrl]);
  return [typed, setTyped];
}
