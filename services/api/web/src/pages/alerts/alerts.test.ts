import { describe, expect, test } from "vitest";
import { Problem } from "@/api/problem";
import { changed, created, fieldError, kept, read } from "./config";
import { kindOf, newSecret } from "./kinds";
import { type Delivery, inSeconds, outcome, rhythm, tellsOfDown, testFailure } from "./words";

const webhook = kindOf("webhook").fields;
const email = kindOf("email").fields;
const none = new Set<string>();
const smtp = new Set(["smtp"]);

describe("what a form sends", () => {
  test("a new channel leaves out what is empty", () => {
    const values = { url: " https://a.example/x ", secret: "", template: "" };
    expect(created(values, webhook, none)).toEqual({ url: "https://a.example/x" });
  });
  test("a mail server's port is a number, and the part is sent even if nothing is in it", () => {
    expect(created({ to: ["a@b.c"], "smtp/host": "mx", "smtp/port": "25" }, email, smtp)).toEqual({
      to: ["a@b.c"],
      smtp: { host: "mx", port: 25 },
    });
    expect(created({ to: ["a@b.c"] }, email, smtp)).toEqual({ to: ["a@b.c"], smtp: {} });
  });
  const was = { url: "https://a.example/?token=***", secret: "***", template: "{{json .}}" };
  test.each([
    ["nothing that was not touched", {}, none, {}],
    ["a new secret", { secret: "whsec_x" }, none, { secret: "whsec_x" }],
    ["a template that goes", { template: "" }, none, { template: null }],
    ["a secret that goes", {}, new Set(["secret"]), { secret: null }],
    ["a secret that was typed after all", { secret: "whsec_x" }, new Set(["secret"]), { secret: "whsec_x" }],
  ])("%s", (_, touched, removed, want) => {
    expect(changed(was, { ...read(was, webhook), ...touched }, webhook, none, removed)).toEqual(want);
  });
  test("a mail server comes and goes as a whole", () => {
    const own = { to: ["a@b.c"], smtp: { host: "mx", port: 25, security: "none", pass: "***" } };
    const values = read(own, email);
    expect(values["smtp/pass"]).toBe("");
    expect(changed(own, values, email, smtp)).toEqual({});
    expect(changed(own, values, email, none)).toEqual({ smtp: null });
    expect(changed({ to: ["a@b.c"] }, { to: ["a@b.c"], "smtp/host": "mx" }, email, smtp)).toEqual({
      smtp: { host: "mx" },
    });
  });
});

test("which secrets the API keeps", () => {
  expect(kept({ smtp: { pass: "***" } }, "smtp/pass")).toBe(true);
  expect(kept({ smtp: { pass: "" } }, "smtp/pass")).toBe(false);
  expect(kept({}, "smtp/pass")).toBe(false);
});

test("the error of an entry belongs to its list", () => {
  const all = { "config/to/1": "Named twice.", "config/total": "No." };
  expect(fieldError((p) => (all as Record<string, string>)[p], all, "to")).toBe("Named twice.");
});

test("a secret is what Standard Webhooks asks for", () => {
  expect(newSecret()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
});

const delivery = (d: Partial<Delivery>): Delivery =>
  ({
    status: "delivered",
    attempts: 1,
    error: "",
    response: null,
    created_at: "2026-01-01T00:00:00.000Z",
    finished_at: "2026-01-01T00:00:00.400Z",
    ...d,
  }) as Delivery;

test.each<[Partial<Delivery>, string]>([
  [{}, "delivered in 0.4 s"],
  [{ status: "dead", response: { code: 404, text: "no_service\nmore" } }, "refused: 404 no_service"],
  [{ status: "dead", error: "connect timeout" }, "no answer: connect timeout"],
  [{ status: "pending", finished_at: null }, "on its way"],
  [
    {
      status: "pending",
      finished_at: null,
      attempts: 3,
      error: "answered 503",
      response: { code: 503, text: "" },
    },
    "waits after 3 attempts: 503",
  ],
  [{ status: "suppressed", error: "muted" }, "not told: muted"],
  [{ status: "combined" }, "told with another"],
])("outcome of %j reads %s", (d, want) => expect(outcome(delivery(d))).toBe(want));

test.each([
  [0, "0.1 s"],
  [0.44, "0.4 s"],
  [9.96, "10.0 s"],
  [61, "1 min 1 s"],
])("%s s reads %s", (s, want) => expect(inSeconds(s)).toBe(want));

test("a test that nobody answered", () => {
  expect(testFailure(new Problem(504, { detail: "The notifier is away." }))).toContain("no answer");
});

test("rhythm", () => {
  expect(rhythm({ reminder_seconds: 1_800, throttle_seconds: 3_600 })).toBe(
    "reminds every 30 min, one per website in 1 h",
  );
  expect(rhythm({ reminder_seconds: 0, throttle_seconds: 0 })).toBe("");
});

test.each([
  [[], false],
  [[{ enabled: false, events: ["down" as const] }], false],
  [[{ enabled: true, events: ["expiry" as const] }], false],
  [[{ enabled: true, events: ["down" as const] }], true],
])("somebody is told of a down: %j", (channels, want) => expect(tellsOfDown(channels)).toBe(want));
