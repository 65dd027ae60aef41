import { queryOptions, useQueries, useQuery } from "@tanstack/react-query";
import { api, data, type Schema } from "@/api/client";
import * as format from "@/lib/format";
import {
  type Beat,
  cx,
  ErrorState,
  HeartbeatBar,
  Panel,
  Percent,
  Skeleton,
  Tooltip,
  useNow,
  useZone,
} from "@/ui";

const periods = [
  { days: 0, label: "Today" },
  { days: 7, label: "7 d" },
  { days: 30, label: "30 d" },
  { days: 90, label: "90 d" },
  { days: 365, label: "365 d" },
] as const;

const day = 86_400_000;

/** Midnight of the day in the zone that is shown. */
export function midnight(now: number, utc: boolean): number {
  const d = new Date(now);
  return utc ? d.setUTCHours(0, 0, 0, 0) : d.setHours(0, 0, 0, 0);
}

/** The uptime of the last days, 0 of today, which begins in the zone that is shown. */
export const uptimeQuery = (websiteId: string, days: number, zone: format.Zone) =>
  queryOptions({
    queryKey: ["website", websiteId, "uptime", days, days === 0 ? zone : ""],
    queryFn: ({ signal }) => {
      const from = days === 0 ? midnight(Date.now(), zone === "utc") : Date.now() - days * day;
      return data(
        api.GET("/v1/websites/{id}/uptime", {
          params: { path: { id: websiteId }, query: { from: new Date(from).toISOString() } },
          signal,
        }),
      );
    },
    refetchInterval: 60_000,
  });

/** How much of a period is known: never none where something is. */
export function coverageWords(u: Schema["Uptime"]): string {
  const known = u.total_seconds - u.unknown_seconds - u.unmonitored_seconds;
  if (known > 0 && u.coverage_percent < 0.01) return "< 0.01 %";
  return format.percent(u.coverage_percent, u.coverage_percent < 1 ? 2 : 1);
}

/** Uptime of five periods with how much of each is known, and 90 days one by one. */
export function Uptime({ websiteId }: { websiteId: string }) {
  const zone = useZone();
  const now = useNow(60_000);
  const asked = useQueries({
    queries: periods.map((p) => uptimeQuery(websiteId, p.days, zone)),
  });
  const error = asked.find((a) => a.error && !a.data)?.error;
  return (
    <Panel title="Uptime" flush>
      {error ? (
        <ErrorState
          compact
          what="the uptime"
          error={error}
          retry={() => asked.forEach((a) => void a.refetch())}
        />
      ) : (
        <table className="w-full">
          <thead className="text-[13px] text-muted">
            <tr className="border-b border-line">
              <th className="px-4 py-2 text-left font-normal">Period</th>
              <th className="px-2 py-2 text-right font-normal">Uptime</th>
              <th className="px-2 py-2 text-right font-normal">Down</th>
              <th className="px-4 py-2 text-right font-normal">Coverage</th>
            </tr>
          </thead>
          <tbody>
            {periods.map((p, i) => (
              <PeriodRow key={p.days} label={p.label} uptime={asked[i]?.data} />
            ))}
          </tbody>
        </table>
      )}
      <div className="border-t border-line px-4 py-3">
        <Days websiteId={websiteId} now={now} />
      </div>
    </Panel>
  );
}

function PeriodRow({ label, uptime: u }: { label: string; uptime: Schema["Uptime"] | undefined }) {
  if (!u) {
    return (
      <tr className="border-b border-line last:border-0">
        <td className="px-4 py-2">{label}</td>
        <td className="px-2 py-2" colSpan={2}>
          <Skeleton className="ml-auto h-4 w-24" />
        </td>
        <td className="px-4 py-2">
          <Skeleton className="ml-auto h-4 w-12" />
        </td>
      </tr>
    );
  }
  return (
    <tr className="border-b border-line last:border-0">
      <td className="px-4 py-2">{label}</td>
      <td className="px-2 py-2 text-right font-medium">
        {u.uptime_percent === null ? (
          <span className="font-normal text-faint">not known</span>
        ) : (
          <Percent value={u.uptime_percent} digits={u.uptime_percent > 99.9 ? 3 : 2} />
        )}
      </td>
      <td className={cx("px-2 py-2 text-right", u.down_seconds > 0 ? "" : "text-faint")}>
        {format.duration(u.down_seconds)}
      </td>
      <td className="px-4 py-2 text-right text-muted">
        <Tooltip
          text={
            <>
              up {format.duration(u.up_seconds)}, degraded {format.duration(u.degraded_seconds)}
              <br />
              unknown {format.duration(u.unknown_seconds)}, paused or not yet watched{" "}
              {format.duration(u.unmonitored_seconds)}
            </>
          }
        >
          <span tabIndex={0}>{coverageWords(u)}</span>
        </Tooltip>
      </td>
    </tr>
  );
}

function Days({ websiteId, now }: { websiteId: string; now: number }) {
  const zone = useZone();
  const name = zone === "utc" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone;
  const days = useQuery({
    queryKey: ["website", websiteId, "uptime", "daily", name],
    queryFn: ({ signal }) =>
      data(
        api.GET("/v1/websites/{id}/uptime/daily", {
          params: { path: { id: websiteId }, query: { days: 90, zone: name } },
          signal,
        }),
      ),
    refetchInterval: 5 * 60_000,
  });
  if (days.error && !days.data)
    return <ErrorState compact what="the days" error={days.error} retry={() => void days.refetch()} />;
  if (!days.data) return <Skeleton className="h-8" />;
  const watched = days.data.items.filter((d) => verdictOfDay(d) !== "paused").length;
  return (
    <>
      <HeartbeatBar
        beats={days.data.items.map((d) => beatOf(d, now))}
        slots={90}
        height={32}
        width={2000}
        className="w-full"
        label="Uptime of the last 90 days"
      />
      <div className="mt-1 flex justify-between text-xs text-muted">
        <span>90 days ago</span>
        <span>{watched < 90 ? `known of ${format.plural(watched, "day")}` : ""}</span>
        <span>today, {name === "UTC" ? "UTC" : "your zone"}</span>
      </div>
    </>
  );
}

/** What a day was at its worst, of what is known. */
export function verdictOfDay(d: Schema["UptimeDay"]): Beat["verdict"] {
  if (d.down_seconds > 0) return "down";
  if (d.degraded_seconds > 0) return "degraded";
  if (d.up_seconds > 0) return "up";
  return d.unknown_seconds > 0 ? "unknown" : "paused";
}

function beatOf(d: Schema["UptimeDay"], now: number): Beat {
  const verdict = verdictOfDay(d);
  const at = Date.parse(`${d.day}T00:00:00`);
  const parts =
    verdict === "paused"
      ? ["not watched"]
      : [
          d.uptime_percent === null ? "" : `${format.percent(d.uptime_percent, 3)} up`,
          d.down_seconds > 0 ? `down ${format.duration(d.down_seconds)}` : "",
          d.incidents > 0 ? format.plural(d.incidents, "incident") : "",
          d.coverage_percent < 99.9 ? `${format.percent(d.coverage_percent, 1)} known` : "",
        ];
  return { at, until: Math.min(at + day, now), verdict, message: parts.filter(Boolean).join(", ") };
}
