import type { Schema } from "@/api/client";
import { day, instant, type Zone } from "@/lib/format";
import type { UrlCodec } from "@/lib/url";

export type Incident = Schema["Incident"];

export const statuses = ["", "open", "acknowledged", "resolved"] as const;
export type Status = (typeof statuses)[number];

/** How far back, in seconds. */
export const ranges = {
  any: 0,
  "24h": 86_400,
  "7d": 7 * 86_400,
  "30d": 30 * 86_400,
  "90d": 90 * 86_400,
} as const;
export type Range = keyof typeof ranges | "custom";
export const rangeNames: Range[] = [...(Object.keys(ranges) as Range[]), "custom"];

/** A time in a URL: ISO 8601 in UTC, to the second. */
export const moment: UrlCodec<number | null> = {
  parse(s) {
    const t = instant(s);
    return Number.isNaN(t) ? undefined : t;
  },
  format: (t) => (t === null ? "" : new Date(Math.floor(t / 1000) * 1000).toISOString().replace(".000", "")),
};

/** A row of the list: an incident, or the heading of those below it. */
export type Row = { heading: string; count: number; more: boolean } | { incident: Incident };

/**
 * Those that last first, whenever they began; the rest by the day on which they were
 * opened. `complete`: nothing older is left to load.
 */
export function grouped(
  open: readonly Incident[],
  rest: readonly Incident[],
  zone: Zone,
  complete: boolean,
  now: number,
): Row[] {
  const rows: Row[] = [];
  const add = (heading: string, list: readonly Incident[], more: boolean) => {
    if (list.length === 0) return;
    rows.push({ heading, count: list.length, more });
    for (const incident of list) rows.push({ incident });
  };
  const lasting = new Map([...open, ...rest.filter((i) => !i.resolved_at)].map((i) => [i.id, i]));
  add("Open now", [...lasting.values()].sort(newestFirst), false);
  const days = new Map<string, Incident[]>();
  for (const i of rest) {
    if (lasting.has(i.id)) continue;
    const key = day(instant(i.opened_at), zone);
    days.set(key, [...(days.get(key) ?? []), i]);
  }
  const last = [...days.keys()].at(-1);
  const names = new Map([
    [day(now - 86_400_000, zone), "Yesterday"],
    [day(now, zone), "Today"],
  ]);
  for (const [key, list] of days) add(names.get(key) ?? key, list, key === last && !complete);
  return rows;
}

function newestFirst(a: Incident, b: Incident): number {
  return instant(b.opened_at) - instant(a.opened_at) || b.id.localeCompare(a.id);
}

/** What a datetime-local input shows of a time, in the viewer's zone or in UTC. */
export function toInput(t: number | null, zone: Zone): string {
  if (t === null) return "";
  return new Date(zone === "utc" ? t : t - new Date(t).getTimezoneOffset() * 60_000)
    .toISOString()
    .slice(0, 16);
}

export function fromInput(s: string, zone: Zone): number | null {
  if (s === "") return null; // Date.parse makes a time of ":00Z"
  const t = Date.parse(zone === "utc" ? `${s}:00Z` : s);
  return Number.isNaN(t) ? null : t;
}
