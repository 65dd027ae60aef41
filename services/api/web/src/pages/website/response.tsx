import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, data, type Schema } from "@/api/client";
import { isProblem } from "@/api/problem";
import * as format from "@/lib/format";
import { oneOf, text, useUrlState } from "@/lib/url";
import {
  ChartSkeleton,
  cx,
  EmptyState,
  ErrorState,
  LineChart,
  Panel,
  Segmented,
  Select,
  StatCard,
  useNow,
} from "@/ui";
import { type Monitor, useIncidents } from "./data";
import { bandsOf, byPhase, byRegion, type Figure, figures } from "./latency";
import { resolution, type Span } from "./range";
import { type Range, RangePicker, zoomTo } from "./range-picker";
import { coverageWords, uptimeQuery } from "./uptime";
import { monitorTitle, reasonWords } from "./words";

const viewCodec = oneOf("regions", "phases");
const figureCodec = oneOf(...figures);

const asTimes = (s: { from: number; to: number }) => ({
  from: new Date(s.from).toISOString(),
  to: new Date(s.to).toISOString(),
});

/** How often what moves with the time is asked for anew, by how far it reaches. */
function refresh(range: Range): number | false {
  if (range.custom) return false;
  return range.preset === "1h" ? 10_000 : range.preset === "24h" ? 30_000 : 120_000;
}

/** What is shown of a stretch that begins before the monitor does: there is nothing before. */
function watched(range: Range, monitor: Monitor): Span {
  const span = range.span();
  if (range.custom) return span;
  const began = format.instant(monitor.created_at) - 15_000;
  // Some minutes at least, so that a new one does not seem to race.
  return { ...span, from: Math.max(span.from, Math.min(began, span.to - 5 * 60_000)) };
}

function useLatency(monitor: Monitor, range: Range) {
  return useQuery({
    queryKey: ["monitor", monitor.id, "latency", range.key],
    queryFn: async ({ signal }) => {
      const span = watched(range, monitor);
      const answer = await data(
        api.GET("/v1/monitors/{id}/latency", {
          params: {
            path: { id: monitor.id },
            query: { ...asTimes(span), resolution: `${resolution(span, monitor.interval_seconds)}s` },
          },
          signal,
        }),
      );
      return { answer, span };
    },
    refetchInterval: refresh(range),
    placeholderData: keepPreviousData,
  });
}

export function useStats(monitor: Monitor, range: Range, region = "") {
  return useQuery({
    queryKey: ["monitor", monitor.id, "stats", range.key, region],
    queryFn: ({ signal }) =>
      data(
        api.GET("/v1/monitors/{id}/stats", {
          params: {
            path: { id: monitor.id },
            query: { ...asTimes(range.span()), ...(region ? { region } : {}) },
          },
          signal,
        }),
      ),
    refetchInterval: refresh(range),
    placeholderData: keepPreviousData,
  });
}

/** Percentiles with their change, and the chart they are of. */
export function Response({ monitor, range }: { monitor: Monitor; range: Range }) {
  const [view, setView] = useUrlState("view", "regions", viewCodec);
  const [figure, setFigure] = useUrlState<Figure>("figure", "p50", figureCodec);
  const [region, setRegion] = useUrlState("phases", "", text);
  const latency = useLatency(monitor, range);
  const away = isProblem(latency.error, 503);
  const known = latency.data?.answer.series.map((s) => s.region) ?? [];
  return (
    <section aria-label="Response time" className="mb-4 space-y-4">
      <Cards monitor={monitor} range={range} away={away} />
      <Panel
        title="Response time"
        actions={<RangePicker range={range} />}
        className={cx(latency.isPlaceholderData && "opacity-70")}
      >
        <div className="mb-3 flex flex-wrap items-center gap-2">
          <Segmented
            label="Lines or phases"
            value={view}
            onChange={setView}
            options={[
              { value: "regions", label: "Lines per region" },
              { value: "phases", label: "Phases" },
            ]}
          />
          {view === "regions" ? (
            <Segmented
              label="Figure"
              value={figure}
              onChange={setFigure}
              options={figures.map((f) => ({ value: f, label: f }))}
            />
          ) : (
            <Select
              small
              className="w-40!"
              label="Region of the phases"
              value={region || "*"}
              onChange={(v) => setRegion(v === "*" ? "" : v)}
              options={[
                { value: "*", label: "All regions" },
                ...[...new Set([...known, ...(region ? [region] : [])])].map((r) => ({ value: r, label: r })),
              ]}
            />
          )}
          <span className="hidden flex-1 text-right text-[13px] text-muted md:block">
            {latency.data &&
              `${format.instant(monitor.created_at) > latency.data.span.from ? "since it is watched · " : ""}${bucketWords(latency.data.answer)} · drag to zoom`}
          </span>
        </div>
        <Chart
          monitor={monitor}
          latency={latency.data}
          error={latency.error}
          retry={() => void latency.refetch()}
          view={view}
          figure={figure}
          region={region}
        />
      </Panel>
    </section>
  );
}

const bucketWords = (l: Schema["Latency"]) => `one point per ${format.duration(l.resolution_seconds)}`;

