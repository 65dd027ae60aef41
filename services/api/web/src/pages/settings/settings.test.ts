import { describe, expect, test } from "vitest";
import { type Entry, objectHref, objectName, since } from "./audit-words";
import { device } from "./device";
import { changes } from "./diff";
import { assignable, fixedBecause } from "./roles";

describe("roles", () => {
  test("only an owner makes owners", () => {
    expect(assignable("owner")).toContain("owner");
    expect(assignable("admin")).not.toContain("owner");
    expect(assignable("editor")).toEqual([]);
    expect(assignable(null)).toEqual([]);
  });
  test.each([
    ["owner", "viewer", 1, false],
    ["owner", "owner", 2, false],
    ["owner", "owner", 1, true],
    ["admin", "owner", 2, true],
    ["admin", "admin", 1, false],
    ["viewer", "viewer", 1, true],
  ] as const)("%s of %s with %s owners: fixed %s", (mine, role, owners, want) => {
    expect(fixedBecause(mine, { id: "x", role }, owners) !== undefined).toBe(want);
  });
});

test.each([
  ["Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on Linux"],
  [
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0",
    "Edge on Windows",
  ],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1", "Safari on iPhone"],
  ["curl/8.5.0", "curl"],
  ["Terraform/1.9 (+x)", "Terraform"],
  ["", "An unknown program"],
])("%s is %s", (ua, want) => expect(device(ua)).toBe(want));

describe("what an audit entry changed", () => {
  test("nested fields, those that changed first", () => {
    const got = changes(
      { name: "a", policy: { count: 1, mode: "x" } },
      { name: "a", policy: { count: 2, mode: "x" } },
    );
    expect(got.map((c) => [c.path, c.before, c.after, c.changed])).toEqual([
      ["policy.count", "1", "2", true],
      ["name", "a", "a", false],
      ["policy.mode", "x", "x", false],
    ]);
  });
  test("of what was made or removed every field", () => {
    expect(changes(null, { a: [1], b: {} })).toEqual([
      { path: "a", before: undefined, after: "[1]", changed: true },
      { path: "b", before: undefined, after: "{}", changed: true },
    ]);
    expect(changes({ a: null }, null)[0]).toMatchObject({ before: "null", after: undefined });
  });
});

const entry = (e: Record<string, unknown>): Entry =>
  ({
    object_id: "x",
    object_kind: "member",
    action: "update",
    before: null,
    after: null,
    ...e,
  }) as unknown as Entry;

test("what an object is called", () => {
  expect(objectName(entry({ after: { name: "", url: "https://a" } }))).toBe("https://a");
  expect(objectName(entry({ before: { title: "Page" } }))).toBe("Page");
  expect(objectName(entry({}), { x: "Ada" })).toBe("Ada");
  expect(objectName(entry({}))).toBe("x");
});

test("where an object is shown", () => {
  expect(objectHref(entry({ object_kind: "website" }))).toBe("/w/x");
  expect(objectHref(entry({ object_kind: "monitor", after: { website_id: "w" } }))).toBe("/w/w");
  expect(objectHref(entry({ object_kind: "website", action: "delete" }))).toBeUndefined();
});

test("where a range begins", () => {
  expect(since("24h", Date.parse("2026-01-02T00:00:00Z"))).toBe("2026-01-01T00:00:00.000Z");
  expect(since("all", 0)).toBeUndefined();
});
