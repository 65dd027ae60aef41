import { useQuery } from "@tanstack/react-query";
import {
  lazy,
  type ReactNode,
  Suspense,
  useCallback,
  useDeferredValue,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { Link } from "wouter";
import { api, data, type Schema } from "@/api/client";
import { useMay } from "@/api/session";
import { count, percent, plural } from "@/lib/format";
import { useHotkeys, usePageKeys } from "@/lib/keys";
import { flag, list, oneOf, text, type UrlCodec, useUrlState } from "@/lib/url";
import { Page, useBanner } from "@/shell/page";
import {
  Banner,
  Button,
  copyText,
  EmptyState,
  ErrorState,
  IconButton,
  Menu,
  MenuItem,
  Panel,
  Skeleton,
  type Sort,
  setFavicon,
  toast,
} from "@/ui";
import { AddDialog, FirstWebsite } from "./add";
import { BulkBar } from "./bulk";
import { choose, group, type Line, order, worstOf } from "./choose";
import { Counts } from "./counts";
import { Filters, sortText } from "./filters";
import { FirstSteps } from "./first-steps";
import { nothing, type Row, votesOf } from "./held";
import { OpenIncidents } from "./incidents";
import { List } from "./list";
import { useRows } from "./rows";
import { useStale } from "./stale";

const RegionMap = lazy(() => import("./map"));

const none: string[] = [];
const sortCodec: UrlCodec<Sort> = {
  parse: (s) => ({ key: s.replace(/^-/, ""), descending: s.startsWith("-") }),
  format: sortText,
};
const worstFirst: Sort = { key: "verdict", descending: false };
const view = oneOf("table", "map");
const keys = [
  { keys: "n", does: "Add websites" },
  { keys: "e", does: "Edit the row's website" },
  { keys: "p", does: "Pause or resume it" },
  { keys: "t", does: "Check it now" },
  { keys: "x", does: "Select it" },
] as const;

export const overviewQuery = {
  queryKey: ["overview"] as const,
  queryFn: ({ signal }: { signal: AbortSignal }) => data(api.GET("/v1/overview", { signal })),
  refetchInterval: 30_000,
};

/** How many websites there are, by what the API counts. */
export const sum = (c: Schema["StatusCounts"]) =>
  c.up + c.down + c.degraded + c.unknown + c.paused + c.pending;

export default function Overview() {
  const overview = useQuery(overviewQuery);
  const rows = useRows();
  const mayWrite = useMay("write");
  const [adding, setAdding] = useUrlState("add", false, flag);
  const stale = useStale();
  const total = overview.data ? sum(overview.data.counts) : undefined;
  const held = rows.data ?? nothing;
  const firstRun = total === 0 && held.rows.size === 0;
  usePageKeys(keys);
  useHotkeys(mayWrite ? { n: () => setAdding(true) } : {});
  useTabIcon(held.rows, stale);
  useTruths(overview.data, total ?? 0, mayWrite);
  // The first results stay in sight after the first website is there.
  const [welcome, setWelcome] = useState(false);
  useEffect(() => {
    if (firstRun) setWelcome(true);
  }, [firstRun]);

  const welcoming = mayWrite && (firstRun || welcome);

  const down = overview.data?.counts.down ?? 0;
  return (
    <Page
      title={down > 0 ? `(${count(down)} down) Overview` : "Overview"}
      heading="Overview"
      wide
      subtitle={overview.data && total ? <Subtitle overview={overview.data} total={total} /> : undefined}
      actions={welcoming ? undefined : <Actions mayWrite={mayWrite} onAdd={() => setAdding(true)} />}
    >
      <div className="space-y-4">
        {welcoming && <FirstWebsite {...(firstRun ? {} : { onDone: () => setWelcome(false) })} />}
        {welcoming && overview.data && <FirstSteps overview={overview.data} websites={total ?? 0} />}
        {firstRun && !mayWrite && (
          <EmptyState title="Nothing is watched yet">
            You may look, but not add. An editor or admin of this organisation can.
          </EmptyState>
        )}
        {!firstRun && !welcoming && (
          <>
            <Top overview={overview} stale={stale} />
            {overview.data && (
              <OpenIncidents
                incidents={overview.data.incidents}
                open={overview.data.open_incidents}
                stale={stale}
              />
            )}
            {overview.data && mayWrite && <FirstSteps overview={overview.data} websites={total ?? 0} />}
            <Websites rows={rows} overview={overview.data} total={total} stale={stale} />
          </>
        )}
      </div>
      {mayWrite && <AddDialog open={adding} onOpenChange={setAdding} />}
    </Page>
  );
}

function Subtitle({ overview, total }: { overview: Schema["Overview"]; total: number }) {
  return (
    <>
      {plural(total, "website")} from {plural(overview.regions, "region")}
      {overview.uptime_24h_percent !== null && (
        <> · {percent(overview.uptime_24h_percent)} up in the last 24 h</>
      )}
      {overview.advisories > 0 && (
        <> · {plural(overview.advisories, "website fails", "websites fail")} in some region, below quorum</>
      )}
    </>
  );
}

function Actions({ mayWrite, onAdd }: { mayWrite: boolean; onAdd: () => void }) {
  const copy = async () => {
    const url = new URL("/v1/summaries?limit=100", location.origin);
    const from = new URLSearchParams(location.search);
    for (const [ours, theirs] of [
      ["q", "q"],
      ["tag", "tag"],
      ["v", "status"],
      ["kind", "kind"],
    ] as const) {
      const value = from.get(ours);
      if (value) url.searchParams.set(theirs, value);
    }
    const ok = await copyText(`curl -H "Authorization: Bearer $PROBEFLEET_API_KEY" '${url}'`);
    if (ok) toast.done("Copied", { detail: "The key comes from your environment." });
  };
  return (
    <>
      {mayWrite ? (
        <Button look="primary" icon="plus" onClick={onAdd} aria-keyshortcuts="n">
          Add website
        </Button>
      ) : (
        <span className="text-[13px] text-muted">You may look; editors add and change.</span>
      )}
      <Menu label="More" trigger={<IconButton icon="more" label="More" look="secondary" />}>
        <MenuItem icon="copy" onSelect={copy}>
          Copy this list as curl
        </MenuItem>
        <MenuItem icon="download" onSelect={() => window.open("/v1/export", "_blank", "noopener")}>
          Export all websites
        </MenuItem>
      </Menu>
    </>
  );
}

function Top({
  overview,
  stale,
}: {
  overview: { data?: Schema["Overview"] | undefined; error: unknown; refetch: () => unknown };
  stale: boolean;
}) {
  const [chosen, setChosen] = useUrlState("v", none, list);
  if (!overview.data && overview.error) {
    return <ErrorState compact error={overview.error} what="the counts" retry={() => overview.refetch()} />;
  }
  return <Counts counts={overview.data?.counts} chosen={chosen} onChoose={setChosen} stale={stale} />;
}

/** The list with its filters, and above it the map if that is chosen. */
function Websites({
  rows,
  overview,
  total,
  stale,
}: {
  rows: ReturnType<typeof useRows>;
  overview: Schema["Overview"] | undefined;
  total: number | undefined;
  stale: boolean;
}) {
  const search = useRef<HTMLInputElement>(null);
  const [q, setQ] = useTyped("q");
  const [tags, setTags] = useUrlState("tag", none, list);
  const [chosen, setChosen] = useUrlState("v", none, list);
  const [kind, setKind] = useUrlState("kind", "", text);
  const [sort, setSort] = useUrlState("sort", worstFirst, sortCodec);
  const [grouped, setGrouped] = useUrlState("group", false, flag);
  const [shown, setShown] = useUrlState<"table" | "map">("view", "table", view);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = useState<string | undefined>();
  useHotkeys({ "/": () => search.current?.focus() });

  const held = rows.data ?? nothing;
  const later = useDeferredValue(q);
  const tagKey = tags.join("\n");
  const verdictKey = chosen.join("\n");
  const sortKey = sortText(sort);
  const lines: Line[] = useMemo(() => {
    const wanted = {
      q: later,
      tags: tagKey.split("\n").filter(Boolean),
      verdicts: verdictKey.split("\n").filter(Boolean),
      kind,
    };
    const found = order(choose(held.rows.values(), wanted), sortCodec.parse(sortKey) ?? worstFirst);
    return grouped ? group(found, closed) : found.map((row) => ({ row, under: "" }));
  }, [held.rows, later, tagKey, verdictKey, kind, sortKey, grouped, closed]);
  const explanations = useMemo(
    () => new Map(overview?.incidents.map((i) => [i.id, i.explanation])),
    [overview?.incidents],
  );
  const onSelect = useCallback(
    (ids: readonly string[], on: boolean) =>
      setSelected((now) => {
        const next = new Set(now);
        for (const id of ids) {
          if (on) next.add(id);
          else next.delete(id);
        }
        return next;
      }),
    [],
  );
  const onToggle = useCallback(
    (name: string) =>
      setClosed((now) => {
        const next = new Set(now);
        if (!next.delete(name)) next.add(name);
        return next;
      }),
    [],
  );
  const ids = [...selected].filter((id) => held.rows.has(id));
  const filtered = q !== "" || tags.length > 0 || chosen.length > 0 || kind !== "";
  const clear = useCallback(() => {
    setQ("");
    setTags(none);
    setChosen(none);
    setKind("");
  }, [setQ, setTags, setChosen, setKind]);
  const found = useMemo(() => new Set(lines.flatMap((l) => ("row" in l ? [l.row.s.id] : []))).size, [lines]);
  const empty = useMemo(
    () => (
      <EmptyState
        icon="filter"
        title={held.complete ? "Nothing matches" : "Nothing yet among those that have loaded"}
        action={<Button onClick={clear}>Show all websites</Button>}
      />
    ),
    [held.complete, clear],
  );
  // The same object while it says the same, so that a keystroke does not draw the list anew.
  const sorted = useMemo(() => sortCodec.parse(sortKey) ?? worstFirst, [sortKey]);
  return (
    <>
      <Filters
        search={search}
        q={q}
        onQ={setQ}
        tags={tags}
        onTags={setTags}
        verdicts={chosen}
        onVerdicts={setChosen}
        kind={kind}
        onKind={setKind}
        sort={sort}
        onSort={setSort}
        grouped={grouped}
        onGrouped={setGrouped}
        view={shown}
        onView={setShown}
      />
      {shown === "map" && (
        <Suspense fallback={<Skeleton className="h-96" />}>
          <RegionMap active={active} rows={held.rows} stale={stale} />
        </Suspense>
      )}
      <Notes
        ticksAway={held.ticksAway}
        loaded={held.complete ? undefined : held.rows.size}
        total={total}
        found={filtered ? found : undefined}
        onClear={clear}
      />
      <Panel flush>
        {rows.error && held.rows.size === 0 ? (
          <ErrorState error={rows.error} what="the websites" retry={() => rows.refetch()} />
        ) : (
          <List
            lines={lines}
            loading={rows.data === undefined || (held.rows.size === 0 && !held.complete)}
            empty={empty}
            sort={sorted}
            onSort={setSort}
            selected={selected}
            onSelect={onSelect}
            onToggle={onToggle}
            onActive={setActive}
            explanations={explanations}
            stale={stale}
          />
        )}
      </Panel>
      {ids.length > 0 && (
        <BulkBar
          ids={ids}
          names={ids.map((id) => held.rows.get(id)?.s.name ?? id)}
          onClear={() => setSelected(new Set())}
        />
      )}
    </>
  );
}

/** What must be known to read the list rightly. */
function Notes({
  ticksAway,
  loaded,
  total,
  found,
  onClear,
}: {
  ticksAway: boolean;
  loaded: number | undefined;
  total: number | undefined;
  found: number | undefined;
  onClear: () => void;
}) {
  const notes: ReactNode[] = [];
  if (found !== undefined)
    notes.push(
      <span key="found" role="status">
        {plural(found, "website")} of {count(total ?? found)}{" "}
        <button type="button" className="font-medium text-accent" onClick={onClear}>
          Show all
        </button>
      </span>,
    );
  if (loaded !== undefined && loaded > 0 && total !== undefined && loaded < total)
    notes.push(
      <span key="loaded" role="status">
        {count(loaded)} of {count(total)} have loaded so far; search and order hold for these.
      </span>,
    );
  if (ticksAway)
    notes.push(
      <span key="ticks" role="status">
        <span className="text-degraded" aria-hidden="true">
          ◆{" "}
        </span>
        The history of response times does not answer (InfluxDB): sparklines, p50 and p95 are missing.
        Verdicts are not affected.
      </span>,
    );
  if (notes.length === 0) return null;
  return <div className="flex flex-wrap gap-x-6 gap-y-1 text-[13px] text-muted">{notes}</div>;
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

/** The tab's icon is the ring of the worst website. */
export function useTabIcon(rows: ReadonlyMap<string, Row>, stale: boolean) {
  useEffect(() => {
    const worst = worstOf(rows.values());
    if (!worst) return;
    return stale ? setFavicon("unknown", []) : setFavicon(worst.status, votesOf(worst.s));
  }, [rows, stale]);
}

/** What the figures alone would hide. */
function useTruths(overview: Schema["Overview"] | undefined, total: number, mayWrite: boolean) {
  const untold = overview !== undefined && overview.channels === 0 && total > 0;
  const alone = overview !== undefined && overview.sites === 1 && overview.regions > 1 && total > 0;
  const regions = overview?.regions ?? 0;
  useBanner(
    "untold",
    useMemo(
      () =>
        untold ? (
          <Banner
            look="warning"
            action={
              mayWrite && (
                <Link href="/alerts" className="font-medium text-accent">
                  Add a channel
                </Link>
              )
            }
          >
            <b>Nobody will be told:</b> there is no channel that alerts could go to.
          </Banner>
        ) : null,
      [untold, mayWrite],
    ),
  );
  useBanner(
    "one-network",
    useMemo(
      () =>
        alone ? (
          <Banner
            look="unknown"
            action={
              mayWrite && (
                <Link href="/fleet" className="font-medium text-accent">
                  Add a region
                </Link>
              )
            }
          >
            <b>These {regions} regions share one network:</b> trouble of that network looks like trouble of
            every website.
          </Banner>
        ) : null,
      [alone, regions, mayWrite],
    ),
  );
}
