import { useSyncExternalStore } from "react";
import { reach } from "@/api/reach";
import { useConnection } from "@/live";
import { useNow } from "@/ui";

const graceMs = 6_000; // as long as the shell waits before it says so

/** Since when what is shown may be old; undefined while it is fresh. */
export function useStaleSince(): number | undefined {
  const away = useSyncExternalStore(reach.subscribe, reach.awaySince);
  const c = useConnection();
  const lost = c.state === "offline" || c.state === "reconnecting";
  const now = useNow(2_000);
  const since = away ?? (lost ? c.since : undefined);
  return since !== undefined && now - since >= graceMs ? since : undefined;
}

/** Whether it may be old: verdicts lose their colours then, so that nothing stays green unproven. */
export const useStale = (): boolean => useStaleSince() !== undefined;
