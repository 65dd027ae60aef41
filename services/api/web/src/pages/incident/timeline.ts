import { duration, instant, ms, plural } from "@/lib/format";
import { reasonWords } from "@/lib/reasons";
import { type Delivery, dataOf, type Incident, type IncidentEvent, numberOf, textOf } from "./record";

export interface Line {
  key: string;
  at: number;
  kind: string;
  title: string;
  detail: string;
  /** What people wrote: keeps its line breaks. */
  said?: string;
  look: "down" | "up" | "people" | "alert" | "failed" | "plain";
}

const severityOf: Record<string, string> = {
  down: "it is down",
  degraded: "it is degraded",
  recovered: "it is up again",
};
const what = (event: string) => severityOf[event] ?? event.replaceAll("_", " ");

const after = (s: number) => (s < 1 ? ms(s * 1000) : s < 10 ? `${s.toFixed(1)} s` : duration(s));

function alertLine(e: IncidentEvent, base: Omit<Line, "title" | "detail" | "look">): Line {
  const d = dataOf(e);
  const seconds = numberOf(d.seconds);
  const attempts = numberOf(d.attempts) ?? 1;
  const together = Math.max(numberOf(d.digest) ?? 0, 1 + (numberOf(d.combined) ?? 0));
  const failed = e.kind === "alert_failed";
  const channel = textOf(d.channel) || "A channel";
  return {
    ...base,
    title: failed ? `${channel} could not be told` : `${channel} was told: ${what(textOf(d.event))}`,
    detail: [
      failed ? textOf(d.error) : "",
      !failed && seconds !== undefined ? `${after(seconds)} after it happened` : "",
      attempts > 1 ? plural(attempts, "attempt") : "",
      together > 1 ? `one message for ${plural(together, "alert")}` : "",
    ]
      .filter(Boolean)
      .join(", "),
    look: failed ? "failed" : "alert",
  };
}

function lineOf(e: IncidentEvent): Line {
  const d = dataOf(e);
  const base = { key: e.id, at: instant(e.at), kind: e.kind };
  switch (e.kind) {
    case "first_failure":
      return { ...base, title: "The first check fails", detail: reasonWords(textOf(d.reason)), look: "down" };
    case "round":
      return {
        ...base,
        title: `Round ${numberOf(d.round) ?? ""}: ${numberOf(d.failed) ?? "?"} of ${numberOf(d.answered) ?? "?"} regions fail`,
        detail: textOf(d.verdict) ? `which says ${textOf(d.verdict)}` : "",
        look: "plain",
      };
    case "opened":
      return {
        ...base,
        title: "The incident is opened",
        detail: d.told === false ? "nobody is told: the website flaps or is muted" : "",
        look: "down",
      };
    case "resolved":
      return { ...base, title: "The incident is resolved", detail: textOf(d.explanation), look: "up" };
    case "acknowledged":
      return { ...base, title: `${textOf(d.by) || "Somebody"} is on it`, detail: "", look: "people" };
    case "comment":
      return {
        ...base,
        title: `${textOf(d.by) || "Somebody"} says`,
        detail: "",
        said: textOf(d.text),
        look: "people",
      };
    case "alerted":
    case "alert_failed":
      return alertLine(e, base);
    default:
      return { ...base, title: e.kind.replaceAll("_", " "), detail: textOf(d.explanation), look: "plain" };
  }
}

/** Deliveries that the history does not tell of yet: they wait, or nothing was sent. */
function waiting(d: Delivery, name: (id: string) => string): Line | undefined {
  const base = { key: d.id, at: instant(d.created_at), kind: `delivery_${d.status}` };
  const to = name(d.channel_id);
  if (d.status === "pending") {
    return {
      ...base,
      title: `${to} has yet to be told: ${what(d.event)}`,
      detail: [d.attempts > 0 ? plural(d.attempts, "attempt") : "", d.error].filter(Boolean).join(", "),
      look: d.attempts > 0 ? "failed" : "plain",
    };
  }
  if (d.status === "suppressed") {
    return {
      ...base,
      title: `${to} was not told: ${what(d.event)}`,
      detail: d.error || "throttled, or over before it was its turn",
      look: "plain",
    };
  }
  return undefined;
}

/** All that happened, oldest first. */
export function timeline(i: Incident, deliveries: readonly Delivery[], name: (id: string) => string): Line[] {
  const told = new Set(i.events.map((e) => textOf(dataOf(e).delivery_id)).filter(Boolean));
  const lines = i.events.map(lineOf);
  for (const d of deliveries) {
    if (told.has(d.id)) continue;
    const line = waiting(d, name);
    if (line) lines.push(line);
  }
  // Of the same moment the history's own order holds.
  return lines
    .map((l, n) => [l, n] as const)
    .sort(([a, n], [b, m]) => a.at - b.at || n - m)
    .map(([l]) => l);
}
