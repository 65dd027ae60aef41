import { useQueries, useQuery } from "@tanstack/react-query";
import { useState, useSyncExternalStore } from "react";
import { api, data, type Schema } from "@/api/client";
import { reach } from "@/api/reach";
import { instant } from "@/lib/format";
import type { LiveEvents } from "@/live";
import { useConnection, useLive } from "@/live";
import { asVerdict, type RegionVote, useNow, type Verdict } from "@/ui";
import { reasonWords } from "./words";

export type Website = Schema["Website"];
export type Monitor = Schema["Monitor"];
export type Vote = Schema["Vote"];
export type Tick = Schema["Tick"];

/** Events come at once; this is for what changes without one, such as days left. */
const nowAndThen = 60_000;

export const useWebsite = (id: string) =>
  useQuery({
    queryKey: ["website", id],
    queryFn: ({ signal }) => data(api.GET("/v1/websites/{id}", { params: { path: { id } }, signal })),
    refetchInterval: nowAndThen,
  });

export const useRegions = () =>
  useQuery({
    queryKey: ["regions"],
    queryFn: ({ signal }) => data(api.GET("/v1/regions", { signal })),
  });

/** What each region holds of each monitor; undefined while it is not known. */
export type Votes = ReadonlyMap<string, readonly Vote[]>;

/** The votes as the API has them, moved on by each check as it is done. */
export function useVotes(monitors: readonly Monitor[]): { votes: Votes; error: unknown } {
  const asked = useQueries({
    queries: monitors.map((m) => ({
      queryKey: ["monitor", m.id, "votes"],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        data(api.GET("/v1/monitors/{id}/votes", { params: { path: { id: m.id } }, signal })),
      refetchInterval: nowAndThen,
    })),
  });
  const [seen, setSeen] = useState<ReadonlyMap<string, LiveEvents["tick"]>>(new Map());
  useLive({ types: ["tick"], monitorIds: monitors.map((m) => m.id) }, (_, tick) =>
    setSeen((now) => new Map(now).set(`${tick.monitor_id} ${tick.region}`, tick)),
  );
  const votes = new Map<string, readonly Vote[]>();
  monitors.forEach((m, i) => {
    const items = asked[i]?.data?.items;
    if (items)
      votes.set(
        m.id,
        items.map((v) => moved(v, seen.get(`${m.id} ${v.region}`))),
      );
  });
  return { votes, error: asked.find((a) => a.error)?.error };
}

/** A vote after a later check of its region. */
export function moved(vote: Vote, tick: Tick | undefined): Vote {
  if (!tick || instant(tick.time) <= instant(vote.due)) return vote;
  const outcome = tick.outcome as Vote["vote"];
  return {
    ...vote,
    vote: outcome,
    reason: tick.reason,
    detail: tick.reason === vote.reason ? vote.detail : "",
    since: outcome === vote.vote ? vote.since : tick.time,
    due: tick.time,
    latency_ms: tick.latency_ms,
    status_code: tick.status_code,
    fresh: true,
  };
}

const saysOf: Record<string, Verdict> = { pass: "up", degraded: "degraded", fail: "down" };
export const verdictOf = (outcome: string): Verdict => saysOf[outcome] ?? "unknown";

/** What the monitor's regions say, for its ring: an old vote is no vote. */
export function ringVotes(m: Monitor, votes: readonly Vote[], now: number): RegionVote[] {
  const old = (2 * m.interval_seconds + m.timeout_ms / 1000) * 1000;
  return votes.map((v) => {
    const stale = now - instant(v.due) > old + 5_000;
    const verdict = verdictOf(v.vote);
    return {
      region: v.region,
      verdict: stale ? "unknown" : verdict,
      excluded: stale ? "silent" : v.counted ? undefined : "not counted",
      detail: v.reason ? reasonWords(v.reason) : undefined,
    };
  });
}

/** Where the calls of heartbeats are filed: no region that looks. */
const ofJobs = "heartbeat";

/** The worst that each region says of any monitor: the ring of a website. */
export function websiteRing(rings: readonly RegionVote[][]): RegionVote[] {
  const rank: Verdict[] = ["down", "degraded", "unknown", "up"];
  const worst = new Map<string, RegionVote>();
  for (const ring of rings) {
    for (const v of ring) {
      const before = worst.get(v.region);
      if (!before || rank.indexOf(v.verdict) < rank.indexOf(before.verdict)) worst.set(v.region, v);
    }
  }
  if (worst.size > 1) worst.delete(ofJobs);
  return [...worst.values()].sort((a, b) => a.region.localeCompare(b.region));
}

/** When the last check of any of the monitors was due, and how many regions look. */
export function lastChecked(votes: Votes): { at: number | undefined; regions: number } {
  let at: number | undefined;
  const regions = new Set<string>();
  for (const list of votes.values()) {
    for (const v of list) {
      at = Math.max(at ?? 0, instant(v.due));
      if (v.region !== ofJobs) regions.add(v.region);
    }
  }
  return { at, regions: regions.size };
}

export const statusOf = (s: { status: string }): Verdict => asVerdict(s.status);

const graceMs = 10_000; // a restart of the api is no news

/** Whether what is shown may be old: the API or its stream has been away for a while. */
export function useLost(): boolean {
  const away = useSyncExternalStore(reach.subscribe, reach.awaySince);
  const c = useConnection();
  const now = useNow(1_000);
  const cut = c.state === "offline" || c.state === "reconnecting";
  return now - Math.min(away ?? now, cut ? c.since : now) >= graceMs;
}

/** The p50 and p95 of the last day, for the list of monitors. */
export const useDayStats = (monitors: readonly Monitor[]) =>
  useQueries({
    queries: monitors.map((m) => ({
      queryKey: ["monitor", m.id, "stats", "24h", ""],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        data(api.GET("/v1/monitors/{id}/stats", { params: { path: { id: m.id } }, signal })),
      enabled: m.kind !== "heartbeat",
      refetchInterval: nowAndThen,
    })),
  });

/** The incidents of a website that touch a time, newest first. */
export const useIncidents = (websiteId: string, from?: number) =>
  useQuery({
    queryKey: ["website", websiteId, "incidents", from ?? 0],
    queryFn: ({ signal }) =>
      data(
        api.GET("/v1/incidents", {
          params: {
            query: {
              website_id: websiteId,
              limit: 200,
              ...(from === undefined ? {} : { from: new Date(from).toISOString() }),
            },
          },
          signal,
        }),
      ),
  });
