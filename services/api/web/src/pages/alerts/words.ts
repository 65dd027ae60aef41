import type { Schema } from "@/api/client";
import { isProblem } from "@/api/problem";
import { duration, instant } from "@/lib/format";

export type Channel = Schema["Channel"];
export type Delivery = Schema["Delivery"];
export type AlertEvent = Schema["AlertEvent"];
export type DeliveryStatus = Schema["DeliveryStatus"];

/** What a channel can hear of, in the order of weight. */
export const events: readonly { value: AlertEvent; label: string; hint: string }[] = [
  { value: "down", label: "Down", hint: "A quorum of regions sees it fail." },
  { value: "recovered", label: "Recovered", hint: "It is up again, and how long it was not." },
  { value: "degraded", label: "Degraded", hint: "It answers, though not as it should." },
  { value: "advisory", label: "Advisory", hint: "Some regions see it fail, too few for a verdict." },
  { value: "expiry", label: "Expiry", hint: "A certificate or a domain ends in 30, 14, 7 or 1 days." },
  { value: "fleet", label: "Fleet", hint: "The fleet itself is blind, or a region is sick." },
];

export const defaultEvents: AlertEvent[] = ["down", "recovered", "expiry"];

/** An event of a delivery as people say it; there are some that no channel can leave out. */
export function eventWord(event: string): string {
  if (event === "reminder") return "Reminder";
  if (event === "test") return "Test";
  return events.find((e) => e.value === event)?.label ?? event;
}

export const statuses: Record<DeliveryStatus, { word: string; mark: string; colour: string; says: string }> =
  {
    delivered: { word: "delivered", mark: "●", colour: "text-up", says: "The other side took it." },
    pending: {
      word: "pending",
      mark: "○",
      colour: "text-unknown",
      says: "It is on its way, or waits for its next attempt.",
    },
    dead: {
      word: "given up",
      mark: "■",
      colour: "text-down",
      says: "It was refused, or every attempt failed. Nobody was told by it.",
    },
    combined: { word: "combined", mark: "◆", colour: "text-muted", says: "Another message told it, too." },
    suppressed: {
      word: "not told",
      mark: "‖",
      colour: "text-paused",
      says: "It was held back on purpose: the error says why.",
    },
  };

/** How long the other side and the way there took, in seconds. */
export function took(d: Pick<Delivery, "created_at" | "finished_at">): number | undefined {
  if (!d.finished_at) return undefined;
  return Math.max(0, (instant(d.finished_at) - instant(d.created_at)) / 1000);
}

/** "delivered in 0.4 s", "refused: 404 no_service", "no answer: connect timeout". */
export function outcome(d: Delivery): string {
  const seconds = took(d);
  const answer = d.response ? `${d.response.code} ${firstLine(d.response.text)}`.trim() : "";
  switch (d.status) {
    case "delivered":
      return seconds === undefined ? "delivered" : `delivered in ${inSeconds(seconds)}`;
    case "combined":
      return "told with another";
    case "suppressed":
      return d.error ? `not told: ${d.error}` : "not told";
    case "pending":
      if (d.error === "") return "on its way";
      return `waits after ${d.attempts === 1 ? "an attempt" : `${d.attempts} attempts`}: ${answer || d.error}`;
    case "dead":
      return answer ? `refused: ${answer}` : `no answer: ${d.error || "nothing was heard"}`;
  }
}

/** Tenths below ten seconds, as a test is judged by them. */
export function inSeconds(seconds: number): string {
  return seconds < 10 ? `${Math.max(0.1, Math.round(seconds * 10) / 10).toFixed(1)} s` : duration(seconds);
}

function firstLine(text: string): string {
  const line = text.trim().split(/\r?\n/, 1)[0] ?? "";
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}

/** What is said of a test that brought no delivery. */
export function testFailure(err: unknown): string {
  if (isProblem(err, 504)) return `no answer within the time: ${err.message}`;
  return err instanceof Error ? err.message : String(err);
}

/** "every 30 min", "once per website in 1 h". */
export function rhythm(c: Pick<Channel, "reminder_seconds" | "throttle_seconds">): string {
  const parts: string[] = [];
  if (c.reminder_seconds > 0) parts.push(`reminds every ${duration(c.reminder_seconds)}`);
  if (c.throttle_seconds > 0) parts.push(`one per website in ${duration(c.throttle_seconds)}`);
  return parts.join(", ");
}

/** Whether anybody is told of a website that goes down. */
export const tellsOfDown = (channels: readonly Pick<Channel, "enabled" | "events">[]): boolean =>
  channels.some((c) => c.enabled && c.events.includes("down"));
