import type { Schema } from "@/api/client";
import { instant } from "@/lib/format";

export type Incident = Schema["Incident"];
export type Failure = Schema["Failure"];
export type Delivery = Schema["Delivery"];
export type IncidentEvent = Schema["IncidentEvent"];

/** A region's vote as the incident keeps it; later versions may add to it. */
export type EvidenceVote = Schema["EvidenceVote"] & {
  detail?: string;
  site?: string;
  canary?: string;
  /** Why it was not counted. */
  why?: string;
};

/** One confirmation round: all regions were asked at once. */
export interface Round {
  round: number;
  at: number;
  ended: number;
  answered: number;
  failed: number;
  verdict: string;
}

type Loose = Record<string, unknown>;

const loose = (v: unknown): Loose => (typeof v === "object" && v !== null ? (v as Loose) : {});
export const numberOf = (v: unknown): number | undefined =>
  typeof v === "number" && Number.isFinite(v) ? v : undefined;
export const textOf = (v: unknown): string => (typeof v === "string" ? v : "");

/** What an event carries, of whatever kind. */
export const dataOf = (e: IncidentEvent): Loose => loose(e.data);

export const votesOf = (i: Incident): EvidenceVote[] => i.evidence?.votes ?? [];

export interface Quorum {
  mode: string;
  /** Failures needed, votes counted, failures, regions assigned. */
  k: number;
  n: number;
  failed: number;
  assigned: number;
}

export function quorumOf(i: Incident): Quorum | undefined {
  const q = loose(i.evidence?.quorum);
  const [k, n, failed, assigned] = [q.k, q.n, q.failed, q.assigned].map(numberOf);
  if (k === undefined || n === undefined || failed === undefined || assigned === undefined) return undefined;
  return { mode: textOf(q.mode), k, n, failed, assigned };
}

function roundOf(v: unknown): Round | undefined {
  const r = loose(v);
  const [round, answered, failed] = [r.round, r.answered, r.failed].map(numberOf);
  const at = instant(textOf(r.at));
  const ended = instant(textOf(r.ended));
  if (round === undefined || answered === undefined || failed === undefined || Number.isNaN(at))
    return undefined;
  return { round, at, ended: Number.isNaN(ended) ? at : ended, answered, failed, verdict: textOf(r.verdict) };
}

/** The rounds that led to the incident, as the evidence and the history tell them. */
export function roundsOf(i: Incident): Round[] {
  const kept = loose(i.evidence).rounds;
  const all = [
    ...(Array.isArray(kept) ? kept : []),
    ...i.events.filter((e) => e.kind === "round").map((e) => e.data),
  ];
  const rounds = new Map<number, Round>();
  for (const one of all) {
    const r = roundOf(one);
    if (r) rounds.set(r.at, r);
  }
  return [...rounds.values()].sort((a, b) => a.at - b.at);
}

/** When the first failed check was due. */
export function firstFailureAt(i: Incident): number | undefined {
  const e = i.events.find((e) => e.kind === "first_failure");
  return e ? instant(e.at) : undefined;
}

/** Until when it lasts: its end, or the present. */
export const endOf = (i: Incident, now: number): number => (i.resolved_at ? instant(i.resolved_at) : now);
