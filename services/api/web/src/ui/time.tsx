import { useSyncExternalStore } from "react";
import * as format from "@/lib/format";
import { newStore, remember, remembered, useStore } from "@/lib/store";
import { Tooltip } from "./tooltip";

const zone = newStore<format.Zone>(remembered("zone") === "utc" ? "utc" : "local");

/** The zone that times are shown in: the viewer's, or UTC. The key `u` switches. */
export const useZone = () => useStore(zone);

export function switchZone() {
  zone.set((z) => (z === "utc" ? "local" : "utc"));
  remember("zone", zone.get() === "utc" ? "utc" : null);
}

// One timer for all times on the page; it rests while nobody looks.
const present = {
  now: Date.now(),
  listeners: new Set<() => void>(),
  timer: undefined as ReturnType<typeof setInterval> | undefined,
};

function tick() {
  if (typeof document !== "undefined" && document.hidden) return;
  present.now = Date.now();
  for (const l of present.listeners) l();
}

function subscribe(l: () => void) {
  present.listeners.add(l);
  if (!present.timer) {
    present.now = Date.now();
    present.timer = setInterval(tick, 1_000);
    document.addEventListener("visibilitychange", tick);
  }
  return () => {
    present.listeners.delete(l);
    if (present.listeners.size === 0) {
      clearInterval(present.timer);
      present.timer = undefined;
      document.removeEventListener("visibilitychange", tick);
    }
  };
}

/** The present, moving on in steps of stepMs, a whole number of seconds. */
export function useNow(stepMs = 1_000): number {
  return useSyncExternalStore(subscribe, () => Math.floor(present.now / stepMs) * stepMs);
}

type At = string | number | Date;

/** "12 s ago", with the whole time on hover; the tooltip has UTC as well. */
export function Time({
  at,
  absolute = false,
}: {
  at: At | null | undefined /** Shows the time itself rather than how long ago. */;
  absolute?: boolean;
}) {
  const zoneNow = useZone();
  if (at === null || at === undefined) return <>–</>;
  const t = format.instant(at);
  const other = format.absolute(t, zoneNow === "utc" ? "local" : "utc");
  return (
    <Tooltip
      text={
        <>
          {format.absolute(t, zoneNow)}
          <br />
          <span className="text-muted">{other}</span>
        </>
      }
    >
      <time dateTime={new Date(t).toISOString()} className="whitespace-nowrap">
        {absolute ? format.short(t, zoneNow) : <Ago t={t} />}
      </time>
    </Tooltip>
  );
}

function Ago({ t }: { t: number }) {
  const age = Math.abs(present.now - t);
  const now = useNow(age > 3_600_000 ? 60_000 : age > 120_000 ? 10_000 : 1_000);
  return <>{format.relative(t, Math.max(now, Math.min(t, now + 2_000)))}</>;
}

/** "12 d 4 h": of seconds, or since a time until now. */
export function Duration({
  seconds,
  since,
}: { seconds: number | null | undefined; since?: undefined } | { since: At; seconds?: undefined }) {
  return since === undefined ? <>{format.duration(seconds)}</> : <Since since={since} />;
}

function Since({ since }: { since: At }) {
  const now = useNow();
  return <>{format.duration((now - format.instant(since)) / 1000)}</>;
}

export const Percent = ({ value, digits }: { value: number | null | undefined; digits?: number }) => (
  <span className="whitespace-nowrap">{format.percent(value, digits)}</span>
);

export const Ms = ({ value }: { value: number | null | undefined }) => (
  <span className="whitespace-nowrap">{format.ms(value)}</span>
);
