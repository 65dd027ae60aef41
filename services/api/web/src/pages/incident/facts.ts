import type { Schema } from "@/api/client";
import { duration, instant, ms, plural } from "@/lib/format";
import { dataOf, firstFailureAt, type Incident, numberOf, quorumOf, textOf } from "./record";

export interface Fact {
  key: string;
  label: string;
  value: string;
  /** How it is meant. */
  why: string;
}

// As the fleet judges: see the published bound of detection in docs/simulation.md.
const travel = 3;
const grace = 2;
const secondRound = 1;
const onlyRegion = 5;
const unanimous = 3;

/**
 * How long finding an outage may take at most while all regions are well, in seconds. The
 * monitor's settings must be those of then; undefined where they are not known to be.
 */
export function bound(m: Schema["Monitor"], i: Incident): number | undefined {
  const q = quorumOf(i);
  if (!q || q.assigned < 1 || m.kind === "heartbeat" || instant(m.updated_at) > instant(i.opened_at))
    return undefined;
  const timeout = m.timeout_ms / 1000;
  const round = timeout + grace;
  let rounds = round;
  if (q.assigned === 1) rounds += onlyRegion + round;
  else if (q.n < unanimous) rounds += secondRound + round;
  return m.interval_seconds / q.assigned + timeout + rounds + travel + m.policy.confirmation_seconds;
}

/** Who was told first of the outage, and how long after it was found. */
export function firstTold(i: Incident): { seconds: number; channel: string } | undefined {
  let first: { seconds: number; channel: string } | undefined;
  for (const e of i.events) {
    if (e.kind !== "alerted") continue;
    const d = dataOf(e);
    const seconds = numberOf(d.seconds);
    if (seconds === undefined || (d.event !== "down" && d.event !== "degraded")) continue;
    if (!first || seconds < first.seconds) first = { seconds, channel: textOf(d.channel) };
  }
  return first;
}

/** The most alerts that one message told together. */
export function folded(i: Incident): number {
  let most = 0;
  for (const e of i.events) {
    if (e.kind !== "alerted") continue;
    const d = dataOf(e);
    most = Math.max(most, numberOf(d.digest) ?? 0, 1 + (numberOf(d.combined) ?? 0));
  }
  return most;
}

const seconds = (s: number) =>
  s < 1 ? ms(s * 1000) : s < 10 ? `${(Math.round(s * 10) / 10).toString()} s` : duration(s);

/**
 * What can be said of how the fleet did. `lastPass`: when the last check that passed before
 * was due; undefined: not known. Nothing is guessed: what is not known is left out.
 */
export function facts(
  i: Incident,
  lastPass: number | undefined,
  monitor: Schema["Monitor"] | undefined,
): Fact[] {
  const out: Fact[] = [];
  const opened = instant(i.opened_at);
  const first = firstFailureAt(i);
  const most = monitor ? bound(monitor, i) : undefined;
  const limit = most === undefined ? "" : ` (bound ${seconds(most)})`;
  if (lastPass !== undefined && lastPass <= (first ?? opened)) {
    out.push({
      key: "found",
      label: "found",
      value: `within ${seconds((opened - lastPass) / 1000)}${limit}`,
      why: `From the last check that passed until the incident was opened; the outage began in between.${
        most === undefined
          ? ""
          : " The bound is for as many healthy regions as looked, with the settings of then."
      }`,
    });
  }
  if (first !== undefined) {
    out.push({
      key: "confirmed",
      label: "confirmed",
      value: `${seconds(Math.max(0, opened - first) / 1000)} after the first failure`,
      why: "From the first check that failed until enough regions agreed.",
    });
  }
  const told = firstTold(i);
  if (told) {
    out.push({
      key: "told",
      label: "told",
      value: `in ${seconds(told.seconds)}${told.channel ? ` by ${told.channel}` : ""}`,
      why: "From opening the incident until the first channel took the message.",
    });
  } else if (i.events.some((e) => e.kind === "opened" && dataOf(e).told === false)) {
    out.push({
      key: "told",
      label: "nobody was told",
      value: "flapping or muted",
      why: "Alerts of this website were damped because it flaps, or muted, when this was opened.",
    });
  }
  const many = folded(i);
  if (many > 1) {
    out.push({
      key: "folded",
      label: plural(many, "alert"),
      value: "folded into 1",
      why: "One message told them together.",
    });
  }
  if (i.acknowledged_at) {
    out.push({
      key: "acknowledged",
      label: "acknowledged",
      value: `after ${duration((instant(i.acknowledged_at) - opened) / 1000)}`,
      why: "From opening the incident until somebody was on it.",
    });
  }
  return out;
}