function Chart({
  monitor,
  latency,
  error,
  retry,
  view,
  figure,
  region,
}: {
  monitor: Monitor;
  latency: { answer: Schema["Latency"]; span: { from: number; to: number } } | undefined;
  error: unknown;
  retry: () => void;
  view: "regions" | "phases";
  figure: Figure;
  region: string;
}) {
  const now = useNow(15_000);
  const span = latency?.span;
  const downtime = useDowntimeOf(monitor, span);
  const incidents = useIncidents(monitor.website_id);
  const drawn = useMemo(
    () =>
      latency &&
      (view === "regions"
        ? byRegion(latency.answer, monitor.interval_seconds, figure)
        : byPhase(latency.answer, monitor.interval_seconds, region)),
    [latency, monitor.interval_seconds, view, figure, region],
  );
  const bands = useMemo(
    () =>
      drawn && span
        ? bandsOf(
            span,
            (downtime.data?.items ?? []).filter((d) => d.monitor_id === monitor.id),
            (incidents.data?.items ?? []).filter((i) => i.monitor_id === monitor.id),
            drawn.gaps,
            now,
            reasonWords,
          )
        : [],
    [drawn, span, downtime.data, incidents.data, monitor.id, now],
  );
  if (isProblem(error, 503)) return <Away retry={retry} />;
  if (error && !latency) return <ErrorState compact what="the response times" error={error} retry={retry} />;
  if (!latency || !drawn || !span) return <ChartSkeleton height={260} />;
  if (drawn.times.length === 0) {
    return (
      <EmptyState icon="chart" level={3} title="Nothing was measured in this time">
        {monitor.status === "pending"
          ? "The first check is under way: its results appear here by themselves."
          : "It was paused, not watched yet, or no region could check it. Choose another range."}
      </EmptyState>
    );
  }
  return (
    <>
      {drawn.series.every((s) => s.values.every((v) => v === null)) && (
        <p className="mb-2 text-muted">
          <span aria-hidden="true" className="text-down">
            ■{" "}
          </span>
          No check has passed in this time: there are no response times to draw.
        </p>
      )}
      <LineChart
        label={
          view === "regions"
            ? `Response time of ${monitorTitle(monitor)} by region, ${figure}`
            : `Phases of the response time of ${monitorTitle(monitor)}`
        }
        times={drawn.times}
        series={drawn.series}
        bands={bands}
        stacked={view === "phases"}
        height={260}
        from={span.from}
        to={span.to}
        onZoom={(from, to) => zoomTo({ from, to })}
      />
    </>
  );
}

/** InfluxDB holds what was measured; the verdicts and the uptime do not depend on it. */
function Away({ retry }: { retry: () => void }) {
  return (
    <EmptyState
      icon="chart"
      level={3}
      title="The measurements are away"
      action={
        <button type="button" className="font-medium text-accent" onClick={retry}>
          Try again
        </button>
      }
    >
      InfluxDB, which holds the response times, does not answer. Checks, verdicts, uptime and alerts go on
      without it; what is measured meanwhile is kept and appears here once it is back.
    </EmptyState>
  );
}

function useDowntimeOf(monitor: Monitor, span: { from: number; to: number } | undefined) {
  // In whole minutes: a range that moves on with each second need not ask as often.
  const steady = span && {
    from: Math.floor(span.from / 60_000) * 60_000,
    to: Math.ceil(span.to / 60_000) * 60_000,
  };
  return useQuery({
    queryKey: ["website", monitor.website_id, "downtime", steady?.from ?? 0, steady?.to ?? 0],
    queryFn: ({ signal }) =>
      data(
        api.GET("/v1/websites/{id}/downtime", {
          params: {
            path: { id: monitor.website_id },
            query: { ...asTimes(steady ?? { from: 0, to: 0 }), limit: 500 },
          },
          signal,
        }),
      ),
    enabled: steady !== undefined,
    placeholderData: keepPreviousData,
  });
}

const cards = ["p50", "p95", "p99"] as const;

function Cards({ monitor, range, away }: { monitor: Monitor; range: Range; away: boolean }) {
  const stats = useStats(monitor, range);
  const uptime = useQuery(uptimeQuery(monitor.website_id, 30, "utc"));
  const now = stats.data?.now;
  const before = stats.data?.before;
  const gone = away || isProblem(stats.error, 503);
  const failed = now ? now.checks - now.passed : 0;
  const detail = (was: number | null | undefined) =>
    gone ? "measurements away" : was == null ? "none before" : `${format.ms(was)} before`;
  return (
    <div className="grid grid-cols-2 gap-3 lg:grid-cols-5">
      {cards.map((c) => {
        const is = gone ? null : now?.[`${c}_ms`];
        const was = before?.[`${c}_ms`];
        const delta = gone ? "" : format.change(is, was);
        return (
          <StatCard
            key={c}
            label={c}
            loading={stats.isPending && !gone}
            value={format.ms(is)}
            delta={delta}
            {...(delta && !delta.startsWith("±") ? { better: delta.startsWith("▼") } : {})}
            detail={detail(was)}
          />
        );
      })}
      <StatCard
        label="Checks"
        loading={stats.isPending && !gone}
        value={gone || !now ? "–" : format.count(now.checks)}
        detail={
          gone ? "measurements away" : failed > 0 ? `■ ${format.count(failed)} failed` : "● none failed"
        }
      />
      <div className="col-span-2 lg:col-span-1">
        <StatCard
          label="Uptime, 30 d"
          loading={uptime.isPending}
          value={format.percent(uptime.data?.uptime_percent)}
          detail={uptime.data ? `${coverageWords(uptime.data)} of it known` : "–"}
        />
      </div>
    </div>
  );
}
