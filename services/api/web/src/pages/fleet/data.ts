import { useQuery } from "@tanstack/react-query";
import { api, data, type Schema } from "@/api/client";
import { isProblem } from "@/api/problem";

export type Fleet = Schema["Fleet"];
export type Region = Schema["Region"];
export type FleetRegion = Schema["FleetRegion"];
export type Stage = Schema["FleetStage"];
export type RecentEvent = Schema["RecentFleetEvent"];
export type Minute = Schema["LedgerMinute"];

const now = 5_000; // ms between two looks: lags have no events of their own

export const useFleet = () =>
  useQuery({
    queryKey: ["fleet", "now"],
    queryFn: ({ signal }) => data(api.GET("/v1/fleet", { signal })),
    refetchInterval: now,
    retry: (n, err) => !isProblem(err) && n < 2,
  });

export const useRegions = () =>
  useQuery({
    queryKey: ["regions", "all"],
    queryFn: ({ signal }) => data(api.GET("/v1/regions", { signal })),
    refetchInterval: now,
  });

/** Whether a vote of the region counts yet, and for which website. */
export const useFirstVote = (region: string, wanted: boolean) =>
  useQuery({
    queryKey: ["summaries", "vote", region],
    queryFn: async ({ signal }) => {
      const page = await data(api.GET("/v1/summaries", { params: { query: { limit: 100 } }, signal }));
      const seen = page.items.find((s) =>
        s.votes.some((v) => v.region === region && v.counted && v.fresh && v.vote !== "none"),
      );
      return { website: seen?.name, any: page.items.length > 0 };
    },
    enabled: wanted,
    refetchInterval: (q) => (q.state.data?.website ? false : 3_000),
  });
