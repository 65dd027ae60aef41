import { type QueryClient, type QueryKey, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from "react";
import { meQuery } from "@/api/session";
import { useStore } from "@/lib/store";
import { connection, type Live, type LiveEvent, type LiveEvents, type LiveName, openLive } from "./source";

export type { Connection, LiveEvent, LiveEvents, LiveName } from "./source";

const LiveContext = createContext<Live | undefined>(undefined);

/** Keeps one stream open while somebody is signed in, and the cache as fresh as it. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [live, setLive] = useState<Live | undefined>();
  useEffect(() => {
    const l = openLive(() => client.invalidateQueries({ queryKey: meQuery.queryKey }));
    const stop = l.subscribe(refresher(client));
    setLive(l);
    return () => {
      stop();
      l.close();
    };
  }, [client]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

/** "live", "reconnecting" and such, and since when. */
export const useConnection = () => useStore(connection);

interface Filter {
  /** Only these; all but ticks if absent. */
  types?: readonly LiveName[];
  websiteId?: string;
  /** Asks for the ticks of these monitors. */
  monitorIds?: readonly string[];
}

/** Calls the handler with each event that fits. The cache is kept fresh without it. */
export function useLive<N extends LiveName = LiveName>(
  filter: Filter & { types?: readonly N[] },
  handler: (name: N, data: LiveEvents[N]) => void,
) {
  const live = useContext(LiveContext);
  const latest = useRef({ filter, handler });
  useEffect(() => {
    latest.current = { filter, handler };
  });
  useEffect(
    () =>
      live?.subscribe((e) => {
        const { filter: f, handler: h } = latest.current;
        if (fits(f, e)) h(e.name as N, e.data as LiveEvents[N]);
      }),
    [live],
  );
  const ids = filter.monitorIds?.join(",") ?? "";
  useEffect(() => (ids ? live?.watch(ids.split(",")) : undefined), [live, ids]);
}

export function fits(f: Filter, e: LiveEvent): boolean {
  if (f.types ? !f.types.includes(e.name) : e.name === "tick" && !f.monitorIds) return false;
  if (
    f.websiteId !== undefined &&
    e.name !== "reset" &&
    "website_id" in e.data &&
    e.data.website_id !== f.websiteId
  )
    return false;
  if (e.name === "tick" && f.monitorIds && !f.monitorIds.includes(e.data.monitor_id)) return false;
  return true;
}

/**
 * The keys of cached answers that an event makes old. Pages use these prefixes:
 * ["overview"], ["summaries"], ["website", id, …], ["websites", …], ["monitor", id, …], ["incidents", …],
 * ["incident", id], ["fleet"], ["regions"], ["channels"], ["tags"], ["status-pages"].
 */
export function staleKeys(e: LiveEvent): QueryKey[] {
  switch (e.name) {
    case "verdict":
      return [["overview"], ["summaries"], ["website", e.data.website_id], ["monitor", e.data.monitor_id]];
    case "incident":
      return [
        ["overview"],
        ["summaries"],
        ["incidents"],
        ["incident", e.data.incident_id],
        ["website", e.data.website_id],
      ];
    case "fleet":
      return [["fleet"], ["regions"]];
    case "config": {
      const of: Record<LiveEvents["config"]["object"], QueryKey[]> = {
        website: [["overview"], ["summaries"], ["websites"], ["tags"], ["website", e.data.id]],
        monitor: [["summaries"], ["monitor", e.data.id], ["website", e.data.website_id ?? ""]],
        channel: [["channels"]],
        region: [["regions"], ["fleet"]],
        status_page: [["status-pages"]],
      };
      return of[e.data.object] ?? [];
    }
    case "tick":
      return [];
    case "reset":
      return [[]]; // all of it
  }
}

// At most this often per key, however many events come: a storm must not become one of requests.
const gatherMs = 400;

/** Marks what events make old, a few times a second at most; what is on screen is asked for anew. */
export function refresher(client: QueryClient): (e: LiveEvent) => void {
  const due = new Map<string, QueryKey>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    timer = undefined;
    const keys = due.has("[]") ? [[] as QueryKey] : [...due.values()];
    due.clear();
    // A request under way keeps going: what changed meanwhile is asked for once it ends.
    for (const queryKey of keys) void client.invalidateQueries({ queryKey }, { cancelRefetch: true });
  };
  return (e) => {
    for (const key of staleKeys(e)) due.set(JSON.stringify(key), key);
    if (due.size > 0 && timer === undefined) timer = setTimeout(flush, gatherMs);
  };
}
