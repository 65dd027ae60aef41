import { render, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Schema } from "@/api/client";
import { bound, facts } from "./facts";
import { gridOf, stretches } from "./grid";
import { Prose } from "./note";
import { type EvidenceVote, type Incident, roundsOf } from "./record";
import { timeline } from "./timeline";

const at = (s: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, 0) + s * 1000).toISOString();
const ms = (s: number) => Date.parse(at(s));

const vote = (region: string, more: Partial<EvidenceVote>): EvidenceVote => ({
  region,
  vote: "fail",
  reason: "status",
  due: at(11),
  latency_ms: 5,
  status_code: 503,
  resolved_ip: "192.0.2.1",
  counted: true,
  ...more,
});

const event = (kind: string, s: number, data: object): Incident["events"][number] => ({
  id: `${kind}${s}`,
  at: at(s),
  kind,
  data: data as Record<string, never>,
});

function incident(more: Partial<Incident> = {}): Incident {
  const evidence = {
    round: 1,
    quorum: { mode: "majority", k: 2, n: 2, failed: 2, assigned: 3 },
    rounds: [{ round: 1, at: at(11), ended: at(11.2), answered: 2, failed: 2, verdict: "down" }],
    votes: [
      vote("us-east", {}),
      vote("eu-west", {}),
      vote("ap-south", {
        vote: "pass",
        reason: "",
        due: at(2),
        status_code: 200,
        counted: false,
        why: "no_answer",
      }),
    ],
  };
  return {
    id: "i",
    website_id: "w",
    monitor_id: "m",
    website_name: "shop",
    url: "https://shop.example",
    severity: "down",
    status: "open",
    opened_at: at(11.2),
    resolved_at: null,
    acknowledged_at: null,
    acknowledged_by: null,
    duration_seconds: 3,
    explanation: "Down: 2 of 2 fresh regions failed",
    resolution: "",
    note: "",
    evidence: evidence as unknown as Incident["evidence"],
    events: [
      event("first_failure", 10, { reason: "status" }),
      event("round", 11.2, evidence.rounds[0] ?? {}),
      event("opened", 11.2, { told: true }),
    ],
    failures: [],
    ...more,
  };
}

const tick = (region: string, s: number, ok: boolean, urgent = false): Schema["Tick"] => ({
  time: at(s),
  region,
  ok,
  outcome: ok ? "pass" : "fail",
  reason: ok ? "" : "status",
  status_code: ok ? 200 : 503,
  latency_ms: 5,
  dns_ms: 1,
  connect_ms: 1,
  tls_ms: 0,
  ttfb_ms: 3,
  transfer_ms: 0,
  late_ms: 0,
  urgent,
});

const monitor = {
  kind: "http",
  interval_seconds: 30,
  timeout_ms: 10_000,
  updated_at: at(-100),
  policy: { quorum: { mode: "majority" }, confirmation_seconds: 0, recovery_rounds: 2 },
} as unknown as Schema["Monitor"];

