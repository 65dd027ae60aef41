import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link, useLocation, useParams } from "wouter";
import { isProblem } from "@/api/problem";
import { duration, instant, plural } from "@/lib/format";
import { useHotkeys, usePageKeys } from "@/lib/keys";
import { AsOf, useStaleSince } from "@/pages/incidents/as-of";
import { Page } from "@/shell/page";
import {
  Button,
  CopyButton,
  copyText,
  EmptyState,
  ErrorState,
  Icon,
  LinkButton,
  Loading,
  Panel,
  Skeleton,
  Time,
  Tooltip,
  toast,
  useNow,
  VerdictGlyph,
} from "@/ui";
import {
  useChannels,
  useChecks,
  useDeliveries,
  useIncident,
  useLastPass,
  useMonitor,
  useNeighbours,
  useTicks,
} from "./data";
import { facts } from "./facts";
import { gridOf } from "./grid";
import { EvidenceGrid } from "./grid-view";
import { History } from "./history";
import { LatencyAround } from "./latency";
import { type Incident, quorumOf } from "./record";
import { Acknowledge, CommentForm, Note } from "./talk";
import { Testimonies } from "./testimony";
import { timeline } from "./timeline";
import { curl, stateWords } from "./words";

export default function IncidentPage() {
  const { id = "" } = useParams<{ id: string }>();
  const asked = useIncident(id);
  if (!asked.data) {
    if (!asked.error) return <IncidentSkeleton />;
    return (
      <Page title="Incident">
        {isProblem(asked.error, 404) ? (
          <EmptyState
            icon="incidents"
            title="There is no such incident"
            action={<LinkButton href="/incidents">All incidents</LinkButton>}
          >
            It went with its website, or belongs to another organisation.
          </EmptyState>
        ) : (
          <ErrorState error={asked.error} what="the incident" retry={() => void asked.refetch()} />
        )}
      </Page>
    );
  }
  return (
    <One
      key={id}
      incident={asked.data}
      error={asked.error}
      updatedAt={asked.dataUpdatedAt}
      retry={() => void asked.refetch()}
    />
  );
}

const keys = [
  { keys: "a", does: "acknowledge, on the button" },
  { keys: "[ and ]", does: "the incident before and after of this website" },
  { keys: "c", does: "copy as curl" },
];

