import type { Schema } from "@/api/client";
import { instant } from "@/lib/format";
import type { Verdict } from "@/ui";
import {
  type EvidenceVote,
  type Failure,
  firstFailureAt,
  type Incident,
  type Round,
  roundsOf,
  votesOf,
} from "./record";

export interface Phases {
  dns_ms: number;
  connect_ms: number;
  tls_ms: number;
  ttfb_ms: number;
  transfer_ms: number;
}

/** One check of one region, put together from all that is known of it. */
export interface Cell {
  region: string;
  at: number;
  verdict: Verdict;
  reason: string;
  detail: string;
  latencyMs: number | undefined;
  phases: Phases | undefined;
  statusCode: number | undefined;
  resolvedIp: string | undefined;
  worker: string | undefined;
  /** Beside the schedule: a confirmation or a check on demand. */
  urgent: boolean | undefined;
  /** The verdict rested on it. */
  evidence: boolean;
  /** Why it was not counted: sick, stale and such. */
  excluded: string | undefined;
}

export interface Column {
  at: number;
  round: Round | undefined;
  /** By region. */
  cells: Map<string, Cell>;
  /** It was opened, resolved with this column. */
  mark: "opened" | "resolved" | undefined;
  /** Checks between this and the column before are not shown. */
  gap: boolean;
}

export interface Grid {
  regions: string[];
  columns: Column[];
}

const saysOf: Record<string, Verdict> = { pass: "up", degraded: "degraded", fail: "down" };
export const verdictOf = (outcome: string): Verdict => saysOf[outcome] ?? "unknown";

export const whyWords: Record<string, string> = {
  sick: "sick",
  no_result: "without a result",
  stale: "too old",
  silent: "silent",
  no_answer: "did not answer",
  blind: "blind: its canary failed, too",
  same_site: "blind: the canaries of its site failed",
  unproven: "unproven: no canary yet",
};

const blank = {
  reason: "",
  detail: "",
  latencyMs: undefined,
  phases: undefined,
  statusCode: undefined,
} as const;
const rest = {
  resolvedIp: undefined,
  worker: undefined,
  urgent: undefined,
  evidence: false,
  excluded: undefined,
} as const;

function ofTick(t: Schema["Tick"]): Cell {
  return {
    ...blank,
    ...rest,
    region: t.region,
    at: instant(t.time),
    verdict: verdictOf(t.outcome),
    reason: t.reason,
    latencyMs: t.latency_ms,
    phases: t,
    statusCode: t.status_code ?? undefined,
    urgent: t.urgent,
  };
}

function ofFailure(f: Failure): Cell {
  return {
    ...rest,
    region: f.region,
    at: instant(f.due),
    verdict: verdictOf(f.outcome),
    reason: f.reason,
    detail: f.detail,
    latencyMs: f.latency_ms,
    phases: f,
    statusCode: f.status_code ?? undefined,
    resolvedIp: f.resolved_ip ?? undefined,
    worker: f.worker,
  };
}

function ofVote(v: EvidenceVote, at: number): Cell {
  return {
    ...blank,
    ...rest,
    region: v.region,
    at,
    verdict: verdictOf(v.vote),
    reason: v.reason,
    detail: v.detail ?? "",
    latencyMs: v.due ? v.latency_ms : undefined,
    statusCode: v.status_code ?? undefined,
    resolvedIp: v.resolved_ip ?? undefined,
    evidence: true,
    excluded: v.counted ? undefined : (v.why ?? "not counted"),
  };
}

/** What a later source knows better is taken; what it does not know stays. */
function merged(a: Cell, b: Cell): Cell {
  return {
    ...a,
    verdict: b.verdict === "unknown" ? a.verdict : b.verdict,
    reason: b.reason || a.reason,
    detail: b.detail || a.detail,
    latencyMs: a.latencyMs ?? b.latencyMs,
    phases: a.phases ?? b.phases,
    statusCode: a.statusCode ?? b.statusCode,
    resolvedIp: a.resolvedIp ?? b.resolvedIp,
    worker: a.worker ?? b.worker,
    urgent: a.urgent ?? b.urgent,
    evidence: a.evidence || b.evidence,
    excluded: a.excluded ?? b.excluded,
  };
}

const near = 1_500; // ms that checks of one round may be apart
const edge = 2; // ms that rounding takes

