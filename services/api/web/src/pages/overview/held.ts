import type { Schema } from "@/api/client";
import { asVerdict, type Beat, type RegionVote, type Verdict } from "@/ui";

export type Summary = Schema["Summary"];

/** A website as the list holds it. */
export interface Row {
  readonly s: Summary;
  readonly status: Verdict;
  /** When it was asked for: an older answer does not replace it. */
  readonly at: number;
  readonly slotSeconds: number;
  readonly slotsEnd: number;
  /** What search looks through. */
  readonly hay: string;
  /** When its status was last seen to change; 0: not since the page was opened. */
  readonly changedAt: number;
}

/** All that is known of the list. It is never changed, only replaced. */
export interface Held {
  readonly rows: ReadonlyMap<string, Row>;
  /** All pages have come once. */
  readonly complete: boolean;
  /** The history of response times does not answer. */
  readonly ticksAway: boolean;
}

export const nothing: Held = { rows: new Map(), complete: false, ticksAway: false };

type Page = Pick<Schema["SummaryPage"], "items" | "slot_seconds" | "slots_end" | "ticks_away">;

/** Takes a page that was asked for at a time, and marks whose status has changed. */
export function put(held: Held, page: Page, at: number): Held {
  const rows = new Map(held.rows);
  const slotsEnd = Date.parse(page.slots_end);
  for (const s of page.items) {
    const before = rows.get(s.id);
    if (before && before.at > at) continue;
    const status = asVerdict(s.status);
    const changed = before !== undefined && before.status !== status;
    rows.set(s.id, {
      s,
      status,
      at,
      slotSeconds: page.slot_seconds,
      slotsEnd,
      hay: `${s.name}\n${s.url}\n${s.tags.join("\n")}`.toLowerCase(),
      changedAt: changed ? Date.now() : (before?.changedAt ?? 0),
    });
  }
  return { ...held, rows, ticksAway: page.ticks_away };
}

/** Takes out one website. */
export function gone(held: Held, id: string): Held {
  if (!held.rows.has(id)) return held;
  const rows = new Map(held.rows);
  rows.delete(id);
  return { ...held, rows };
}

/** All pages have come: what was in none of them, and is not newer than the first, is gone. */
export function settle(held: Held, seen: ReadonlySet<string>, began: number): Held {
  const rows = new Map([...held.rows].filter(([id, row]) => seen.has(id) || row.at > began));
  return { ...held, rows, complete: true };
}

const voteVerdicts: Record<string, Verdict> = {
  pass: "up",
  degraded: "degraded",
  fail: "down",
  none: "pending",
};

/** What each region says, as the ring draws it: what is old is not shown as if it were known. */
export function votesOf(s: Pick<Summary, "votes">): RegionVote[] {
  return s.votes.map((v): RegionVote => {
    const verdict = voteVerdicts[v.vote] ?? "unknown";
    if (v.vote === "none") return { region: v.region, verdict, detail: "has not spoken yet" };
    if (!v.fresh) return { region: v.region, verdict: "unknown", excluded: "too old to count" };
    if (!v.counted) return { region: v.region, verdict, excluded: "not counted" };
    return { region: v.region, verdict };
  });
}

const slotVerdicts: Record<string, Verdict> = {
  u: "up",
  d: "degraded",
  p: "degraded",
  x: "down",
  n: "unknown",
  z: "paused",
};

/** The slots since it was watched; what was before is left open. */
export function beatsOf(row: Row): Beat[] {
  const { slots } = row.s;
  const width = row.slotSeconds * 1000;
  const beats: Beat[] = [];
  for (let i = 0; i < slots.length; i++) {
    const letter = slots.charAt(i);
    const verdict = slotVerdicts[letter];
    if (!verdict) continue;
    const until = row.slotsEnd - (slots.length - 1 - i) * width;
    beats.push({
      at: until - width,
      until,
      verdict,
      ...(letter === "p"
        ? { word: "Partly failing", message: "Some region saw it fail; it was not down." }
        : {}),
    });
  }
  return beats;
}