describe("the grid of evidence", () => {
  const ticks = [
    tick("us-east", 0, true),
    tick("eu-west", 1, true),
    tick("ap-south", 2, true),
    tick("us-east", 10, false),
    tick("us-east", 11, false, true),
    tick("eu-west", 11, false, true),
  ];
  const grid = gridOf(incident(), ticks, 10_000);

  it("has a column for each look of all regions and one for the round", () => {
    expect(grid.regions).toEqual(["ap-south", "eu-west", "us-east"]);
    expect(grid.columns.map((c) => [...c.cells.keys()].sort())).toEqual([
      ["ap-south", "eu-west", "us-east"],
      ["us-east"],
      ["ap-south", "eu-west", "us-east"],
    ]);
    expect(grid.columns.map((c) => [c.mark, c.round?.round])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
      ["opened", 1],
    ]);
  });

  it("shows a vote that was not counted where it was decided, and the check as it was", () => {
    expect(grid.columns[2]?.cells.get("ap-south")).toMatchObject({
      verdict: "unknown",
      excluded: "no_answer",
    });
    expect(grid.columns[0]?.cells.get("ap-south")).toMatchObject({ verdict: "up", excluded: undefined });
  });

  it("puts together what several sources know of one check", () => {
    expect(grid.columns[2]?.cells.get("us-east")).toMatchObject({
      verdict: "down",
      resolvedIp: "192.0.2.1",
      phases: { ttfb_ms: 3 },
      evidence: true,
    });
  });

  it("does without single checks, with what the verdict rested on", () => {
    const bare = gridOf(incident(), [], 10_000);
    expect(bare.columns).toHaveLength(1);
    expect(bare.columns[0]?.cells.size).toBe(3);
    const first = { ...vote("us-east", {}), due: at(10), outcome: "fail", detail: "", worker: "a" };
    const failures = [first as unknown as NonNullable<Incident["failures"]>[number]];
    const overtaken = gridOf(incident({ failures }), [], 10_000);
    expect(overtaken.columns.map((c) => c.round?.round)).toEqual([undefined, 1]);
    expect(
      gridOf(incident({ evidence: {} as Incident["evidence"], events: [] }), [], 10_000).columns,
    ).toEqual([]);
  });

  it("looks at the begin and the end of a long one, and once at a short one", () => {
    expect(stretches(incident(), 10_000)).toHaveLength(1);
    expect(stretches(incident({ resolved_at: at(40) }), 10_000)).toHaveLength(1);
    expect(stretches(incident({ resolved_at: at(4_000) }), 10_000)).toHaveLength(2);
  });

  it("counts a round once that evidence and history both tell of", () => {
    expect(roundsOf(incident())).toHaveLength(1);
  });
});

describe("how the fleet did", () => {
  const of = (i: Incident, lastPass?: number, m?: Schema["Monitor"]) =>
    Object.fromEntries(facts(i, lastPass, m).map((f) => [f.key, `${f.label} ${f.value}`]));

  it("leaves out what is not known", () => {
    expect(of(incident({ events: [] }))).toEqual({});
    expect(of(incident())).toEqual({ confirmed: "confirmed 1.2 s after the first failure" });
  });

  it("gives the bound with the settings of then only", () => {
    // 30 s / 3 + 10 s + two rounds of 12 s, 1 s apart, + 3 s
    expect(bound(monitor, incident())).toBe(48);
    expect(of(incident(), ms(2), monitor).found).toBe("found within 9.2 s (bound 48 s)");
    expect(of(incident(), ms(2), { ...monitor, updated_at: at(50) }).found).toBe("found within 9.2 s");
  });

  it("says who was told first, and of how many alerts were folded", () => {
    const told = incident({
      events: [
        event("alerted", 13, { channel: "Mail", event: "down", seconds: 2, digest: 41 }),
        event("alerted", 12, { channel: "Slack", event: "down", seconds: 0.8 }),
        event("alerted", 40, { channel: "Slack", event: "recovered", seconds: 0.1 }),
      ],
    });
    expect(of(told)).toEqual({ told: "told in 800 ms by Slack", folded: "41 alerts folded into 1" });
  });
});

describe("the history", () => {
  it("tells of alerts once, and of those that wait", () => {
    const delivery = (id: string, status: string) =>
      ({
        id,
        channel_id: "c",
        event: "down",
        status,
        attempts: 0,
        error: "",
        created_at: at(12),
      }) as Schema["Delivery"];
    const i = incident({
      events: [event("alerted", 13, { channel: "Slack", event: "down", seconds: 0.8, delivery_id: "a" })],
    });
    const lines = timeline(i, [delivery("a", "delivered"), delivery("b", "pending")], () => "Mail");
    expect(lines.map((l) => l.title)).toEqual([
      "Mail has yet to be told: it is down",
      "Slack was told: it is down",
    ]);
  });
});

it("shows what people write without making HTML of it", () => {
  render(
    <Prose
      text={
        "**bold** <img src=x onerror=alert(1)>\n- one\n- [bad](javascript:alert(1)) https://example.com/a."
      }
    />,
  );
  expect(screen.getByText("bold").tagName).toBe("B");
  expect(document.querySelector("img")).toBeNull();
  expect(screen.getAllByRole("listitem")).toHaveLength(2);
  expect(screen.getAllByRole("link").map((a) => a.getAttribute("href"))).toEqual(["https://example.com/a"]);
});
