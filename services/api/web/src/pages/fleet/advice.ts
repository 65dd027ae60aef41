import { clock, count, duration, instant, percent, plural, short, type Zone } from "@/lib/format";
import type { Verdict } from "@/ui";
import type { Fleet, FleetRegion, Region, Stage } from "./data";

/** Something that is not well, and what to do about it. */
export interface Advice {
  key: string;
  verdict: Verdict;
  what: string;
  todo: string;
  /** To be typed on the machine that it is about. */
  command?: string;
  region?: string;
}

/** "14:02:10", with its day if that is another one. */
export function since(at: string, now: number, zone: Zone): string {
  const t = instant(at);
  return now - t < 20 * 3_600_000 ? clock(t, zone) : short(t, zone);
}

export const startWorker = (region: string): string => `set -a; . ./${region}.env; set +a; bin/worker`;

export const stateWords: Record<Region["state"], { verdict: Verdict; word: string }> = {
  active: { verdict: "up", word: "Active" },
  sick: { verdict: "degraded", word: "Sick, has no vote" },
  silent: { verdict: "down", word: "Silent" },
  disabled: { verdict: "paused", word: "Disabled" },
  pending: { verdict: "pending", word: "Waits to be enabled" },
};

function ofRegion(r: Region, now: number, zone: Zone): Advice | undefined {
  switch (r.state) {
    case "silent":
      return {
        key: `silent ${r.name}`,
        region: r.name,
        verdict: "down",
        what: r.last_seen_at
          ? `No worker of ${r.name} was heard since ${since(r.last_seen_at, now, zone)}.`
          : `No worker of ${r.name} was ever heard.`,
        todo: `The other regions judge without it${r.waiting ? `, and ${plural(r.waiting, "check")} of it wait` : ""}. Is its machine up, and does it reach Redis? Its log says why. Start one with:`,
        command: startWorker(r.name),
      };
    case "sick":
      return {
        key: `sick ${r.name}`,
        region: r.name,
        verdict: "degraded",
        what: `${r.name} fails what the others find well${r.sick_since ? ` since ${since(r.sick_since, now, zone)}` : ""}.`,
        todo: "Its votes do not count until three clean windows have passed. Look at the network of its machine: name servers, a firewall or proxy on the way out, packet loss.",
      };
    case "pending":
      return {
        key: `pending ${r.name}`,
        region: r.name,
        verdict: "pending",
        what: `A worker of ${r.name} has registered itself, a region that nobody has added.`,
        todo: "Enable the region if it is yours: it gets checks and a vote then. If it is not, see who has the credentials of Redis.",
      };
    default:
      return undefined;
  }
}

const stageTodo: Record<Stage["stage"], { name: string; todo: string; command?: string }> = {
  pusher: {
    name: "The pusher",
    todo: "Without it no check is scheduled. Is its process there, and does it reach Redis and PostgreSQL?",
    command: "make status; tail .data/log/pusher.log",
  },
  worker: {
    name: "Checking",
    todo: "Checks wait longer than they should: start more workers in the region whose checks wait, each with a WORKER_ID of its own, or raise their CONCURRENCY.",
  },
  aggregator: {
    name: "The aggregator",
    todo: "Results are not judged in time: verdicts are late. Is its process there, and does it reach PostgreSQL? Another replica shares its work.",
    command: "make status; tail .data/log/aggregator.log",
  },
  ticks: {
    name: "Writing to InfluxDB",
    todo: "Charts lag behind; verdicts and alerts do not depend on it. Is InfluxDB up, and is its disk full?",
    command: "make status; tail .data/log/influxdb.log",
  },
  notifier: {
    name: "The notifier",
    todo: "Alerts wait to be sent. Is its process there, and do the channels answer? Their deliveries say what they said.",
    command: "make status; tail .data/log/notifier.log",
  },
};

export const stageNames: Record<Stage["stage"], string> = {
  pusher: "Scheduling (pusher)",
  worker: "Checking (workers)",
  aggregator: "Judging (aggregator)",
  ticks: "Charts (InfluxDB)",
  notifier: "Alerts (notifier)",
};

