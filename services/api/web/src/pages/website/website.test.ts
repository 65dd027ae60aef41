import { load } from "js-yaml";
import { expect, test } from "vitest";
import type { Schema } from "@/api/client";
import { nearest } from "./check-sheet";
import { merged, withTick } from "./checks";
import { asCurl, asYaml, quoted } from "./copies";
import { lastChecked, moved, ringVotes, type Tick, type Vote, websiteRing } from "./data";
import { assertionWords } from "./evidence";
import { snippet } from "./heartbeat";
import { bandsOf, byPhase, byRegion } from "./latency";
import { fromInput, presets, resolution, spanCodec, toInput } from "./range";
import { coverageWords, verdictOfDay } from "./uptime";

const t0 = Date.UTC(2026, 10, 20, 12);
const iso = (seconds: number) => new Date(t0 + seconds * 1000).toISOString();

function point(seconds: number, p50: number | null, more: Partial<Schema["LatencyPoint"]> = {}) {
  return {
    time: iso(seconds),
    count: 1,
    ok: p50 === null ? 0 : 1,
    min_ms: p50,
    mean_ms: p50,
    max_ms: p50,
    p50_ms: p50,
    p95_ms: p50,
    dns_ms: p50 === null ? null : 1,
    connect_ms: p50 === null ? null : 2,
    tls_ms: p50 === null ? null : 3,
    ttfb_ms: p50 === null ? null : 4,
    transfer_ms: p50 === null ? null : 5,
    ...more,
  };
}

const latency = (series: Schema["Latency"]["series"]): Schema["Latency"] => ({
  monitor_id: "m",
  from: iso(0),
  to: iso(600),
  resolution_seconds: 60,
  source: "raw",
  series,
});

test("each region has a line; what failed is a gap", () => {
  const drawn = byRegion(
    latency([
      { region: "eu", points: [point(0, 10), point(60, null), point(120, 30)] },
      { region: "us", points: [point(0, 11), point(60, 12), point(120, 13)] },
    ]),
    60,
    "p50",
  );
  expect(drawn.series.map((s) => [s.key, s.values])).toEqual([
    ["eu", [10, null, 30]],
    ["us", [11, 12, 13]],
  ]);
  expect(drawn.gaps).toEqual([]);
});

test("a bucket that a slow monitor misses is bridged, a long silence is not", () => {
  const drawn = byRegion(
    latency([
      { region: "eu", points: [point(0, 10), point(120, 20), point(600, 30)] },
      { region: "us", points: [point(60, 5)] },
    ]),
    60,
    "p50",
  );
  const eu = drawn.series[0]?.values;
  expect(drawn.times.map((t) => (t - t0) / 1000)).toEqual([0, 60, 120, 180, 540, 600]);
  expect(eu).toEqual([10, 15, 20, null, null, 30]);
  expect(drawn.gaps).toEqual([{ from: t0 + 180_000, to: t0 + 600_000 }]);
});

test("phases of all regions weigh as much as was measured", () => {
  const l = latency([
    { region: "eu", points: [point(0, 10, { ok: 3, dns_ms: 2 })] },
    { region: "us", points: [point(0, 10, { ok: 1, dns_ms: 6 })] },
    { region: "ap", points: [point(0, null)] },
  ]);
  const dns = (region: string) => byPhase(l, 60, region).series[0]?.values;
  expect(dns("")).toEqual([3]);
  expect(dns("us")).toEqual([6]);
  expect(dns("ap")).toEqual([null]);
});

test("what is shaded touches the range, and an open outage reaches to the present", () => {
  const down = { started_at: iso(100), ended_at: null, reason: "timeout" } as Schema["Downtime"];
  const before = { started_at: iso(-200), ended_at: iso(-100), reason: "dns" } as Schema["Downtime"];
  const slow = { severity: "degraded", opened_at: iso(10), resolved_at: iso(20), explanation: "slow" };
  const bands = bandsOf(
    { from: t0, to: t0 + 600_000 },
    [down, before],
    [slow as Schema["Incident"], { ...slow, severity: "down" } as Schema["Incident"]],
    [],
    t0 + 300_000,
    (r) => r,
  );
  expect(bands).toEqual([
    { from: t0 + 10_000, to: t0 + 20_000, kind: "degraded", label: "slow" },
    { from: t0 + 100_000, to: t0 + 300_000, kind: "down", label: "down: timeout" },
  ]);
});

