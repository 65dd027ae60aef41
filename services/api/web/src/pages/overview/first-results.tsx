import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, type Schema } from "@/api/client";
import { plural } from "@/lib/format";
import { useLive } from "@/live";
import {
  asVerdict,
  Icon,
  LinkButton,
  Ms,
  RegionRing,
  type RegionVote,
  Skeleton,
  VerdictBadge,
  VerdictGlyph,
} from "@/ui";
import { votesOf } from "./held";

const most = 8; // more are seen in the list
const againMs = 1_000;

type Tick = Schema["LiveTick"];

/** What each region says first of websites that were just added, as it says it. */
export function FirstResults({ ids }: { ids: string[] }) {
  const shown = ids.slice(0, most);
  const summaries = useQuery({
    queryKey: ["first-results", shown],
    queryFn: ({ signal }) =>
      data(api.GET("/v1/summaries", { params: { query: { ids: shown.join(","), limit: most } }, signal })),
    refetchInterval: (q) => (q.state.data?.items.every(settled) ? false : againMs),
    staleTime: 0,
  });
  const monitors = useQuery({
    queryKey: ["first-monitors", shown],
    queryFn: async ({ signal }) => {
      const all = await Promise.all(
        shown.map((id) => data(api.GET("/v1/websites/{id}", { params: { path: { id } }, signal }))),
      );
      return all.flatMap((w) => w.monitors.map((m) => m.id));
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [ticks, setTicks] = useState<ReadonlyMap<string, Tick>>(new Map());
  useLive({ types: ["tick"], monitorIds: monitors.data ?? [] }, (_, tick) => {
    setTicks((now) => new Map(now).set(`${tick.website_id} ${tick.region}`, tick));
    void summaries.refetch();
  });
  const byId = new Map(summaries.data?.items.map((s) => [s.id, s]));
  return (
    <div>
      <ul aria-label="First results" aria-live="polite" className="space-y-3">
        {shown.map((id) => {
          const s = byId.get(id);
          return (
            <li key={id} className="rounded border border-line p-3">
              {s ? <One summary={s} ticks={ticks} /> : <Skeleton className="h-12" />}
            </li>
          );
        })}
      </ul>
      {ids.length > most && (
        <p className="mt-3 text-muted">
          And {plural(ids.length - most, "other")}: their rings fill in the list.
        </p>
      )}
    </div>
  );
}

const settled = (s: Schema["Summary"]) =>
  s.status !== "pending" && s.votes.length > 0 && s.votes.every((v) => v.vote !== "none");

function One({ summary: s, ticks }: { summary: Schema["Summary"]; ticks: ReadonlyMap<string, Tick> }) {
  const votes = votesOf(s).map((v): RegionVote & { tick: Tick | undefined } => {
    const tick = ticks.get(`${s.id} ${v.region}`);
    // A tick is told before the vote of it is in the summary.
    return v.verdict === "pending" && tick
      ? { region: v.region, verdict: tick.ok ? "up" : "down", tick }
      : { ...v, tick };
  });
  const spoken = votes.filter((v) => v.verdict !== "pending").length;
  const status = asVerdict(s.status);
  return (
    <div className="flex items-start gap-4">
      <RegionRing verdict={status} votes={votes} size={56} />
      <div className="min-w-0 flex-1">
        <div className="truncate font-medium">{s.url}</div>
        <div className="mb-2 flex flex-wrap items-center gap-x-2 text-[13px]">
          <VerdictBadge verdict={status} />
          <span className="text-muted">
            {votes.length === 0
              ? "No region is there to look at it."
              : `${spoken} of ${plural(votes.length, "region")} ${spoken === 1 ? "has" : "have"} spoken`}
          </span>
        </div>
        <ul className="flex flex-wrap gap-x-4 gap-y-1 text-[13px]">
          {votes.map((v) => (
            <li key={v.region} className="flex items-center gap-1.5">
              <VerdictGlyph verdict={v.verdict} />
              {v.region}
              <span className="text-muted">
                {v.tick ? (
                  v.tick.ok ? (
                    <Ms value={v.tick.latency_ms} />
                  ) : (
                    v.tick.reason
                  )
                ) : v.verdict === "pending" ? (
                  "looks"
                ) : (
                  ""
                )}
              </span>
            </li>
          ))}
        </ul>
      </div>
      <LinkButton small href={`/w/${s.id}`}>
        Open
        <Icon name="chevronRight" size={14} />
      </LinkButton>
    </div>
  );
}
