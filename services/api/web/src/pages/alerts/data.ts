import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, data } from "@/api/client";
import type { Channel, DeliveryStatus } from "./words";

const pageLength = 100;

/** Every channel, oldest first; there are few of them. */
export const channelsQuery = queryOptions({
  queryKey: ["channels"],
  queryFn: async ({ signal }): Promise<Channel[]> => {
    const all: Channel[] = [];
    let cursor: string | undefined;
    do {
      const page = await data(
        api.GET("/v1/channels", {
          params: { query: { limit: 1_000, ...(cursor ? { cursor } : {}) } },
          signal,
        }),
      );
      all.push(...page.items);
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
    return all;
  },
});

// Nothing tells of deliveries live, so they are asked for while somebody looks.
const refreshMs = 15_000;

/** The last thing that a channel told, or tried to. */
export const lastDeliveryQuery = (channel: string) =>
  queryOptions({
    queryKey: ["deliveries", "last", channel],
    queryFn: async ({ signal }) => {
      const page = await data(
        api.GET("/v1/deliveries", { params: { query: { channel_id: channel, limit: 1 } }, signal }),
      );
      return page.items[0] ?? null;
    },
    refetchInterval: refreshMs,
  });

export interface DeliveryFilter {
  channel: string;
  status: DeliveryStatus | "";
  incident: string;
}

/** The history, newest first, by pages. */
export const deliveriesQuery = (f: DeliveryFilter) =>
  infiniteQueryOptions({
    queryKey: ["deliveries", "list", f],
    queryFn: ({ signal, pageParam }) =>
      data(
        api.GET("/v1/deliveries", {
          params: {
            query: {
              limit: pageLength,
              ...(f.channel ? { channel_id: f.channel } : {}),
              ...(f.status ? { status: f.status } : {}),
              ...(f.incident ? { incident_id: f.incident } : {}),
              ...(pageParam ? { cursor: pageParam } : {}),
            },
          },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: refreshMs,
  });
