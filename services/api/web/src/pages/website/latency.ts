import type { Schema } from "@/api/client";
import { instant } from "@/lib/format";
import type { Band, Series } from "@/ui";
import type { Span } from "./range";

export const phases = ["dns", "connect", "tls", "ttfb", "transfer"] as const;
export type Phase = (typeof phases)[number];
export const phaseWords: Record<Phase, string> = {
  dns: "DNS",
  connect: "Connect",
  tls: "TLS",
  ttfb: "First byte",
  transfer: "Transfer",
};

export const figures = ["p50", "p95", "max"] as const;
export type Figure = (typeof figures)[number];

type Point = Schema["LatencyPoint"];
interface Grid {
  times: number[];
  /** By region: the point of each time, if there is one. */
  rows: Map<string, (Point | undefined)[]>;
  stepMs: number;
}

/**
 * Every bucket of the stretch in which anything may have been measured. A bucket that is
 * missing is a gap, unless the checks are just a little further apart than it is wide.
 */
function grid(latency: Schema["Latency"], intervalSeconds: number): Grid {
  const stepMs = latency.resolution_seconds * 1000;
  const seen = new Set<number>();
  for (const s of latency.series) for (const p of s.points) seen.add(instant(p.time));
  const sorted = [...seen].sort((a, b) => a - b);
  const apart = Math.max(stepMs, intervalSeconds * 1000) * 2.5;
  const times: number[] = [];
  for (const t of sorted) {
    const before = times.at(-1);
    // One empty bucket is enough to break the lines.
    if (before !== undefined && t - before > apart) times.push(before + stepMs, t - stepMs);
    times.push(t);
  }
  const rows = new Map(
    latency.series.map((s) => {
      const at = new Map(s.points.map((p) => [instant(p.time), p]));
      return [s.region, times.map((t) => at.get(t))];
    }),
  );
  return { times, rows, stepMs };
}

export interface Drawn {
  times: number[];
  series: Series[];
  /** Where no region has measured anything. */
  gaps: Span[];
}

/** One line per region. */
export function byRegion(latency: Schema["Latency"], intervalSeconds: number, figure: Figure): Drawn {
  const g = grid(latency, intervalSeconds);
  const series = [...g.rows].map(([region, row]) => ({
    key: region,
    label: region,
    values: bridged(
      g.times,
      row.map((p) => p?.[`${figure}_ms`] ?? (p ? null : undefined)),
      Math.max(g.stepMs, intervalSeconds * 1000) * 2.5,
    ),
  }));
  return { times: g.times, series, gaps: silences(g, intervalSeconds) };
}

/** The mean of each phase, of one region or of all by how much each has measured. */
export function byPhase(latency: Schema["Latency"], intervalSeconds: number, region: string): Drawn {
  const g = grid(latency, intervalSeconds);
  const rows = [...g.rows].filter(([name]) => region === "" || name === region).map(([, row]) => row);
  const series = phases.map((phase) => ({
    key: phase,
    label: phaseWords[phase],
    values: g.times.map((_, i) => {
      let sum = 0;
      let passed = 0;
      for (const row of rows) {
        const p = row[i];
        const value = p?.[`${phase}_ms`];
        if (!p || value == null) continue;
        sum += value * p.ok;
        passed += p.ok;
      }
      return passed > 0 ? sum / passed : null;
    }),
  }));
  return { times: g.times, series, gaps: silences(g, intervalSeconds) };
}

/** Fills what lies between two checks that are near each other; the rest stays a gap. */
function bridged(
  times: readonly number[],
  values: readonly (number | null | undefined)[],
  apartMs: number,
): (number | null)[] {
  const out = values.map((v) => v ?? null);
  let last = -1;
  values.forEach((v, i) => {
    if (v === undefined) return;
    const before = values[last];
    const near = (times[i] ?? 0) - (times[last] ?? 0) <= apartMs;
    if (last >= 0 && i > last + 1 && near && before != null && v !== null) {
      const share = (t: number) => (t - (times[last] ?? 0)) / ((times[i] ?? 0) - (times[last] ?? 0));
      for (let j = last + 1; j < i; j++) out[j] = before + (v - before) * share(times[j] ?? 0);
    }
    last = i;
  });
  return out;
}

function silences(g: Grid, intervalSeconds: number): Span[] {
  const apart = Math.max(g.stepMs, intervalSeconds * 1000) * 2.5;
  const measured = g.times.filter((_, i) => [...g.rows.values()].some((row) => row[i]));
  const out: Span[] = [];
  measured.forEach((t, i) => {
    const before = measured[i - 1];
    if (before !== undefined && t - before > apart) out.push({ from: before + g.stepMs, to: t });
  });
  return out;
}

/** What to shade: downtime, incidents of less than down, and times without any check. */
export function bandsOf(
  span: Span,
  downtime: readonly Schema["Downtime"][],
  incidents: readonly Schema["Incident"][],
  gaps: readonly Span[],
  now: number,
  words: (reason: string) => string,
): Band[] {
  const bands: Band[] = gaps.map((g) => ({ ...g, kind: "unknown", label: "no data" }));
  for (const i of incidents) {
    if (i.severity !== "degraded") continue;
    bands.push({
      from: instant(i.opened_at),
      to: i.resolved_at ? instant(i.resolved_at) : now,
      kind: "degraded",
      label: i.explanation,
    });
  }
  for (const d of downtime) {
    bands.push({
      from: instant(d.started_at),
      to: d.ended_at ? instant(d.ended_at) : now,
      kind: "down",
      label: `down: ${words(d.reason)}`,
    });
  }
  return bands.filter((b) => b.to > span.from && b.from < span.to);
}
