import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, data, type Schema } from "@/api/client";
import * as format from "@/lib/format";
import { oneOf, useUrlState } from "@/lib/url";
import {
  Duration,
  ErrorState,
  Icon,
  Loading,
  Panel,
  Segmented,
  Skeleton,
  Time,
  VerdictBadge,
  VerdictGlyph,
} from "@/ui";
import { useIncidents, type Website } from "./data";
import { monitorTitle, reasonWords } from "./words";

const days = { "7d": 7, "30d": 30, "90d": 90, "365d": 365 } as const;
type Period = keyof typeof days;
const names = Object.keys(days) as Period[];
const codec = oneOf(...names);
const most = 50;

/** When it was down, for how long, why, and who saw it. */
export function DowntimePanel({ website }: { website: Website }) {
  const [period, setPeriod] = useUrlState<Period>("down", "30d", codec);
  const list = useQuery({
    queryKey: ["website", website.id, "downtime", period],
    queryFn: ({ signal }) =>
      data(
        api.GET("/v1/websites/{id}/downtime", {
          params: {
            path: { id: website.id },
            query: { from: new Date(Date.now() - days[period] * 86_400_000).toISOString(), limit: most },
          },
          signal,
        }),
      ),
    refetchInterval: 60_000,
  });
  return (
    <Panel
      flush
      title="Downtime"
      actions={
        <Segmented
          label="Period of the downtime"
          value={period}
          onChange={setPeriod}
          options={names.map((n) => ({ value: n, label: n }))}
        />
      }
    >
      {list.error && !list.data ? (
        <ErrorState compact what="the downtime" error={list.error} retry={() => void list.refetch()} />
      ) : !list.data ? (
        <RowsSkeleton />
      ) : list.data.items.length === 0 ? (
        <p className="flex items-center gap-2 px-4 py-6 text-muted">
          <VerdictGlyph verdict="up" /> Never seen down in {days[period]} days.
        </p>
      ) : (
        <>
          <p className="border-b border-line px-4 py-2">
            <b>{format.duration(list.data.total_seconds)}</b>{" "}
            <span className="text-muted">
              in all, {format.plural(list.data.items.length, "time")}
              {list.data.items.length === most ? " or more" : ""}
            </span>
          </p>
          <ul className="max-h-96 overflow-y-auto" tabIndex={0} aria-label="Stretches of downtime">
            {list.data.items.map((d) => (
              <DowntimeRow key={`${d.monitor_id} ${d.started_at}`} d={d} website={website} />
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}

function DowntimeRow({ d, website }: { d: Schema["Downtime"]; website: Website }) {
  const monitor = website.monitors.length > 1 && website.monitors.find((m) => m.id === d.monitor_id);
  return (
    <li className="grid grid-cols-[1fr_auto] gap-x-3 border-b border-line px-4 py-2 last:border-0">
      <span className="flex min-w-0 items-center gap-2">
        <VerdictGlyph verdict="down" label="Down" />
        <span className="whitespace-nowrap font-medium">
          {d.ended_at ? <Duration seconds={d.duration_seconds} /> : <Duration since={d.started_at} />}
        </span>
        {!d.ended_at && <span className="whitespace-nowrap text-down">and still is</span>}
        <span className="truncate text-muted">{d.reason ? reasonWords(d.reason) : ""}</span>
      </span>
      <span className="text-right text-muted">
        <Time at={d.started_at} absolute />
      </span>
      <span className="min-w-0 truncate pl-5 text-[13px] text-muted">
        {d.regions.length > 0 ? `seen by ${d.regions.join(", ")}` : "no region on record"}
        {monitor ? ` · ${monitorTitle(monitor)}` : ""}
      </span>
      <span className="text-right text-[13px]">
        {d.incident_id && (
          <Link href={`/incidents/${d.incident_id}`} className="inline-flex items-center gap-1 text-accent">
            Incident <Icon name="chevronRight" size={12} />
          </Link>
        )}
      </span>
    </li>
  );
}

/** What was opened about this website, the newest first. */
export function IncidentsPanel({ website }: { website: Website }) {
  const list = useIncidents(website.id);
  const items = list.data?.items ?? [];
  return (
    <Panel flush title="Incidents" className="mb-4">
      {list.error && !list.data ? (
        <ErrorState compact what="the incidents" error={list.error} retry={() => void list.refetch()} />
      ) : !list.data ? (
        <RowsSkeleton />
      ) : items.length === 0 ? (
        <p className="flex items-center gap-2 px-4 py-6 text-muted">
          <VerdictGlyph verdict="up" /> No incident so far.
        </p>
      ) : (
        <ul className="max-h-80 overflow-y-auto" tabIndex={0} aria-label="Incidents of the website">
          {items.map((i) => (
            <li key={i.id} className="border-b border-line last:border-0">
              <Link
                href={`/incidents/${i.id}`}
                className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 px-4 py-2 hover:bg-hover md:grid-cols-[170px_minmax(0,1fr)_auto_auto]"
              >
                <VerdictBadge verdict={i.resolved_at ? "up" : i.severity}>
                  {i.resolved_at ? "Resolved" : i.acknowledged_at ? "Acknowledged" : "Open"}
                  <span className="font-normal text-muted">
                    {i.severity === "degraded" ? "was degraded" : ""}
                  </span>
                </VerdictBadge>
                <span className="order-3 col-span-2 truncate text-muted md:order-none md:col-span-1">
                  {i.explanation}
                </span>
                <span className="hidden md:block">
                  {i.resolved_at ? (
                    <Duration seconds={i.duration_seconds} />
                  ) : (
                    <Duration since={i.opened_at} />
                  )}
                </span>
                <span className="text-right text-muted">
                  <Time at={i.opened_at} />
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function RowsSkeleton() {
  return (
    <Loading className="space-y-3 p-4">
      <Skeleton className="h-5 w-2/3" />
      <Skeleton className="h-5 w-1/2" />
      <Skeleton className="h-5 w-3/5" />
    </Loading>
  );
}
