import { describe, expect, it } from "vitest";
import { fromInput, grouped, type Incident, moment, toInput } from "./groups";

const incident = (id: string, opened: string, resolved: string | null) =>
  ({ id, opened_at: opened, resolved_at: resolved }) as Incident;
const now = Date.parse("2026-01-03T12:00:00Z");
const shown = (rows: ReturnType<typeof grouped>) =>
  rows.map((r) => ("heading" in r ? `${r.heading} (${r.count}${r.more ? "+" : ""})` : r.incident.id));

describe("the list of incidents", () => {
  const old = incident("old", "2025-12-01T00:00:00Z", null);
  const rest = [
    incident("a", "2026-01-03T11:00:00Z", null),
    incident("b", "2026-01-03T10:00:00Z", "2026-01-03T10:05:00Z"),
    incident("c", "2026-01-02T10:00:00Z", "2026-01-03T10:05:00Z"),
    incident("d", "2026-01-01T10:00:00Z", "2026-01-01T10:05:00Z"),
  ];

  it("has what lasts first, then days", () => {
    expect(shown(grouped([old, rest[0] as Incident], rest, "utc", true, now))).toEqual([
      "Open now (2)",
      "a",
      "old",
      "Today (1)",
      "b",
      "Yesterday (1)",
      "c",
      "1 Jan 2026 (1)",
      "d",
    ]);
  });

  it("says that the last day may have more", () => {
    expect(shown(grouped([], rest, "utc", false, now)).at(-2)).toBe("1 Jan 2026 (1+)");
    expect(grouped([], [], "utc", true, now)).toEqual([]);
  });
});

it("keeps moments in links and inputs", () => {
  const t = Date.parse("2026-01-03T12:34:00Z");
  expect(moment.parse(moment.format(t))).toBe(t);
  expect(moment.parse("soon")).toBeUndefined();
  for (const zone of ["utc", "local"] as const) expect(fromInput(toInput(t, zone), zone)).toBe(t);
  expect(fromInput("", "utc")).toBeNull();
});