function One({
  incident: i,
  error,
  updatedAt,
  retry,
}: {
  incident: Incident;
  error: unknown;
  updatedAt: number;
  retry: () => void;
}) {
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const monitor = useMonitor(i.monitor_id);
  const intervalMs = (monitor.data?.interval_seconds ?? 60) * 1000;
  const lastPass = useLastPass(i);
  const beside = useNeighbours(i).data;
  const stale = useStaleSince(error, updatedAt);
  useChecks(
    i,
    () =>
      void client.invalidateQueries(
        { queryKey: ["monitor", i.monitor_id, "ticks"] },
        { cancelRefetch: false },
      ),
  );
  const copy = async () => {
    if (await copyText(curl(`/v1/incidents/${i.id}`))) toast.done("Copied as curl");
  };
  useHotkeys({
    c: () => void copy(),
    a: () => document.querySelector<HTMLButtonElement>("[data-acknowledge] button")?.focus(),
    "[": () => beside?.before && navigate(`/incidents/${beside.before.id}`),
    "]": () => beside?.after && navigate(`/incidents/${beside.after.id}`),
  });
  usePageKeys(keys);
  const known = facts(i, lastPass, monitor.data);
  return (
    <Page
      title={`${i.website_name} ${stateWords(i)}`}
      heading={<Headline incident={i} stale={stale} />}
      subtitle={
        <>
          <p className="text-base text-text">{i.explanation}</p>
          {i.resolution && <p>{i.resolution}</p>}
        </>
      }
      actions={
        <>
          <span data-acknowledge className="contents">
            <Acknowledge incident={i} />
          </span>
          <CopyButton
            text={curl(`/v1/incidents/${i.id}`)}
            label="Copy as curl"
            look="secondary"
            small={false}
          />
          <Button onClick={() => window.print()}>Print</Button>
        </>
      }
    >
      <AsOf since={stale} error={error} retry={retry} what="The incident is shown" />
      <div className="mb-4 flex flex-wrap items-center gap-x-4 gap-y-1 text-muted">
        <Link href={`/w/${i.website_id}`} className="font-medium text-accent hover:underline">
          {i.website_name}
        </Link>
        <span className="wrap-anywhere">{i.url}</span>
        <span>
          opened <Time at={i.opened_at} absolute />
        </span>
        {i.resolved_at && (
          <span>
            resolved <Time at={i.resolved_at} absolute />
          </span>
        )}
        <Acknowledged incident={i} />
        <Beside incident={i} before={beside?.before} after={beside?.after} />
      </div>
      {known.length > 0 && (
        <ul aria-label="How the fleet did" className="mb-4 flex flex-wrap gap-2">
          {known.map((f) => (
            <li key={f.key}>
              <Tooltip text={f.why}>
                <span tabIndex={0} className="inline-block rounded border border-line bg-surface px-2.5 py-1">
                  <span className="text-muted">{f.label}</span> <b className="font-medium">{f.value}</b>
                </span>
              </Tooltip>
            </li>
          ))}
        </ul>
      )}
      <div className="space-y-4">
        <EvidencePanel incident={i} intervalMs={intervalMs} />
        <div className="grid gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)] print:block print:space-y-4">
          <HistoryPanel incident={i} />
          <div className="min-w-0 space-y-4">
            <Note incident={i} />
            <Panel title="Response time around it" className="print:break-inside-avoid">
              <LatencyAround incident={i} intervalMs={intervalMs} />
            </Panel>
          </div>
        </div>
        {(i.failures?.length ?? 0) > 0 && (
          <Panel title="What the failing regions saw" flush className="print:break-inside-avoid">
            <Testimonies failures={i.failures ?? []} />
          </Panel>
        )}
      </div>
    </Page>
  );
}

function Headline({ incident: i, stale }: { incident: Incident; stale: number | undefined }) {
  const now = useNow();
  const until = i.resolved_at ? instant(i.resolved_at) : (stale ?? now);
  const lasted = duration((until - instant(i.opened_at)) / 1000);
  return (
    <span className="flex items-baseline gap-2">
      <span className={i.resolved_at ? "opacity-70" : ""}>
        <VerdictGlyph verdict={i.severity} size={14} label={i.severity} />
      </span>
      <span className="min-w-0">
        {i.website_name}{" "}
        {i.resolved_at
          ? `was ${i.severity} ${lasted}`
          : stale !== undefined
            ? `was ${i.severity} when last heard of, for ${lasted}`
            : `has been ${i.severity} for ${lasted}`}
      </span>
    </span>
  );
}

function Acknowledged({ incident: i }: { incident: Incident }) {
  if (i.acknowledged_at) {
    return (
      <span>
        <Icon name="check" size={14} className="mr-1.5 inline" />
        acknowledged by <b className="font-medium text-text">{i.acknowledged_by ?? "somebody"}</b>,{" "}
        <Time at={i.acknowledged_at} absolute />
      </span>
    );
  }
  return i.resolved_at ? null : <span>nobody is on it yet</span>;
}

function Beside({
  incident: i,
  before,
  after,
}: {
  incident: Incident;
  before: Incident | undefined;
  after: Incident | undefined;
}) {
  return (
    <nav aria-label={`Incidents of ${i.website_name}`} className="flex gap-1 sm:ml-auto print:hidden">
      {before && (
        <LinkButton small look="quiet" icon="chevronLeft" href={`/incidents/${before.id}`}>
          Previous
        </LinkButton>
      )}
      {after && (
        <LinkButton small look="quiet" icon="chevronRight" href={`/incidents/${after.id}`}>
          Next
        </LinkButton>
      )}
      <LinkButton small look="quiet" href={`/incidents?website=${i.website_id}`}>
        All of it
      </LinkButton>
    </nav>
  );
}

