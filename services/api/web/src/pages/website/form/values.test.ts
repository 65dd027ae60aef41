import { expect, test } from "vitest";
import { begin, retarget } from "./assertions";
import { fitting } from "./fields";
import { fresh } from "./monitor-form";
import { policyWords } from "./sections";
import type { FieldSpec } from "./spec";
import { assertions, kinds, settings } from "./spec.gen";
import { changes, hasField, mergePatch, put, toCreate } from "./values";
import { basicsOf, fits } from "./words";

test.each([
  [{ a: 1 }, { a: 1 }, undefined],
  [{ a: 1 }, { a: 2 }, { a: 2 }],
  [{ a: 1, b: 2 }, { b: 2 }, { a: null }],
  [{ a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } }, { a: { c: 3 } }],
  [{ a: [1, 2] }, { a: [1] }, { a: [1] }],
  [{}, { a: { b: 1 } }, { a: { b: 1 } }],
  [{ a: { b: 1 } }, {}, { a: null }],
])("the change from %j to %j is %j", (before, after, want) => {
  expect(mergePatch(before, after)).toEqual(want);
});

test("only what was changed is sent, and secrets that were not touched stay masked or out", () => {
  const base = {
    ...fresh("http", "http://127.0.0.1/"),
    settings: {
      auth: { type: "bearer", token: "***" },
      headers: [{ name: "X-Key", value: "***", secret: true }],
    },
  };
  expect(changes(base, base)).toEqual({});
  expect(changes(base, { ...base, interval_seconds: 30 })).toEqual({ interval_seconds: 30 });
  expect(changes(base, { ...base, regions: ["eu"] })).toEqual({ regions: ["eu"] });
  const more = [...base.settings.headers, { name: "Accept", value: "*/*" }];
  expect(changes(base, { ...base, settings: { ...base.settings, headers: more } })).toEqual({
    settings: { headers: more },
  });
  expect(
    changes(base, { ...base, policy: { ...base.policy, quorum: { mode: "count", count: undefined } } }),
  ).toEqual({ policy: { quorum: { mode: "count", count: 1 } } });
});

test("a heartbeat has no target, timeout or regions", () => {
  expect(Object.keys(toCreate({ ...fresh("heartbeat"), name: " nightly " })).sort()).toEqual([
    "interval_seconds",
    "kind",
    "name",
    "policy",
    "settings",
  ]);
  expect(toCreate(fresh("tcp", " db:5432 "))).toMatchObject({ target: "db:5432", regions: null });
});

test("what is at its default or empty is left out", () => {
  const flag: FieldSpec = { type: "flag", name: "follow", default: true };
  expect(put({}, flag, false)).toEqual({ follow: false });
  expect(put({ follow: false }, flag, true)).toEqual({});
  expect(put({}, { type: "choice", name: "v", options: ["a", "b"], default: "a" }, "a")).toEqual({});
  expect(put({ x: "1" }, { type: "text", name: "x" }, "")).toEqual({});
  expect(put({}, { type: "texts", name: "l", default: ["200-399"] }, ["200-399"])).toEqual({});
  expect(put({ n: 1 }, { type: "number", name: "n" }, undefined)).toEqual({});
  const tls: FieldSpec = { type: "group", name: "tls", fields: [] };
  expect(put({ tls: { ca: "x" } }, tls, {})).toEqual({});
});

test("the document has the settings of every kind, and all common ones are among them", () => {
  expect(kinds).toHaveLength(11);
  for (const kind of kinds) {
    const names = settings[kind].map((s) => s.name);
    expect(names).toEqual(expect.arrayContaining([...basicsOf(kind)]));
    expect(basicsOf(kind).length).toBeGreaterThan(0);
  }
  const secrets = JSON.stringify(settings.http).match(/"secret":true/g) ?? [];
  expect(secrets.length).toBe(4); // password, token, client_secret, key
});

test("an error is for a field that the form has, or it is told as a sentence", () => {
  const has = (p: string) => hasField(settings.http, p);
  for (const p of [
    "target",
    "policy/quorum/count",
    "settings/headers/0/name",
    "settings/headers/2",
    "settings/assertions/0/target",
    "settings/expected_status/1",
    "settings/auth/token",
  ])
    expect(has(p), p).toBe(true);
  for (const p of ["settings/later", "settings/auth/later", "kind", "settings"])
    expect(has(p), p).toBe(false);
});

test("every assertion of every source begins with a target that fits", () => {
  for (const [source, spec] of Object.entries(assertions)) {
    const first = begin(source);
    expect(Object.keys(spec.comparisons)).toContain(first.comparison);
    for (const comparison of Object.keys(spec.comparisons)) {
      const a = retarget({ ...first, comparison });
      expect("target" in a, `${source} ${comparison}`).toBe(spec.comparisons[comparison]?.type !== "none");
    }
  }
  expect(retarget({ source: "status", comparison: "matches", target: 200 })).toMatchObject({ target: "200" });
  expect(retarget({ source: "status", comparison: "equals", target: "x" })).toMatchObject({ target: null });
});

test("fields of another type of login are not asked for", () => {
  const auth = settings.http.find((s) => s.name === "auth");
  const shown = (type: string) =>
    auth?.type === "group" ? auth.fields.filter((f) => fits("auth", f, type)).map((f) => f.name) : [];
  expect(shown("basic").sort()).toEqual(["password", "type", "username"]);
  expect(shown("bearer").sort()).toEqual(["token", "type"]);
  expect(shown("oauth2")).toContain("client_secret");
  if (auth?.type !== "group") throw new Error("auth is no group");
  expect(fitting(auth, { type: "basic", token: "***", username: "u" })).toEqual({
    type: "basic",
    username: "u",
  });
});

test("the policy reads as a sentence", () => {
  const policy = (mode: string, count?: number) =>
    policyWords({ quorum: { mode, count }, confirmation_seconds: 30, recovery_rounds: 1 });
  expect(policy("majority")).toBe(
    "Down once a majority of the fresh regions fails and goes on failing for 30 s; up again after 1 clean round.",
  );
  expect(policy("count", 2)).toContain("2 regions fail ");
});
