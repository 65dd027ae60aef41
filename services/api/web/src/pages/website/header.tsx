import { Link } from "wouter";
import * as format from "@/lib/format";
import {
  Banner,
  Duration,
  Icon,
  LinkButton,
  RegionRing,
  type RegionVote,
  Time,
  useZone,
  type Verdict,
  VerdictBadge,
  VerdictGlyph,
} from "@/ui";
import { useIncidents, useLost, type Website } from "./data";
import { monitorTitle } from "./words";

export function Heading({ website, ring }: { website: Website; ring: readonly RegionVote[] }) {
  const lost = useLost();
  return (
    <span className="flex items-center gap-3">
      <RegionRing verdict={lost ? "unknown" : website.status} votes={ring} size={36} />
      <span className="min-w-0">{website.name}</span>
    </span>
  );
}

const lasting: Partial<Record<Verdict, string>> = {
  up: "Up for",
  degraded: "Degraded for",
  down: "Down for",
  unknown: "Unknown for",
};

/** How it is and since when, who looked last, where it is. */
export function Subtitle({
  website: w,
  checked,
}: {
  website: Website;
  checked: { at: number | undefined; regions: number };
}) {
  const words = lasting[w.status];
  const lost = useLost();
  return (
    <div className="space-y-1">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <VerdictBadge verdict={lost ? "unknown" : w.status}>
          {lost ? (
            `Was ${w.status} when last seen`
          ) : words && w.verdict_since ? (
            <>
              {words} <Duration since={w.verdict_since} />
            </>
          ) : undefined}
        </VerdictBadge>
        {checked.at !== undefined && (
          <span>
            checked <Time at={checked.at} />
            {checked.regions > 0 && ` from ${format.plural(checked.regions, "region")}`}
          </span>
        )}
        <a href={w.url} target="_blank" rel="noreferrer" className="min-w-0 text-accent wrap-anywhere">
          {w.url} <Icon name="external" size={12} className="inline" />
          <span className="sr-only"> (opens in a new tab)</span>
        </a>
      </div>
      {(w.tags.length > 0 || w.external_id || w.managed_by) && (
        <div className="flex flex-wrap items-center gap-1.5 text-[13px]">
          {w.tags.map((t) => (
            <Link
              key={t}
              href={`/?tag=${encodeURIComponent(t)}`}
              className="rounded-sm border border-line px-1.5 hover:bg-hover"
            >
              {t}
            </Link>
          ))}
          {w.external_id && <span>id {w.external_id}</span>}
          {w.managed_by && <span>kept in {w.managed_by}: changes here may be undone from there</span>}
        </div>
      )}
    </div>
  );
}

/** Which monitor it is about, where there are several. */
function nameOf(w: Website, monitorId: string): string {
  const m = w.monitors.length > 1 && w.monitors.find((one) => one.id === monitorId);
  return m ? ` · ${monitorTitle(m)}` : "";
}

/** What has to be known before any number is looked at: paused, muted, partly down. */
export function Notices({ website: w }: { website: Website }) {
  const zone = useZone();
  const until = (t: string | null) =>
    t ? ` until ${format.short(format.instant(t), zone)}` : " until somebody resumes it";
  const incidents = useIncidents(w.id);
  const open = (incidents.data?.items ?? []).filter((i) => !i.resolved_at);
  const since = w.monitors
    .flatMap((m) => (m.advisory_regions.length > 0 && m.advisory_since ? [m.advisory_since] : []))
    .sort()[0];
  return (
    <div className="mb-4 space-y-2 empty:hidden">
      {open.map((i) => (
        <Banner
          key={i.id}
          look={i.severity === "down" ? "danger" : "warning"}
          action={
            <LinkButton small href={`/incidents/${i.id}`}>
              {i.acknowledged_at ? "Acknowledged" : "Open incident"}
            </LinkButton>
          }
        >
          {i.explanation}
          <span className="text-muted">
            {" "}
            · <Duration since={i.opened_at} />
            {nameOf(w, i.monitor_id)}
          </span>
        </Banner>
      ))}
      {w.paused && (
        <Banner>
          <VerdictBadge verdict="paused">Paused{until(w.paused_until)}.</VerdictBadge> It is not checked, and
          nobody is alerted. The time does not count towards its uptime.
        </Banner>
      )}
      {w.muted && (
        <Banner>
          <b>Muted{w.muted_until ? until(w.muted_until) : " until somebody unmutes it"}.</b> It is checked and
          judged; nobody is alerted.
        </Banner>
      )}
      {w.advisory_regions.length > 0 && w.status !== "down" && !w.paused && (
        <Banner look="warning">
          <span className="inline-flex items-center gap-1.5">
            <VerdictGlyph verdict="degraded" />
            <b>Partly down: {w.advisory_regions.join(", ")}</b>
          </span>
          {since && (
            <>
              , for <Duration since={since} />
            </>
          )}
          . Too few regions fail for it to count as down.
        </Banner>
      )}
    </div>
  );
}