/**
 * Region × time. A column is one look of all regions: a confirmation round, or one turn of
 * the schedule, in which every region has its own moment.
 */
export function gridOf(i: Incident, ticks: readonly Schema["Tick"][], intervalMs: number): Grid {
  const cells = new Map<string, Cell>();
  const put = (c: Cell) => {
    // The store of ticks keeps milliseconds.
    const key = `${c.region} ${Math.floor(c.at)}`;
    const before = cells.get(key);
    cells.set(key, before ? merged(before, c) : c);
  };
  for (const t of ticks) put(ofTick(t));
  for (const f of i.failures ?? []) put(ofFailure(f));
  const votes = votesOf(i);
  const opened = instant(i.opened_at);
  for (const v of votes) if (v.counted && v.due) put(ofVote(v, instant(v.due)));
  const rounds = roundsOf(i);
  const first = firstFailureAt(i); // a check of the schedule, which a round may overtake
  const sorted = [...cells.values()].sort((a, b) => a.at - b.at || a.region.localeCompare(b.region));
  const columns: Column[] = [];
  for (const c of sorted) {
    const asked = c.urgent ?? (first === undefined || Math.abs(c.at - first) > edge);
    const round = asked ? rounds.find((r) => c.at >= r.at - edge && c.at <= r.ended + edge) : undefined;
    const last = columns.at(-1);
    if (last && joins(last, c, round, intervalMs)) {
      last.cells.set(c.region, c);
      continue;
    }
    columns.push({
      at: c.at,
      round,
      cells: new Map([[c.region, c]]),
      mark: undefined,
      gap: last !== undefined && c.at - last.at > 3.5 * Math.max(intervalMs, 30_000),
    });
  }
  const decided = columns.findLast((c) => [...c.cells.values()].some((cell) => cell.evidence)) ?? columns[0];
  for (const v of votes) if (!v.counted && decided) exclude(decided, v, cells);
  const begun = columns.findLast((c) => c.at <= opened);
  if (begun) begun.mark = "opened";
  const resolved = i.resolved_at ? instant(i.resolved_at) : undefined;
  const ended = resolved === undefined ? undefined : columns.findLast((c) => c.at <= resolved);
  if (ended && ended !== begun && resolved !== undefined && resolved - ended.at < 2 * intervalMs + 60_000)
    ended.mark = "resolved";
  const regions = new Set<string>(votes.map((v) => v.region));
  for (const c of sorted) regions.add(c.region);
  return { regions: [...regions].sort(), columns };
}

/**
 * A vote that was not counted stands where the decision was taken: on the check of then,
 * or alone, if the region had nothing fresh to say.
 */
function exclude(decided: Column, v: EvidenceVote, cells: ReadonlyMap<string, Cell>) {
  const at = v.due ? instant(v.due) : decided.at;
  const vote = ofVote(v, at);
  const then = decided.cells.get(v.region);
  if (then && v.due && Math.floor(then.at) === Math.floor(at)) {
    decided.cells.set(v.region, merged(then, vote));
  } else if (!then) {
    const seen = cells.get(`${v.region} ${Math.floor(at)}`);
    decided.cells.set(v.region, { ...(seen ? merged(seen, vote) : vote), verdict: "unknown" });
  }
}

function joins(column: Column, c: Cell, round: Round | undefined, intervalMs: number): boolean {
  if (column.cells.has(c.region) || column.round !== round) return false;
  const first = [...column.cells.values()][0];
  if (first?.urgent !== undefined && c.urgent !== undefined && first.urgent !== c.urgent) return false;
  return round !== undefined || c.at - column.at < (c.urgent ? near : intervalMs);
}

/** Of when to ask for single checks: around the begin and, if it was long, around the end. */
export function stretches(i: Incident, intervalMs: number): { from: number; to: number }[] {
  const opened = instant(i.opened_at);
  const step = Math.max(intervalMs, 5_000);
  const begin = { from: opened - 2.5 * step, to: opened + 5 * step };
  if (!i.resolved_at) return [begin];
  const resolved = instant(i.resolved_at);
  const end = { from: resolved - 2.5 * step, to: resolved + 1.5 * step };
  return end.from <= begin.to ? [{ from: begin.from, to: Math.max(begin.to, end.to) }] : [begin, end];
}
