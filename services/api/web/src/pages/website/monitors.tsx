import type { ReactNode } from "react";
import * as format from "@/lib/format";
import {
  Button,
  cx,
  Icon,
  type IconName,
  Ms,
  Panel,
  RegionRing,
  type RegionVote,
  Skeleton,
  Tooltip,
  useNow,
  VerdictBadge,
  verdicts,
} from "@/ui";
import { type Monitor, ringVotes, statusOf, useDayStats, useLost, type Votes } from "./data";
import { kindLook, monitorTitle, reasonWords } from "./words";

const kindIcons: Record<string, IconName> = {
  http: "fleet",
  tcp: "link",
  udp: "link",
  dns: "search",
  tls: "shield",
  icmp: "chart",
  grpc: "command",
  websocket: "refresh",
  smtp: "mail",
  domain: "tag",
  heartbeat: "clock",
};

/** All monitors of a website; the one that is chosen is what the panels below are about. */
export function Monitors({
  monitors,
  chosen,
  votes,
  onChoose,
  onAdd,
}: {
  monitors: readonly Monitor[];
  chosen: string | undefined;
  votes: Votes;
  onChoose: (id: string) => void;
  onAdd: (() => void) | undefined;
}) {
  const stats = useDayStats(monitors);
  const lost = useLost();
  const clock = useNow(15_000);
  const now = lost ? Number.POSITIVE_INFINITY : clock;
  return (
    <Panel
      flush
      className="mb-4"
      title={monitors.length > 1 ? `Monitors · ${monitors.length}` : "Monitor"}
      actions={
        onAdd && (
          <Button small look="quiet" icon="plus" onClick={onAdd}>
            Add monitor
          </Button>
        )
      }
    >
      <ul>
        {monitors.map((m, i) => (
          <Row
            key={m.id}
            monitor={m}
            ring={ringVotes(m, votes.get(m.id) ?? [], now)}
            stats={stats[i]?.data?.now}
            statsState={stats[i]?.error ? "away" : stats[i]?.isPending ? "loading" : "there"}
            chosen={m.id === chosen}
            selectable={monitors.length > 1}
            onChoose={() => onChoose(m.id)}
          />
        ))}
      </ul>
    </Panel>
  );
}

interface Figures {
  p50_ms: number | null;
  p95_ms: number | null;
}

function Row({
  monitor: m,
  ring,
  stats,
  statsState,
  chosen,
  selectable,
  onChoose,
}: {
  monitor: Monitor;
  ring: RegionVote[];
  stats: Figures | undefined;
  statsState: "loading" | "there" | "away";
  chosen: boolean;
  selectable: boolean;
  onChoose: () => void;
}) {
  const lost = useLost();
  const verdict = lost ? "unknown" : statusOf(m);
  const look = kindLook(m.kind);
  const title = monitorTitle(m);
  return (
    <li
      className={cx(
        "relative grid grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2.5 last:border-0 lg:grid-cols-[auto_minmax(0,1fr)_minmax(170px,240px)_176px_170px]",
        selectable && "hover:bg-hover",
        selectable && chosen && "bg-hover",
      )}
    >
      {selectable && chosen && (
        <span aria-hidden="true" className="absolute inset-y-0 left-0 w-[3px] bg-accent" />
      )}
      <RegionRing verdict={verdict} votes={ring} size={28} />
      <div className="min-w-0">
        <div className="flex min-w-0 items-center gap-2">
          <Tooltip text={look.does || look.name}>
            <span className="inline-flex shrink-0 items-center gap-1 rounded-sm border border-line px-1.5 text-xs text-muted">
              <Icon name={kindIcons[m.kind] ?? "info"} size={12} />
              {look.name}
            </span>
          </Tooltip>
          {selectable ? (
            <button
              type="button"
              aria-pressed={chosen}
              aria-label={`Show ${title}`}
              onClick={onChoose}
              className="truncate text-left font-medium after:absolute after:inset-0"
            >
              {m.name || m.target || look.name}
            </button>
          ) : (
            <span className="truncate font-medium">{m.name || m.target || look.name}</span>
          )}
        </div>
        <div className="truncate text-[13px] text-muted">
          {m.name && m.target ? `${m.target} · ` : ""}every {format.duration(m.interval_seconds)}
          {m.kind !== "heartbeat" &&
            (m.regions ? ` · ${format.plural(m.regions.length, "region")}` : " · all regions")}
          {insecure(m) && <span className="text-degraded"> · ◆ any certificate is accepted</span>}
        </div>
      </div>
      <div className="col-start-2 min-w-0 lg:col-start-auto">
        <VerdictBadge verdict={verdict}>{lost ? `Was ${m.status} when last seen` : undefined}</VerdictBadge>
        <div className="truncate text-[13px] text-muted">
          {m.reason
            ? reasonWords(m.reason)
            : m.advisory_regions.length > 0
              ? ""
              : !lost && reassurance(m, verdict)}
          {m.advisory_regions.length > 0 && (
            <span className="text-degraded"> ◆ {m.advisory_regions.join(", ")}</span>
          )}
        </div>
      </div>
      <div className="col-start-2 text-[13px] lg:col-start-auto">
        {m.kind === "heartbeat" ? (
          <span className="text-muted">
            {m.heartbeat?.duration_ms == null ? "" : `last run ${format.ms(m.heartbeat.duration_ms)}`}
          </span>
        ) : statsState === "loading" ? (
          <Skeleton className="h-4 w-28" />
        ) : statsState === "away" ? (
          <span className="text-faint">measurements away</span>
        ) : stats?.p50_ms == null ? (
          <span className="text-faint">no times in 24 h</span>
        ) : (
          <Tooltip text="Of the checks that passed in the last 24 h">
            <span className="relative inline-flex flex-wrap gap-x-3">
              <span className="whitespace-nowrap">
                <span className="text-muted">p50</span> <Ms value={stats.p50_ms} />
              </span>
              <span className="whitespace-nowrap">
                <span className="text-muted">p95</span> <Ms value={stats.p95_ms} />
              </span>
            </span>
          </Tooltip>
        )}
      </div>
      <div className="col-start-2 text-[13px] lg:col-start-auto lg:text-right">
        <Expiries monitor={m} />
      </div>
    </li>
  );
}

function reassurance(m: Monitor, verdict: string): ReactNode {
  if (m.paused) return "this monitor is paused";
  if (verdict === "pending")
    return m.kind === "heartbeat" ? "waits for its first call" : "first check under way";
  if (verdict === "unknown") return "no fresh answers";
  return "";
}

/** Whether its checks take any certificate: that must not stay unseen. */
export function insecure(m: Monitor): boolean {
  const tls = (m.settings as { tls?: { skip_verify?: boolean } }).tls;
  return tls?.skip_verify === true;
}

function Expiries({ monitor }: { monitor: Monitor }) {
  return monitor.expiries.map((e) => {
    const days = Math.floor(e.days_left);
    const verdict = days < 0 ? "down" : days < 14 ? "degraded" : "up";
    return (
      <Tooltip
        key={e.subject}
        text={`${e.subject} ends ${format.absolute(format.instant(e.ends_at), "utc")}`}
      >
        <span
          className={cx("relative block truncate", verdict === "up" ? "text-muted" : verdicts[verdict].text)}
        >
          {verdict !== "up" && `${verdicts[verdict].glyph} `}
          {e.subject === "certificate" ? "Certificate" : "Domain"}{" "}
          {days < 0 ? `over for ${-days} d` : `${format.plural(days, "day")} left`}
        </span>
      </Tooltip>
    );
  });
}