function ofStage(s: Stage): Advice | undefined {
  if (s.ok) return undefined;
  const t = stageTodo[s.stage];
  const lag = s.lag_ms !== null && s.lag_ms >= 1_000 ? ` is ${duration(s.lag_ms / 1000)} behind` : "";
  return {
    key: `stage ${s.stage}`,
    verdict: "down",
    what: `${t?.name ?? s.stage}${lag || (s.detail ? "" : " stands still")}${s.detail ? `${lag ? "," : ":"} ${s.detail}` : ""}.`,
    todo: t?.todo ?? "",
    ...(t?.command ? { command: t.command } : {}),
  };
}

function ofLedger(r: FleetRegion): Advice[] {
  const out: Advice[] = [];
  if (!r.balanced) {
    const open = [...r.ledger_minutes, ...r.urgent_ledger_minutes].reduce(
      (n, m) => n + Math.abs(m.balance),
      0,
    );
    out.push({
      key: `ledger ${r.region}`,
      region: r.region,
      verdict: "degraded",
      what: `${plural(open, "check")} of ${r.region} cannot be accounted for within the last hour.`,
      todo: "Has Redis lost data, or come back with an older state? Its log says so. It goes by itself an hour later; if it grows, report it as a fault.",
    });
  }
  if (r.dead_letters > 0) {
    out.push({
      key: `dead ${r.region}`,
      region: r.region,
      verdict: "degraded",
      what: `${plural(r.dead_letters, "message")} of ${r.region} could not be read.`,
      todo: "A worker of another version or with another REGION_KEY wrote them: make its key and version those of the fleet.",
    });
  }
  return out;
}

function ofMemory(f: Fleet): Advice | undefined {
  if (f.queue_memory_max_bytes === 0) return undefined;
  const share = f.queue_memory_bytes / f.queue_memory_max_bytes;
  if (share < 0.5) return undefined;
  return {
    key: "memory",
    verdict: share >= 0.7 ? "down" : "degraded",
    what: `The queue's memory is ${percent(share * 100, 0)} full.`,
    todo:
      share >= 0.7
        ? "Checks are shed and counted as missed. Something downstream does not keep up, most likely InfluxDB: see the lags. More room: REDIS_MAXMEMORY."
        : "Results wait, most likely because InfluxDB is away; the oldest that are judged already are dropped, so that charts lose before checks do.",
  };
}

/** All that is not well, the worst first, each with what to do. */
export function advice(f: Fleet | undefined, regions: readonly Region[], now: number, zone: Zone): Advice[] {
  const out: Advice[] = [];
  for (const e of f?.events ?? []) {
    if (e.kind === "blind") {
      out.push({
        key: "blind",
        verdict: "down",
        what: `No region reaches the world since ${since(e.opened_at, now, zone)}: ${e.explanation}`,
        todo: "Verdicts are unknown until a canary is reached again. Look at the uplink that the workers share, and at CANARY_TARGETS.",
      });
    }
  }
  const add = (a: Advice | undefined) => a && out.push(a);
  for (const r of regions) add(ofRegion(r, now, zone));
  for (const s of f?.stages ?? []) add(ofStage(s));
  for (const r of f?.regions ?? []) out.push(...ofLedger(r));
  if (f) add(ofMemory(f));
  const rank: Verdict[] = ["down", "degraded", "unknown", "pending"];
  return out.sort((a, b) => rank.indexOf(a.verdict) - rank.indexOf(b.verdict));
}

/** "● 3 of 3 regions active, every check accounted for, nothing lags". */
export function wellWords(f: Fleet | undefined, regions: readonly Region[]): string {
  const enabled = regions.filter((r) => r.enabled);
  const active = enabled.filter((r) => r.state === "active");
  return [
    `${count(active.length)} of ${plural(enabled.length, "region")} active`,
    f ? (f.balanced ? "every check accounted for" : "") : "",
    f?.stages.every((s) => s.ok) ? "nothing lags" : "",
  ]
    .filter(Boolean)
    .join(", ");
}
