import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, data, type Schema } from "@/api/client";
import * as format from "@/lib/format";
import { CopyButton, EmptyState, ErrorState, Icon, Loading, Sheet, Skeleton, Time, VerdictBadge } from "@/ui";
import { asJson } from "./copies";
import { type Monitor, type Tick, verdictOf } from "./data";
import { Evidence, Facts } from "./evidence";
import { PhaseRows } from "./waterfall";
import { reasonWords } from "./words";

type Failure = Schema["Failure"];

/** One check, by the time and the region in its link. */
export function CheckSheet({
  monitor,
  name,
  tick,
  looking,
  onClose,
}: {
  monitor: Monitor;
  name: string;
  tick: Tick | undefined;
  looking: boolean;
  onClose: () => void;
}) {
  const [time = "", region = ""] = name.split("~");
  // A link may lead to a check that is not on the pages that are loaded.
  const alone = useQuery({
    queryKey: ["monitor", monitor.id, "tick", name],
    queryFn: async ({ signal }) => {
      const at = format.instant(time);
      const page = await data(
        api.GET("/v1/monitors/{id}/ticks", {
          params: {
            path: { id: monitor.id },
            query: {
              from: new Date(at - 1_000).toISOString(),
              to: new Date(at + 1_000).toISOString(),
            },
          },
          signal,
        }),
      );
      return page.items.find((t) => t.time === time && t.region === region) ?? null;
    },
    enabled: name !== "" && !tick && !looking && Number.isFinite(format.instant(time)),
  });
  const shown = tick ?? alone.data ?? undefined;
  return (
    <Sheet
      open={name !== ""}
      onOpenChange={(o) => !o && onClose()}
      title={shown ? <SheetTitle tick={shown} /> : "Check"}
      description={shown ? <When tick={shown} /> : undefined}
      wide
    >
      {shown ? (
        <Body monitor={monitor} tick={shown} />
      ) : alone.error ? (
        <ErrorState what="the check" error={alone.error} retry={() => void alone.refetch()} />
      ) : alone.data === null ? (
        <EmptyState icon="clock" title="This check is gone">
          Single checks are kept for a limited time; uptime, downtime and incidents stay.
        </EmptyState>
      ) : (
        <Loading className="space-y-3">
          <Skeleton className="h-5 w-1/2" />
          <Skeleton className="h-24" />
          <Skeleton className="h-40" />
        </Loading>
      )}
    </Sheet>
  );
}

const SheetTitle = ({ tick }: { tick: Tick }) => (
  <span className="flex items-center gap-2">
    <VerdictBadge verdict={verdictOf(tick.outcome)}>
      {tick.ok ? "Passed" : tick.outcome === "fail" ? "Failed" : tick.outcome}
    </VerdictBadge>
    <span className="text-muted">in {tick.region}</span>
  </span>
);

const When = ({ tick }: { tick: Tick }) => (
  <>
    <Time at={tick.time} absolute /> · <Time at={tick.time} />
    {tick.urgent && " · not of the schedule: a first check, a confirmation or on demand"}
  </>
);

function Body({ monitor, tick }: { monitor: Monitor; tick: Tick }) {
  const failure = useFailure(monitor, tick);
  const found = failure.data ?? undefined;
  const like = found?.failure;
  const f = found?.after === 0 ? like : undefined;
  return (
    <div className="space-y-6">
      {tick.reason && (
        <p className="rounded border border-l-4 border-down-fill px-3 py-2">
          <b>{capital(reasonWords(tick.reason))}</b>
          {f?.detail && <span className="block text-muted wrap-anywhere">{f.detail}</span>}
        </p>
      )}
      <section>
        <h3 className="mb-2 font-semibold">Phases</h3>
        <PhaseRows phases={tick} total={tick.latency_ms} />
      </section>
      <Facts
        title="Check"
        facts={[
          ["Status", tick.status_code],
          ["Resolved IP", f?.resolved_ip],
          ["Started late by", tick.late_ms > 0 ? format.ms(tick.late_ms) : "–"],
          ["Tried", f && f.attempts > 1 ? `${f.attempts} times` : undefined],
          ["Worker", f?.worker],
          ["Target", monitor.target],
        ]}
      />
      {!tick.ok && (
        <section>
          {failure.isPending ? (
            <Loading label="The evidence loads">
              <Skeleton className="h-32" />
            </Loading>
          ) : failure.error ? (
            <ErrorState
              compact
              what="the evidence"
              error={failure.error}
              retry={() => void failure.refetch()}
            />
          ) : found && like ? (
            <>
              {found.after !== 0 && (
                <p className="mb-4 text-muted">
                  Of failures in a row only some are written down. This is of one like it in {tick.region},{" "}
                  {format.duration(Math.abs(found.after))} {found.after < 0 ? "before" : "later"}
                  {like.detail && (
                    <>
                      : <span className="text-text wrap-anywhere">{like.detail}</span>
                    </>
                  )}
                </p>
              )}
              {like.incident_id && (
                <Link
                  href={`/incidents/${like.incident_id}`}
                  className="mb-4 inline-flex items-center gap-1 text-accent"
                >
                  It led to an incident <Icon name="chevronRight" size={12} />
                </Link>
              )}
              <Evidence evidence={like.evidence as Record<string, unknown>} />
            </>
          ) : (
            <p className="text-muted">
              What it saw is not kept any more: that of the last 50 failures is, and of those that led to an
              incident.
            </p>
          )}
        </section>
      )}
      <div className="flex justify-end">
        <CopyButton look="secondary" label="Copy as JSON" text={asJson(f ? { ...tick, ...f } : tick)} />
      </div>
    </div>
  );
}

const capital = (s: string) => s.charAt(0).toUpperCase() + s.slice(1);

/** What a worker wrote down of this failure, or else of the nearest one that was like it. */
function useFailure(monitor: Monitor, tick: Tick) {
  return useQuery({
    queryKey: ["monitor", monitor.id, "failure", tick.time, tick.region],
    queryFn: async ({ signal }): Promise<Found | null> => {
      const page = await data(
        api.GET("/v1/monitors/{id}/failures", {
          params: { path: { id: monitor.id }, query: { limit: 1000 } },
          signal,
        }),
      );
      // Filtered here: a region that is gone cannot be asked for.
      const same = page.items.filter((f) => f.region === tick.region);
      return nearest(same, tick) ?? null;
    },
    enabled: !tick.ok,
  });
}

interface Found<F = Failure> {
  failure: F;
  /** How much later than the check, in seconds; 0 is the check itself. */
  after: number;
}

const nearSeconds = 15 * 60;

/**
 * The failure of a check. In a row of equal ones only some are written down: then the
 * nearest with the same reason, unless that is too long ago.
 */
export function nearest<F extends { due: string; reason: string }>(
  failures: readonly F[],
  tick: { time: string; reason: string },
): Found<F> | undefined {
  const at = format.instant(tick.time);
  let best: Found<F> | undefined;
  for (const failure of failures) {
    const ms = format.instant(failure.due) - at;
    if (Math.abs(ms) < 2) return { failure, after: 0 };
    const after = ms / 1000;
    if (failure.reason !== tick.reason || Math.abs(after) > nearSeconds) continue;
    if (!best || Math.abs(after) < Math.abs(best.after)) best = { failure, after };
  }
  return best;
}
