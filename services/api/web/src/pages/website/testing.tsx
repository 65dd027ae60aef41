import { useMutation } from "@tanstack/react-query";
import { Fragment, useRef, useState } from "react";
import { api, data, type Schema } from "@/api/client";
import { instant } from "@/lib/format";
import { type LiveEvents, useLive } from "@/live";
import { ErrorState, IconButton, Panel } from "@/ui";
import type { Votes, Website } from "./data";
import { ResultRow, ResultsSummary, type Seen } from "./results";
import { monitorTitle } from "./words";

/** A check of all monitors on demand: answers that come live, and in the end all of them. */
export function useTestNow(website: Website | undefined) {
  const began = useRef(0);
  const [early, setEarly] = useState<ReadonlyMap<string, LiveEvents["tick"]>>(new Map());
  const run = useMutation({
    mutationFn: (id: string) => {
      began.current = Date.now();
      setEarly(new Map());
      return data(api.POST("/v1/websites/{id}/check", { params: { path: { id } } }));
    },
  });
  useLive({ types: ["tick"], monitorIds: website?.monitors.map((m) => m.id) ?? [] }, (_, tick) => {
    // Clocks differ a little; a check on demand is never one of the schedule.
    if (run.isPending && tick.urgent && instant(tick.time) > began.current - 5_000)
      setEarly((now) => new Map(now).set(`${tick.monitor_id} ${tick.region}`, tick));
  });
  return { ...run, early };
}

export type TestNow = ReturnType<typeof useTestNow>;

/** What each region sees just now. */
export function TestPanel({ website, votes, test }: { website: Website; votes: Votes; test: TestNow }) {
  if (test.isIdle) return null;
  const rows = rowsOf(website, votes, test.data?.results ?? [], test.early);
  const seen = rows.flatMap((r) => (r.seen ? [r.seen] : []));
  const longest = Math.max(0, ...seen.map((s) => s.latency_ms ?? 0));
  const several = website.monitors.filter((m) => m.kind !== "heartbeat").length > 1;
  return (
    <Panel
      flush
      className="mb-4 animate-rise"
      title="Test now"
      actions={
        <>
          {!test.isError && (
            <ResultsSummary seen={seen} awaited={test.isPending ? rows.length - seen.length : 0} />
          )}
          {!test.isPending && (
            <IconButton icon="close" label="Close the results" small onClick={test.reset} />
          )}
        </>
      }
    >
      {test.isError ? (
        <ErrorState compact error={test.error} retry={() => test.mutate(website.id)} />
      ) : (
        <ul aria-live="polite">
          {rows.map((r, i) => (
            <Fragment key={r.key}>
              {several && r.monitor !== rows[i - 1]?.monitor && (
                <li className="border-b border-line bg-sunken px-4 py-1 text-[13px] text-muted">
                  {r.monitor}
                </li>
              )}
              <ResultRow who={r.region} seen={r.seen} longest={longest} />
            </Fragment>
          ))}
        </ul>
      )}
      {test.data && !test.data.complete && (
        <p className="border-t border-line px-4 py-2 text-degraded">
          ◆ Not every region has answered in time.
        </p>
      )}
    </Panel>
  );
}

interface Row {
  key: string;
  region: string;
  monitor: string;
  seen: Seen | undefined;
}

function rowsOf(
  website: Website,
  votes: Votes,
  results: readonly Schema["CheckResult"][],
  early: ReadonlyMap<string, Seen>,
): Row[] {
  const final = new Map(results.map((r) => [`${r.monitor_id} ${r.region}`, r]));
  return website.monitors
    .filter((m) => m.kind !== "heartbeat")
    .flatMap((m) => {
      const regions = new Set([
        ...(votes.get(m.id) ?? []).map((v) => v.region),
        ...results.filter((r) => r.monitor_id === m.id).map((r) => r.region),
      ]);
      return [...regions].sort().map((region) => {
        const key = `${m.id} ${region}`;
        return { key, region, monitor: monitorTitle(m), seen: final.get(key) ?? early.get(key) };
      });
    });
}
