import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, data, type Schema } from "@/api/client";
import { isProblem } from "@/api/problem";
import type { Verdict } from "@/ui";

export type Region = Schema["Region"];

export const useRegions = () =>
  useQuery({
    queryKey: ["regions", "all"],
    queryFn: ({ signal }) => data(api.GET("/v1/regions", { signal })),
    refetchInterval: 15_000,
  });

/** How late each region starts its checks, by its name; not everybody may know. */
export const useLateness = () =>
  useQuery({
    queryKey: ["fleet", "lateness"],
    queryFn: async ({ signal }) => {
      const fleet = await data(api.GET("/v1/fleet", { signal }));
      return Object.fromEntries(fleet.regions.map((r) => [r.region, r.late_p99_ms]));
    },
    refetchInterval: 15_000,
    retry: (n, err) => !isProblem(err, 403) && n < 2,
  });

/** What each region has seen last of the first monitor of a website. */
export function useSeen(website: string | undefined) {
  const settled = useSettled(website);
  return useQuery({
    queryKey: ["website", settled, "map"],
    queryFn: async ({ signal }) => {
      const id = settled ?? "";
      const w = await data(api.GET("/v1/websites/{id}", { params: { path: { id } }, signal }));
      const monitor = w.monitors.find((m) => m.kind !== "heartbeat");
      if (!monitor) return { name: w.name, votes: [] };
      const list = await data(
        api.GET("/v1/monitors/{id}/votes", { params: { path: { id: monitor.id } }, signal }),
      );
      return { name: w.name, votes: list.items };
    },
    enabled: settled !== undefined,
    refetchInterval: 10_000,
    placeholderData: (before) => before,
  });
}

/** A pointer on its way over the rows does not ask for each of them. */
function useSettled(value: string | undefined): string | undefined {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), 150);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/** The state of a region in the shapes and colours of verdicts, and in a word. */
export function healthOf(r: Region): { verdict: Verdict; word: string } {
  switch (r.state) {
    case "active":
      return { verdict: "up", word: "active" };
    case "sick":
      return { verdict: "degraded", word: "sick, has no vote" };
    case "silent":
      return { verdict: "down", word: "silent, no live worker" };
    case "disabled":
      return { verdict: "paused", word: "disabled" };
    case "pending":
      return { verdict: "pending", word: "waits to be enabled" };
    default:
      return { verdict: "unknown", word: r.state };
  }
}
