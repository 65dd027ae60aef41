import { useState } from "react";
import { duration, instant, plural } from "@/lib/format";
import { Button, Panel, Time } from "@/ui";
import type { Fleet, RecentEvent } from "./data";

const few = 5; // are shown until all are asked for

/** "sick: eu-west", "blind". */
export const eventName = (e: { kind: string; region: string }): string =>
  [e.kind.replaceAll("_", " "), e.region].filter(Boolean).join(": ");

/** "resolved after 4 min 12 s". */
export function resolvedWords(e: RecentEvent): string {
  const seconds = (instant(e.resolved_at) - instant(e.opened_at)) / 1000;
  return seconds < 1 ? "resolved at once" : `resolved after ${duration(seconds)}`;
}

/** The trouble of the last days that is over; nothing without any. */
export function Recent({ fleet }: { fleet: Fleet | undefined }) {
  const [all, showAll] = useState(false);
  const events = fleet?.recent_events ?? [];
  if (events.length === 0) return null;
  return (
    <Panel
      title="Resolved in the last 7 days"
      flush
      actions={
        events.length > few && (
          <Button look="quiet" small aria-expanded={all} onClick={() => showAll(!all)}>
            {all ? "Show fewer" : `Show all ${events.length}`}
          </Button>
        )
      }
    >
      <ul aria-label={`${plural(events.length, "resolved event")} of the fleet`}>
        {events.slice(0, all ? events.length : few).map((e) => (
          <li
            key={`${e.kind} ${e.region} ${e.opened_at}`}
            className="flex flex-wrap items-baseline gap-x-3 border-b border-line px-4 py-2 last:border-b-0"
          >
            <span className="font-medium wrap-anywhere">{eventName(e)}</span>
            <span className="text-[13px] text-muted">
              {resolvedWords(e)}, <Time at={e.resolved_at} />
            </span>
            {e.explanation && (
              <span className="w-full text-[13px] text-muted wrap-anywhere">{e.explanation}</span>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
