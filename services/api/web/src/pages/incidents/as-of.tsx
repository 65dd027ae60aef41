import { useSyncExternalStore } from "react";
import { explain } from "@/api/problem";
import { reach } from "@/api/reach";
import { useConnection } from "@/live";
import { Button, cx, Icon, Time, useNow } from "@/ui";

const graceMs = 5_000; // a reconnect is no news

/** From when what is shown may not be true any more; undefined: it is. */
export function useStaleSince(error: unknown, updatedAt: number): number | undefined {
  const away = useSyncExternalStore(reach.subscribe, reach.awaySince);
  const c = useConnection();
  const now = useNow();
  if (away !== undefined && now - away >= graceMs) return Math.min(away, updatedAt || away);
  if (error) return updatedAt || now;
  const lost = c.state === "offline" || c.state === "reconnecting";
  return lost && now - c.since >= graceMs ? Math.max(c.since, updatedAt) : undefined;
}

/** Says how old what is below is, and why. Nothing while it is current. */
export function AsOf({
  since,
  error,
  retry,
  what,
}: {
  since: number | undefined;
  error?: unknown;
  retry?: () => void;
  what: string;
}) {
  if (since === undefined) return null;
  return (
    <div
      role="status"
      className={cx(
        "mb-4 flex flex-wrap items-center gap-x-2 gap-y-1 rounded border border-l-4 border-unknown-fill bg-surface px-3 py-2",
      )}
    >
      <Icon name="clock" className="text-unknown" />
      <span className="min-w-0 flex-1 basis-60">
        <b>
          {what} as of <Time at={since} />.
        </b>{" "}
        <span className="text-muted">
          {error ? explain(error).detail : "It may have changed since: nothing is heard live at the moment."}
        </span>
      </span>
      {retry && (
        <Button small icon="refresh" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}
