import { useInfiniteQuery, useQueries, useQuery } from "@tanstack/react-query";
import { api, data, type Schema } from "@/api/client";
import { instant } from "@/lib/format";
import { useLive } from "@/live";
import { stretches } from "./grid";
import { endOf, firstFailureAt, type Incident } from "./record";

const iso = (t: number) => new Date(t).toISOString();

export const useIncident = (id: string) =>
  useQuery({
    queryKey: ["incident", id],
    queryFn: ({ signal }) => data(api.GET("/v1/incidents/{id}", { params: { path: { id } }, signal })),
    // Alerts are told, and rounds go on, without an event of their own.
    refetchInterval: (q) => (q.state.data?.resolved_at === null ? 15_000 : false),
  });

export const useDeliveries = (id: string, open: boolean) =>
  useInfiniteQuery({
    queryKey: ["incident", id, "deliveries"],
    queryFn: ({ signal, pageParam }) =>
      data(
        api.GET("/v1/deliveries", {
          params: { query: { incident_id: id, limit: 200, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    refetchInterval: open ? 15_000 : false,
  });

export const useChannels = () =>
  useQuery({
    queryKey: ["channels"],
    queryFn: ({ signal }) => data(api.GET("/v1/channels", { signal })),
  });

/** The monitor as it is now; its settings may have changed since. It may be gone. */
export const useMonitor = (id: string | undefined) =>
  useQuery({
    queryKey: ["monitor", id ?? ""],
    queryFn: ({ signal }) =>
      data(api.GET("/v1/monitors/{id}", { params: { path: { id: id ?? "" } }, signal })),
    enabled: id !== undefined,
  });

/** The single checks around its begin and its end; not known while InfluxDB is away. */
export function useTicks(i: Incident, intervalMs: number) {
  const all = useQueries({
    queries: stretches(i, intervalMs).map((s) => ({
      queryKey: ["monitor", i.monitor_id, "ticks", s.from, s.to],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        data(
          api.GET("/v1/monitors/{id}/ticks", {
            params: {
              path: { id: i.monitor_id },
              query: { from: iso(s.from), to: iso(s.to), limit: 500 },
            },
            signal,
          }),
        ),
      refetchInterval: i.resolved_at ? (false as const) : 10_000,
    })),
  });
  return {
    ticks: all.flatMap((a) => a.data?.items ?? []),
    error: all.find((a) => a.error)?.error ?? null,
    pending: all.some((a) => a.isPending),
    retry: () => all.forEach((a) => void a.refetch()),
  };
}

/** When the last check before the first failure was due that passed. */
export function useLastPass(i: Incident): number | undefined {
  const first = firstFailureAt(i) ?? instant(i.opened_at);
  const asked = useQuery({
    queryKey: ["monitor", i.monitor_id, "last-pass", first],
    queryFn: ({ signal }) =>
      data(
        api.GET("/v1/monitors/{id}/ticks", {
          params: {
            path: { id: i.monitor_id },
            query: { from: iso(first - 86_400_000), to: iso(first), ok: true, limit: 1 },
          },
          signal,
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const tick = asked.data?.items[0];
  return tick ? instant(tick.time) : undefined;
}

/** What is shown around an incident: as much before and after as it lasts, within reason. */
export function around(i: Incident, now: number): { from: number; to: number } {
  const opened = instant(i.opened_at);
  const end = endOf(i, now);
  const margin = Math.min(Math.max((end - opened) / 2, 4 * 60_000), 24 * 3_600_000);
  return { from: opened - margin, to: Math.min(end + margin, Math.max(now, end)) };
}

export const useLatency = (i: Incident, from: number, to: number) =>
  useQuery({
    queryKey: ["monitor", i.monitor_id, "latency", from, to],
    queryFn: ({ signal }) =>
      data(
        api.GET("/v1/monitors/{id}/latency", {
          params: { path: { id: i.monitor_id }, query: { from: iso(from), to: iso(to) } },
          signal,
        }),
      ),
    placeholderData: (before) => before,
  });

const widths = [86_400_000, 30 * 86_400_000, undefined];

/** The incidents of the website just before and just after this one. */
export const useNeighbours = (i: Incident) =>
  useQuery({
    queryKey: ["incidents", "beside", i.id],
    queryFn: async ({ signal }) => {
      const ask = (query: { from?: string; to?: string; limit: number; cursor?: string }) =>
        data(api.GET("/v1/incidents", { params: { query: { website_id: i.website_id, ...query } }, signal }));
      const opened = instant(i.opened_at);
      const before = (await ask({ to: i.opened_at, limit: 1 })).items[0];
      // The API tells the newest first: look into wider and wider stretches after it.
      let after: Incident | undefined;
      for (const width of widths) {
        const span = { from: i.opened_at, ...(width ? { to: iso(opened + width) } : {}) };
        let page = await ask({ ...span, limit: 200 });
        const later: Incident[] = [];
        for (let pages = 0; ; pages++) {
          later.push(...page.items.filter((o) => instant(o.opened_at) > opened && o.id !== i.id));
          if (!page.next_cursor || pages >= 10) break;
          page = await ask({ ...span, limit: 200, cursor: page.next_cursor });
        }
        after = later.at(-1);
        if (after) break;
      }
      return { before: before?.id === i.id ? undefined : before, after };
    },
  });

/** Keeps single checks in sight as they come, while it is open. */
export function useChecks(i: Incident | undefined, changed: () => void) {
  useLive(
    { types: ["tick"], ...(i && !i.resolved_at ? { monitorIds: [i.monitor_id] } : { monitorIds: [] }) },
    changed,
  );
}

export type { Schema };
