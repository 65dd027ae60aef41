import { describe, expect, it } from "vitest";
import { project } from "@/pages/overview/map/project";
import { command } from "./add";
import { advice, wellWords } from "./advice";
import type { Fleet, FleetRegion, Minute, Region } from "./data";
import { sumOf } from "./ledger";
import { unproject } from "./world";

const now = Date.parse("2026-01-01T14:10:00Z");
const region = (more: Partial<Region>): Region => ({
  name: "eu-west",
  title: "",
  latitude: null,
  longitude: null,
  enabled: true,
  private: false,
  own: true,
  state: "active",
  live_workers: 1,
  workers: [],
  last_seen_at: "2026-01-01T14:02:00Z",
  sick_since: null,
  waiting: 0,
  oldest_waiting_ms: 0,
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
  ...more,
});
const fleet = (more: Partial<Fleet>): Fleet => ({
  time: "2026-01-01T14:10:00Z",
  balanced: true,
  regions: [],
  stages: [{ stage: "pusher", ok: true, lag_ms: 900, waiting: null, detail: "" }],
  events: [],
  recent_events: [],
  queue_memory_bytes: 1,
  queue_memory_max_bytes: 100,
  ...more,
});
const minute = (more: Partial<Minute>): Minute => ({
  minute: "2026-01-01T14:00:00Z",
  scheduled: 10,
  done: 10,
  expired: 0,
  invalid: 0,
  missed: 0,
  waiting: 0,
  balance: 0,
  restarts: 0,
  ...more,
});
const whats = (f: Fleet, regions: Region[]) => advice(f, regions, now, "utc").map((a) => a.what);

describe("what is not well, and what to do", () => {
  it("is nothing while all is well", () => {
    expect(advice(fleet({}), [region({})], now, "utc")).toEqual([]);
    expect(wellWords(fleet({}), [region({}), region({ enabled: false, state: "disabled" })])).toBe(
      "1 of 1 region active, every check accounted for, nothing lags",
    );
  });

  it("names since when a region is silent, and how to start a worker", () => {
    const [a] = advice(fleet({}), [region({ state: "silent", live_workers: 0, waiting: 3 })], now, "utc");
    expect(a?.what).toBe("No worker of eu-west was heard since 14:02:00.");
    expect(a?.todo).toContain("3 checks of it wait");
    expect(a?.command).toBe("set -a; . ./eu-west.env; set +a; bin/worker");
  });

  it("has the worst first", () => {
    const sick = region({ name: "us-east", state: "sick", sick_since: "2026-01-01T13:00:00Z" });
    const stalled = fleet({
      stages: [{ stage: "aggregator", ok: false, lag_ms: 42_000, waiting: 9, detail: "" }],
      queue_memory_bytes: 60,
    });
    expect(whats(stalled, [region({ name: "new", state: "pending" }), sick])).toEqual([
      "The aggregator is 42 s behind.",
      "us-east fails what the others find well since 13:00:00.",
      "The queue's memory is 60 % full.",
      "A worker of new has registered itself, a region that nobody has added.",
    ]);
  });

  it("says how many checks cannot be accounted for", () => {
    const lost = {
      region: "eu-west",
      balanced: false,
      dead_letters: 0,
      ledger_minutes: [minute({ balance: 2 })],
      urgent_ledger_minutes: [],
    };
    expect(whats(fleet({ regions: [lost as unknown as FleetRegion] }), [])).toEqual([
      "2 checks of eu-west cannot be accounted for within the last hour.",
    ]);
  });
});

it("adds up the minutes of a lane", () => {
  expect(sumOf([minute({}), minute({ done: 8, missed: 1, expired: 1 })])).toMatchObject({
    scheduled: 20,
    done: 18,
    missed: 1,
    expired: 1,
    balance: 0,
  });
});

it("finds the place that was clicked", () => {
  for (const [latitude, longitude] of [
    [-23.55, -46.63],
    [53.34, -6.27],
    [0, 0],
    [-41.3, 174.8],
  ] as const) {
    const { x, y } = project(longitude, latitude);
    expect(unproject(x, y)).toEqual({ latitude, longitude });
  }
  expect(unproject(2, 20)).toBeUndefined();
});

it("gives the key to the shell as it is", () => {
  expect(command("checkout", "sao-paulo", "a+b/c=")).toContain("echo 'a+b/c=' > .data/regions/sao-paulo.key");
  expect(command("docker", "sao-paulo", "a+b/c=")).toContain("REGION_KEY='a+b/c='");
});
