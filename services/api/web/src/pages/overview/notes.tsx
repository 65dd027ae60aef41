import type { ReactNode } from "react";
import { count, plural } from "@/lib/format";

/** What must be known to read the list rightly. */
export function Notes({
  ticksAway,
  loaded,
  total,
  found,
  onClear,
}: {
  ticksAway: boolean;
  loaded: number | undefined;
  total: number | undefined;
  found: number | undefined;
  onClear: () => void;
}) {
  const notes: ReactNode[] = [];
  if (found !== undefined)
    notes.push(
      <span key="found" role="status">
        {plural(found, "website")} of {count(total ?? found)}{" "}
        <button type="button" className="font-medium text-accent" onClick={onClear}>
          Show all
        </button>
      </span>,
    );
  if (loaded !== undefined && loaded > 0 && total !== undefined && loaded < total)
    notes.push(
      <span key="loaded" role="status">
        {count(loaded)} of {count(total)} have loaded so far; search and order hold for these.
      </span>,
    );
  if (ticksAway)
    notes.push(
      <span key="ticks" role="status">
        <span className="text-degraded" aria-hidden="true">
          ◆{" "}
        </span>
        The history of response times does not answer (InfluxDB): sparklines, p50 and p95 are missing.
        Verdicts are not affected.
      </span>,
    );
  if (notes.length === 0) return null;
  return <div className="flex flex-wrap gap-x-6 gap-y-1 text-[13px] text-muted">{notes}</div>;
}
