import { type QueryClient, queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { api, data, type Schema } from "@/api/client";
import type { paths } from "@/api/schema.gen";
import { useLive } from "@/live";
import { gone, type Held, nothing, put, type Row, settle } from "./held";

const firstPage = 100; // the worst ones, to have something at once
const pageLength = 1_000;
const gatherMs = 300; // a storm of events asks a few times, not for each
const mostIds = 500; // beyond that all of the list is asked for
const soonMs = 10_000; // the rows in sight
const laterMs = 5 * 60_000; // all of them

type Page = Schema["SummaryPage"];
type Query = NonNullable<paths["/v1/summaries"]["get"]["parameters"]["query"]>;

const ask = (query: Query, signal?: AbortSignal): Promise<Page> =>
  data(api.GET("/v1/summaries", { params: { query }, ...(signal ? { signal } : {}) }));

export const overviewQuery = {
  queryKey: ["overview"] as const,
  queryFn: ({ signal }: { signal: AbortSignal }) => data(api.GET("/v1/overview", { signal })),
  refetchInterval: 30_000,
};

/** How many websites there are, by what the API counts. */
export const sum = (c: Schema["StatusCounts"]) =>
  c.up + c.down + c.degraded + c.unknown + c.paused + c.pending;

const queryKey = ["rows"] as const;
const change = (client: QueryClient, f: (held: Held) => Held) =>
  client.setQueryData<Held>(queryKey, (held) => f(held ?? nothing));

/**
 * Every website, in pages, each shown as it comes: first the worst, then all of them in
 * the order in which they were made, which does not change under the reader.
 */
export const rowsQuery = queryOptions({
  queryKey,
  queryFn: async ({ signal, client }): Promise<Held> => {
    const began = Date.now();
    const seen = new Set<string>();
    const add = (page: Page, at: number) => {
      for (const s of page.items) seen.add(s.id);
      change(client, (held) => put(held, page, at));
    };
    const held = client.getQueryData<Held>(queryKey);
    if (!held?.complete) {
      const page = await ask({ sort: "status", limit: firstPage }, signal);
      add(page, began);
      if (page.next_cursor === null) return change(client, (h) => settle(h, seen, began)) ?? nothing;
    }
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const at = Date.now();
      const page = await ask({ limit: pageLength, ...(cursor ? { cursor } : {}) }, signal);
      add(page, at);
      cursor = page.next_cursor;
    }
    return change(client, (h) => settle(h, seen, began)) ?? nothing;
  },
  staleTime: laterMs,
  refetchInterval: laterMs,
  structuralSharing: false,
});

/** The websites, kept fresh: what changes is asked for as soon as an event tells of it. */
export function useRows() {
  const client = useQueryClient();
  const query = useQuery(rowsQuery);
  const refetch = useRefetchRows();
  const due = useRef({
    ids: new Set<string>(),
    timer: undefined as ReturnType<typeof setTimeout> | undefined,
  });
  useEffect(() => () => clearTimeout(due.current.timer), []);
  useLive({ types: ["verdict", "incident", "config"] }, (name, e) => {
    if (name === "config" && "object" in e) {
      if (e.object === "website" && e.change === "deleted") return void change(client, (h) => gone(h, e.id));
      if (e.object !== "website" && e.object !== "monitor") return;
    }
    const id = "object" in e && e.object === "website" ? e.id : "website_id" in e ? e.website_id : undefined;
    if (!id) return;
    const d = due.current;
    d.ids.add(id);
    d.timer ??= setTimeout(() => {
      d.timer = undefined;
      const ids = [...d.ids];
      d.ids.clear();
      refetch(ids);
    }, gatherMs);
  });
  return query;
}

/** Asks anew for some websites; those that are not there any more leave. */
export function useRefetchRows(): (ids: readonly string[]) => void {
  const client = useQueryClient();
  return (ids) => {
    if (ids.length === 0) return;
    if (ids.length > mostIds) return void client.invalidateQueries({ queryKey });
    const at = Date.now();
    ask({ ids: ids.join(","), limit: ids.length }).then(
      (page) => {
        const there = new Set(page.items.map((s) => s.id));
        change(client, (h) => {
          let next = put(h, page, at);
          for (const id of ids) if (!there.has(id)) next = gone(next, id);
          return next;
        });
      },
      () => {}, // the shell says that the API is away, and all is asked for once it is back
    );
  };
}

/** Keeps the figures of the rows in sight young: when they were checked, their last slots. */
export function useFreshInSight(inSight: () => readonly string[]) {
  const latest = useRef(inSight);
  const refetch = useRefetchRows();
  const again = useRef(refetch);
  useEffect(() => {
    latest.current = inSight;
    again.current = refetch;
  });
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) again.current(latest.current().slice(0, 100));
    }, soonMs);
    return () => clearInterval(timer);
  }, []);
}

export type { Row };