test.each([
  [3_600, 10, 15],
  [3_600, 60, 60],
  [86_400, 10, 600],
  [presets["90d"], 60, 43_200],
  [3_600, 86_400, 900],
])("in %i s with checks every %i s a point is %i s", (span, interval, want) => {
  expect(resolution({ from: 0, to: span * 1000 }, interval)).toBe(want);
});

test("a range survives its link, and a wrong one is passed over", () => {
  const span = { from: t0, to: t0 + 90_000 };
  expect(spanCodec.parse(spanCodec.format(span))).toEqual(span);
  for (const wrong of ["", "x_y", `${iso(5)}_${iso(1)}`, iso(1)])
    expect(spanCodec.parse(wrong)).toBeUndefined();
  expect(fromInput(toInput(t0, true), true)).toBe(t0);
  expect(fromInput(toInput(t0, false), false)).toBe(t0);
  expect(fromInput("", true)).toBeUndefined();
});

const tick = (seconds: number, more: Partial<Tick> = {}) =>
  ({
    time: iso(seconds),
    region: "eu",
    ok: true,
    outcome: "pass",
    reason: "",
    latency_ms: 5,
    ...more,
  }) as Tick;
const pages = (...items: Tick[]) => ({ pages: [{ items, next_cursor: null }], pageParams: [undefined] });

test("a check that is done takes its place, once", () => {
  const now = pages(tick(20), tick(0));
  const order = (p: ReturnType<typeof withTick>) =>
    p.pages[0]?.items.map((t) => (Date.parse(t.time) - t0) / 1000);
  expect(order(withTick(now, tick(30)))).toEqual([30, 20, 0]);
  expect(order(withTick(now, tick(10)))).toEqual([20, 10, 0]);
  expect(order(withTick(now, tick(-5)))).toEqual([20, 0, -5]);
  expect(withTick(now, tick(20))).toBe(now);
  expect(order(withTick(now, tick(20, { region: "us" })))).toEqual([20, 20, 0]);
  // Whole seconds are written without a fraction.
  expect(order(withTick(pages(tick(20.5), tick(0)), { ...tick(20), time: "2026-11-20T12:00:20Z" }))).toEqual([
    20.5, 20, 0,
  ]);
});

test("an answer that lags behind the live checks hides none of them", () => {
  const rows = merged([tick(30), tick(20)], pages(tick(20), tick(10)));
  expect(rows.map((t) => (Date.parse(t.time) - t0) / 1000)).toEqual([30, 20, 10]);
  expect(merged([], undefined)).toEqual([]);
});

test("evidence is that of the check, or of the nearest like it", () => {
  const failure = (seconds: number, reason = "timeout") => ({ due: iso(seconds), reason });
  const find = (list: ReturnType<typeof failure>[], reason = "timeout") =>
    nearest(list, { time: iso(100), reason })?.after;
  expect(find([failure(90), failure(100), failure(99)])).toBe(0);
  expect(find([failure(160), failure(60)])).toBe(-40);
  expect(find([failure(90, "dns"), failure(140)])).toBe(40);
  expect(find([failure(90, "dns")])).toBeUndefined();
  expect(find([failure(-100_000)])).toBeUndefined();
});

const vote = (more: Partial<Vote> = {}) =>
  ({
    region: "eu",
    vote: "pass",
    reason: "",
    detail: "",
    since: iso(0),
    due: iso(50),
    counted: true,
    fresh: true,
    ...more,
  }) as Vote;

