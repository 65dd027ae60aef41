import { useSyncExternalStore } from "react";
import { reach } from "@/api/reach";
import { useConnection } from "@/live";
import { useNow } from "@/ui";

const graceMs = 6_000; // as long as the shell waits before it says so

/** Whether what is shown may be old: verdicts lose their colours then, so that nothing stays green unproven. */
export function useStale(): boolean {
  const away = useSyncExternalStore(reach.subscribe, reach.awaySince);
  const c = useConnection();
  const lost = c.state === "offline" || c.state === "reconnecting";
  const now = useNow(2_000);
  const since = away ?? (lost ? c.since : undefined);
  return since !== undefined && now - since >= graceMs;
}
