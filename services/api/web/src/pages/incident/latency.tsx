import { useMemo } from "react";
import type { Schema } from "@/api/client";
import { instant } from "@/lib/format";
import { type Band, ChartSkeleton, EmptyState, ErrorState, LineChart, type Series, useNow } from "@/ui";
import { around, useLatency } from "./data";
import type { Incident } from "./record";

/** A line per region; a stretch without checks is a gap. */
export function drawn(latency: Schema["Latency"], intervalMs: number): { times: number[]; series: Series[] } {
  const seen = new Set<number>();
  for (const s of latency.series) for (const p of s.points) seen.add(instant(p.time));
  const apart = 2.5 * Math.max(latency.resolution_seconds * 1000, intervalMs);
  const times: number[] = [];
  for (const t of [...seen].sort((a, b) => a - b)) {
    const before = times.at(-1);
    if (before !== undefined && t - before > apart) times.push(before + 1, t - 1);
    times.push(t);
  }
  const series = latency.series.map((s) => {
    const at = new Map(s.points.map((p) => [instant(p.time), p.p50_ms ?? p.mean_ms]));
    const values: (number | null)[] = times.map((t) => at.get(t) ?? null);
    bridge(times, values, at, apart);
    return { key: s.region, label: s.region, values };
  });
  return { times, series };
}

/** Regions take turns: between two checks of one there are moments of the others, which are no gaps. */
function bridge(
  times: readonly number[],
  values: (number | null)[],
  at: ReadonlyMap<number, number | null>,
  apart: number,
) {
  let last: number | undefined;
  times.forEach((t, n) => {
    if (!at.has(t)) return;
    const value = values[n];
    const before = last;
    last = n;
    if (before === undefined || value == null) return;
    const [from, begin] = [times[before], values[before]];
    if (from === undefined || begin == null || t - from > apart) return;
    for (let k = before + 1; k < n; k++) {
      values[k] = begin + ((value - begin) * ((times[k] ?? from) - from)) / (t - from);
    }
  });
}

export function LatencyAround({ incident: i, intervalMs }: { incident: Incident; intervalMs: number }) {
  const now = useNow(i.resolved_at ? 3_600_000 : 30_000);
  const { from, to } = around(i, i.resolved_at ? instant(i.resolved_at) + 24 * 3_600_000 : now);
  const end = Math.min(to, Date.now());
  const asked = useLatency(i, from, Math.floor(end / 30_000) * 30_000);
  const lines = useMemo(
    () => (asked.data ? drawn(asked.data, intervalMs) : undefined),
    [asked.data, intervalMs],
  );
  const bands: Band[] = [
    {
      from: instant(i.opened_at),
      to: i.resolved_at ? instant(i.resolved_at) : now,
      kind: i.severity,
      label: i.severity,
    },
  ];
  if (!lines) {
    return asked.error ? (
      <ErrorState compact error={asked.error} what="response times" retry={() => void asked.refetch()} />
    ) : (
      <ChartSkeleton height={200} />
    );
  }
  if (lines.times.length === 0) {
    return (
      <EmptyState level={3} title="No response times">
        Nothing was measured around it, or it is too long ago to be kept.
      </EmptyState>
    );
  }
  return (
    <>
      {asked.error !== null && (
        <p className="mb-2 text-[13px] text-muted">
          ◆ Not up to date: response times cannot be asked for at the moment.
        </p>
      )}
      <LineChart
        label={`Response time of ${i.website_name} around the incident, by region`}
        times={lines.times}
        series={lines.series}
        bands={bands}
        from={from}
        to={end}
        height={200}
      />
    </>
  );
}
