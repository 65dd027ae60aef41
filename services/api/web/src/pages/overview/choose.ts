import { type Sort, type Verdict, verdictOrder } from "@/ui";
import type { Row } from "./held";

/** What of the list is wanted. */
export interface Wanted {
  q: string;
  tags: readonly string[];
  verdicts: readonly string[];
  kind: string;
}

/** Every word must be found in the name, the address or a tag. */
export function choose(rows: Iterable<Row>, wanted: Wanted): Row[] {
  const words = wanted.q.toLowerCase().split(/\s+/).filter(Boolean);
  const verdicts = new Set(wanted.verdicts);
  const out: Row[] = [];
  for (const row of rows) {
    if (verdicts.size > 0 && !verdicts.has(row.status)) continue;
    if (wanted.kind !== "" && !row.s.kinds.includes(wanted.kind)) continue;
    if (!wanted.tags.every((t) => row.s.tags.includes(t))) continue;
    if (words.every((w) => row.hay.includes(w))) out.push(row);
  }
  return out;
}

const rank = new Map(verdictOrder.map((v, i) => [v, i]));
export const worse = (a: Verdict, b: Verdict): number => (rank.get(a) ?? 99) - (rank.get(b) ?? 99);

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
type Value = (row: Row) => number | string | null;

const time = (t: string | null) => (t === null ? null : Date.parse(t));
const values: Record<string, Value> = {
  name: (r) => r.s.name,
  p50: (r) => r.s.p50_ms,
  p95: (r) => r.s.p95_ms,
  uptime24: (r) => r.s.uptime_24h_percent,
  uptime30: (r) => r.s.uptime_30d_percent,
  checked: (r) => time(r.s.last_checked_at),
  expires: (r) => r.s.expires_in_days,
};

/** What is not known stands last in either direction; equals go by name. */
export function order(rows: readonly Row[], sort: Sort): Row[] {
  const turn = sort.descending ? -1 : 1;
  const byName = (a: Row, b: Row) =>
    collator.compare(a.s.name, b.s.name) || (a.s.id < b.s.id ? -1 : a.s.id > b.s.id ? 1 : 0);
  const value = values[sort.key];
  if (!value) {
    // Of those that are equally well, the ones that some region sees fail come first.
    const doubt = (r: Row) => (r.s.advisory_regions.length > 0 ? 0 : 1);
    return [...rows].sort(
      (a, b) => turn * (worse(a.status, b.status) || doubt(a) - doubt(b)) || byName(a, b),
    );
  }
  if (sort.key === "name") return [...rows].sort((a, b) => turn * byName(a, b));
  const keyed = rows.map((row) => ({ row, v: value(row) }));
  keyed.sort((a, b) => {
    if (a.v === null || b.v === null)
      return Number(a.v === null) - Number(b.v === null) || byName(a.row, b.row);
    return turn * (Number(a.v) - Number(b.v)) || byName(a.row, b.row);
  });
  return keyed.map((k) => k.row);
}

/** A heading of a group, in the same list as the rows. */
export interface Group {
  readonly group: string;
  readonly tag: string | undefined;
  readonly count: number;
  readonly worst: Verdict;
  readonly open: boolean;
}
/** A row, and under which group it stands: it may stand under several. */
export interface Placed {
  readonly row: Row;
  readonly under: string;
}
export type Line = Placed | Group;
export const isGroup = (line: Line): line is Group => "group" in line;

/** Rows under the heading of each of their tags, those of none last. Closed groups keep their heading. */
export function group(rows: readonly Row[], closed: ReadonlySet<string>): Line[] {
  const by = new Map<string | undefined, Row[]>();
  for (const row of rows) {
    for (const tag of row.s.tags.length > 0 ? row.s.tags : [undefined]) {
      const of = by.get(tag);
      if (of) of.push(row);
      else by.set(tag, [row]);
    }
  }
  const tags = [...by.keys()].sort((a, b) =>
    a === undefined ? 1 : b === undefined ? -1 : collator.compare(a, b),
  );
  return tags.flatMap((tag): Line[] => {
    const of = by.get(tag) ?? [];
    const name = tag ?? "Without a tag";
    const open = !closed.has(name);
    const worst = of.reduce<Verdict>((w, r) => (worse(r.status, w) < 0 ? r.status : w), "paused");
    const heading: Group = { group: name, tag, count: of.length, worst, open };
    return open ? [heading, ...of.map((row) => ({ row, under: name }))] : [heading];
  });
}

/** The worst of them, by which the tab's icon is drawn. */
export function worstOf(rows: Iterable<Row>): Row | undefined {
  let worst: Row | undefined;
  for (const row of rows) if (!worst || worse(row.status, worst.status) < 0) worst = row;
  return worst;
}
