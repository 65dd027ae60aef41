import { useEffect, useMemo } from "react";
import { Link } from "wouter";
import type { Schema } from "@/api/client";
import { useBanner } from "@/shell/page";
import { Banner, setFavicon } from "@/ui";
import { worstOf } from "./choose";
import { type Row, votesOf } from "./held";

/** The tab's icon is the ring of the worst website. */
export function useTabIcon(rows: ReadonlyMap<string, Row>, stale: boolean) {
  useEffect(() => {
    const worst = worstOf(rows.values());
    if (!worst) return;
    return stale ? setFavicon("unknown", []) : setFavicon(worst.status, votesOf(worst.s));
  }, [rows, stale]);
}

/** What the figures alone would hide. */
export function useTruths(overview: Schema["Overview"] | undefined, total: number, mayWrite: boolean) {
  const untold = overview !== undefined && overview.channels === 0 && total > 0;
  const alone = overview !== undefined && overview.sites === 1 && overview.regions > 1 && total > 0;
  const regions = overview?.regions ?? 0;
  useBanner(
    "untold",
    useMemo(
      () =>
        untold ? (
          <Banner
            look="warning"
            action={
              mayWrite && (
                <Link href="/alerts" className="font-medium text-accent">
                  Add a channel
                </Link>
              )
            }
          >
            <b>Nobody will be told:</b> there is no channel that alerts could go to.
          </Banner>
        ) : null,
      [untold, mayWrite],
    ),
  );
  useBanner(
    "one-network",
    useMemo(
      () =>
        alone ? (
          <Banner
            look="unknown"
            action={
              mayWrite && (
                <Link href="/fleet" className="font-medium text-accent">
                  Add a region
                </Link>
              )
            }
          >
            <b>These {regions} regions share one network:</b> trouble of that network looks like trouble of
            every website.
          </Banner>
        ) : null,
      [alone, regions, mayWrite],
    ),
  );
}
