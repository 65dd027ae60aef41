import type { Incident } from "./record";

/** "was down", "is degraded". */
export const stateWords = (i: Pick<Incident, "severity" | "resolved_at">): string =>
  `${i.resolved_at ? "was" : "is"} ${i.severity}`;

/** A call as one would type it; the key comes from the environment. */
export const curl = (path: string): string =>
  `curl -sS -H "Authorization: Bearer $PROBEFLEET_API_KEY" ${location.origin}${path}`;
