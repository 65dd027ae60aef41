import { expect, test } from "vitest";
import { choose, group, isGroup, order, worstOf } from "./choose";
import { beatsOf, gone, nothing, put, type Summary, settle, votesOf } from "./held";

const summary = (id: string, more: Partial<Summary> = {}): Summary => ({
  id,
  name: `name ${id}`,
  url: `https://${id}.example.com`,
  tags: [],
  kinds: ["http"],
  status: "up",
  verdict_since: null,
  reason: "",
  muted: false,
  paused: false,
  advisory_regions: [],
  votes: [],
  slots: "-".repeat(90),
  sparkline: [],
  p50_ms: null,
  p95_ms: null,
  uptime_24h_percent: null,
  uptime_30d_percent: null,
  coverage_30d_percent: 0,
  last_checked_at: null,
  incident_id: null,
  expires_in_days: null,
  ...more,
});
const page = (...items: Summary[]) => ({
  items,
  slot_seconds: 960,
  slots_end: "2026-01-01T00:16:00Z",
  ticks_away: false,
});
const rowsOf = (...items: Summary[]) => [...put(nothing, page(...items), 1).rows.values()];
const ids = (rows: readonly { s: Summary }[]) => rows.map((r) => r.s.id);

const all = { q: "", tags: [], verdicts: [], kind: "" };
const some = rowsOf(
  summary("shop", { tags: ["prod", "eu"], status: "down" }),
  summary("api", { tags: ["prod"], kinds: ["http", "tls"] }),
  summary("blog", { status: "degraded" }),
);

test.each([
  ["all", all, ["shop", "api", "blog"]],
  ["every word", { ...all, q: "NAME example shop" }, ["shop"]],
  ["a tag by search", { ...all, q: "prod" }, ["shop", "api"]],
  ["all of the tags", { ...all, tags: ["prod", "eu"] }, ["shop"]],
  ["one of the verdicts", { ...all, verdicts: ["down", "degraded"] }, ["shop", "blog"]],
  ["a kind", { ...all, kind: "tls" }, ["api"]],
  ["nothing", { ...all, q: "prod", kind: "dns" }, []],
])("chooses %s", (_, wanted, want) => expect(ids(choose(some, wanted))).toEqual(want));

test.each([
  ["verdict", false, ["shop", "blog", "api"]],
  ["verdict", true, ["api", "blog", "shop"]],
  ["name", false, ["api", "blog", "shop"]],
])("orders by %s, descending: %s", (key, descending, want) =>
  expect(ids(order(some, { key, descending }))).toEqual(want),
);

test("what is not known stands last in either direction", () => {
  const rows = rowsOf(summary("a", { p95_ms: 5 }), summary("b"), summary("c", { p95_ms: 9 }));
  expect(ids(order(rows, { key: "p95", descending: false }))).toEqual(["a", "c", "b"]);
  expect(ids(order(rows, { key: "p95", descending: true }))).toEqual(["c", "a", "b"]);
});

test("of those that are up, the ones some region sees fail come first", () => {
  const rows = rowsOf(summary("a"), summary("b", { advisory_regions: ["eu"] }));
  expect(ids(order(rows, { key: "verdict", descending: false }))).toEqual(["b", "a"]);
});

test("a website stands under each of its tags, and a closed group keeps its heading", () => {
  const lines = group(some, new Set(["eu"]));
  expect(
    lines.map((l) => (isGroup(l) ? `${l.group} ${l.count} ${l.worst}` : `${l.under}/${l.row.s.id}`)),
  ).toEqual([
    "eu 1 down",
    "prod 2 down",
    "prod/shop",
    "prod/api",
    "Without a tag 1 degraded",
    "Without a tag/blog",
  ]);
});

test("the worst makes the icon", () => {
  expect(worstOf(some)?.s.id).toBe("shop");
  expect(worstOf([])).toBeUndefined();
});

test("an older answer does not replace a newer one, and a change is marked", () => {
  let held = put(nothing, page(summary("a")), 10);
  expect(held.rows.get("a")?.changedAt).toBe(0);
  held = put(held, page(summary("a", { status: "down" })), 20);
  expect(held.rows.get("a")?.changedAt).toBeGreaterThan(0);
  held = put(held, page(summary("a")), 15);
  expect(held.rows.get("a")?.status).toBe("down");
});

test("what no page had is gone, unless it came meanwhile", () => {
  let held = put(nothing, page(summary("old"), summary("kept")), 1);
  held = put(held, page(summary("new")), 30);
  held = settle(held, new Set(["kept"]), 20);
  expect([...held.rows.keys()].sort()).toEqual(["kept", "new"]);
  expect(held.complete).toBe(true);
  expect([...gone(held, "new").rows.keys()]).toEqual(["kept"]);
});

test("an old vote is not drawn as if it were known", () => {
  const votes = votesOf({
    votes: [
      { region: "a", vote: "pass", fresh: true, counted: true },
      { region: "b", vote: "pass", fresh: false, counted: false },
      { region: "c", vote: "fail", fresh: true, counted: false },
      { region: "d", vote: "none", fresh: false, counted: false },
    ],
  });
  expect(votes.map((v) => [v.verdict, v.excluded])).toEqual([
    ["up", undefined],
    ["unknown", "too old to count"],
    ["down", "not counted"],
    ["pending", undefined],
  ]);
});

test("slots become beats from when it was watched, up to the end of the last", () => {
  const [row] = rowsOf(summary("a", { slots: `${"-".repeat(87)}upx` }));
  const beats = row ? beatsOf(row) : [];
  expect(beats.map((b) => b.verdict)).toEqual(["up", "degraded", "down"]);
  expect(beats[1]?.word).toBe("Partly failing");
  expect(beats[2]?.until).toBe(Date.parse("2026-01-01T00:16:00Z"));
  expect(beats[2]?.at).toBe(Date.parse("2026-01-01T00:00:00Z"));
});
