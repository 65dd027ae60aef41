import { instant } from "@/lib/format";
import type { UrlCodec } from "@/lib/url";

/** The stretches that charts offer, in seconds. */
export const presets = {
  "1h": 3_600,
  "24h": 86_400,
  "7d": 604_800,
  "30d": 2_592_000,
  "90d": 7_776_000,
} as const;
export type Preset = keyof typeof presets;
export const presetNames = Object.keys(presets) as Preset[];

/** A stretch of time, ms since 1970. */
export interface Span {
  from: number;
  to: number;
}

/** "2026-11-20T12:00:00Z_2026-11-20T13:00:00Z" in a URL. */
export const spanCodec: UrlCodec<Span | null> = {
  parse(s) {
    const [from, to] = s.split("_").map((t) => instant(t));
    return from !== undefined && to !== undefined && from < to ? { from, to } : undefined;
  },
  format: (v) => (v ? `${iso(v.from)}_${iso(v.to)}` : ""),
};

const iso = (t: number) => new Date(Math.round(t / 1000) * 1000).toISOString().replace(".000", "");

const steps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];
const points = 240; // what a chart of usual width can tell apart

/**
 * How wide the buckets of a chart are, in seconds: fine enough for its width, and never
 * finer than the checks come, which would leave holes between them.
 */
export function resolution(span: Span, intervalSeconds: number): number {
  const seconds = (span.to - span.from) / 1000;
  const want = Math.max(seconds / points, Math.min(intervalSeconds, seconds / 4));
  return steps.find((s) => s >= want) ?? 86_400;
}

/** What a datetime-local input shows of a time, in the viewer's zone or in UTC. */
export function toInput(t: number, utc: boolean): string {
  const d = new Date(utc ? t : t - new Date(t).getTimezoneOffset() * 60_000);
  return d.toISOString().slice(0, 16);
}

export function fromInput(s: string, utc: boolean): number | undefined {
  if (!/^\d{4}-/.test(s)) return undefined;
  const t = Date.parse(utc ? `${s}:00Z` : s);
  return Number.isFinite(t) ? t : undefined;
}