test("a later check moves the vote of its region on; an earlier one does not", () => {
  const failed = tick(60, { ok: false, outcome: "fail", reason: "timeout" });
  expect(moved(vote(), failed)).toMatchObject({
    vote: "fail",
    reason: "timeout",
    since: iso(60),
    due: iso(60),
  });
  expect(moved(vote(), tick(60))).toMatchObject({ vote: "pass", since: iso(0), due: iso(60) });
  const v = vote();
  expect(moved(v, tick(40))).toBe(v);
  expect(moved(v, undefined)).toBe(v);
});

test("a vote that is old is unknown, whatever it was", () => {
  const monitor = { interval_seconds: 10, timeout_ms: 5_000 } as Schema["Monitor"];
  const at = (seconds: number) => ringVotes(monitor, [vote()], t0 + seconds * 1000)[0];
  expect(at(60)).toMatchObject({ verdict: "up", excluded: undefined });
  expect(at(200)).toMatchObject({ verdict: "unknown", excluded: "silent" });
});

test("the ring of a website shows the worst that each region sees", () => {
  const ring = websiteRing([
    [
      { region: "us", verdict: "up" },
      { region: "eu", verdict: "down" },
    ],
    [
      { region: "us", verdict: "degraded" },
      { region: "eu", verdict: "up" },
    ],
  ]);
  expect(ring.map((v) => `${v.region} ${v.verdict}`)).toEqual(["eu down", "us degraded"]);
  // The calls of a job come from no region.
  const own = { region: "heartbeat", verdict: "up" } as const;
  expect(websiteRing([[own]])).toEqual([own]);
  expect(websiteRing([[own], [{ region: "us", verdict: "up" }]]).map((v) => v.region)).toEqual(["us"]);
  expect(lastChecked(new Map([["m", [vote(), vote({ region: "us", due: iso(70) })]]]))).toEqual({
    at: t0 + 70_000,
    regions: 2,
  });
});

test("a day is as bad as its worst; one that nobody watched is not up", () => {
  const day = (more: object) =>
    verdictOfDay({
      up_seconds: 0,
      degraded_seconds: 0,
      down_seconds: 0,
      unknown_seconds: 0,
      ...more,
    } as Schema["UptimeDay"]);
  expect(day({ up_seconds: 86_000, down_seconds: 1 })).toBe("down");
  expect(day({ up_seconds: 1, degraded_seconds: 1 })).toBe("degraded");
  expect(day({ up_seconds: 1 })).toBe("up");
  expect(day({ unknown_seconds: 1 })).toBe("unknown");
  expect(day({})).toBe("paused");
});

test("a little that is known is not nothing", () => {
  const u = (known: number, coverage_percent: number) =>
    coverageWords({
      total_seconds: 1_000,
      unknown_seconds: 0,
      unmonitored_seconds: 1_000 - known,
      coverage_percent,
    } as Schema["Uptime"]);
  expect(u(1, 0)).toBe("< 0.01 %");
  expect(u(0, 0)).toBe("0 %");
  expect(u(1_000, 100)).toBe("100 %");
});

test("what is copied can be pasted", () => {
  expect(quoted("it's")).toBe(`'it'\\''s'`);
  const curl = asCurl("http://x", "/v1/websites", { name: "it's" });
  expect(curl).toContain("$PROBEFLEET_API_KEY");
  expect(curl).toContain(`-d '{"name":"it'\\''s"}'`);
  const value = { a: "***", b: ["2xx", 200], c: { d: "yes", e: "line\nline" } };
  expect(load(asYaml(value))).toEqual(value);
  for (const way of ["curl", "cron", "job"] as const)
    expect(snippet(way, "http://x/hb")).toContain("http://x/hb");
});

test("an assertion reads as a sentence", () => {
  expect(
    assertionWords({ source: "header", property: "Content-Type", comparison: "contains", expected: "json" }),
  ).toBe("Header Content-Type contains json");
  expect(assertionWords({ source: "later", comparison: "odd", expected: 3 })).toBe("later odd 3");
});