function EvidencePanel({ incident: i, intervalMs }: { incident: Incident; intervalMs: number }) {
  const { ticks, error, pending, retry } = useTicks(i, intervalMs);
  const grid = useMemo(() => gridOf(i, ticks, intervalMs), [i, ticks, intervalMs]);
  const q = quorumOf(i);
  return (
    <Panel
      title="Who saw what"
      className="print:break-inside-avoid"
      actions={
        q && (
          <span className="text-[13px] text-muted">
            {q.failed} of {plural(q.n, "vote")} failed, {q.k} needed, {plural(q.assigned, "region")} assigned
          </span>
        )
      }
    >
      {pending && grid.columns.length === 0 ? (
        <Loading label="The evidence loads" className="space-y-2">
          {[0, 1, 2].map((n) => (
            <Skeleton key={n} className="h-8" />
          ))}
        </Loading>
      ) : grid.columns.length === 0 ? (
        <p className="text-muted">No single check is kept of it.</p>
      ) : (
        <EvidenceGrid grid={grid} label="Votes by region and time" />
      )}
      {error !== null && (
        <p role="status" className="mt-3 flex flex-wrap items-center gap-2 text-[13px] text-muted">
          <span>
            <span className="text-degraded">◆</span> Only failures and what the verdict rested on: single
            checks cannot be asked for at the moment.
          </span>
          <Button small icon="refresh" onClick={retry}>
            Try again
          </Button>
        </p>
      )}
      <p className="mt-3 flex flex-wrap gap-x-4 gap-y-1 text-[13px] text-muted">
        <Legend verdict="up" word="passed" />
        <Legend verdict="degraded" word="degraded" />
        <Legend verdict="down" word="failed" />
        <span className="inline-flex items-center gap-1.5">
          <span
            aria-hidden="true"
            className="hatched inline-block size-3 rounded-sm border border-dashed border-line-strong"
          />{" "}
          not counted
        </span>
        <span>· no check</span>
      </p>
    </Panel>
  );
}

const Legend = ({ verdict, word }: { verdict: "up" | "degraded" | "down"; word: string }) => (
  <span className="inline-flex items-center gap-1.5">
    <VerdictGlyph verdict={verdict} size={10} /> {word}
  </span>
);

function HistoryPanel({ incident: i }: { incident: Incident }) {
  const deliveries = useDeliveries(i.id, i.resolved_at === null);
  const channels = useChannels();
  const lines = useMemo(() => {
    const names = new Map(channels.data?.items.map((c) => [c.id, c.name]));
    const sent = deliveries.data?.pages.flatMap((p) => p.items) ?? [];
    return timeline(i, sent, (id) => names.get(id) ?? "a channel");
  }, [i, deliveries.data, channels.data]);
  return (
    <Panel title="What happened" flush>
      <History lines={lines} openedAt={instant(i.opened_at)} />
      {deliveries.error !== null && (
        <ErrorState compact error={deliveries.error} what="alerts" retry={() => void deliveries.refetch()} />
      )}
      {deliveries.hasNextPage && (
        <div className="px-4 pb-3 print:hidden">
          <Button small busy={deliveries.isFetchingNextPage} onClick={() => void deliveries.fetchNextPage()}>
            More alerts
          </Button>
        </div>
      )}
      <CommentForm incident={i} />
    </Panel>
  );
}

function IncidentSkeleton() {
  return (
    <Loading label="The incident loads" className="mx-auto w-full max-w-7xl space-y-4 px-4 py-4 sm:px-6">
      <Skeleton className="h-7 w-96 max-w-full" />
      <Skeleton className="h-5 w-80 max-w-full" />
      <div className="flex gap-2">
        <Skeleton className="h-8 w-40" />
        <Skeleton className="h-8 w-32" />
      </div>
      <Skeleton className="h-52" />
      <div className="grid gap-4 lg:grid-cols-[3fr_2fr]">
        <Skeleton className="h-72" />
        <Skeleton className="h-72" />
      </div>
    </Loading>
  );
}
