import { describe, expect, test } from "vitest";
import { axis, change, duration, ms, percent, relative } from "./format";

test.each([
  [100, "100 %"],
  [99.9999, "99.99 %"],
  [99.98, "99.98 %"],
  [0, "0 %"],
  [null, "–"],
  [Number.NaN, "–"],
])("percent %s reads %s", (value, want) => expect(percent(value)).toBe(want));

test.each([
  [0, "0 s"],
  [0.8, "0.8 s"],
  [59, "59 s"],
  [60, "1 min"],
  [860, "14 min 20 s"],
  [3600, "1 h"],
  [3601, "1 h"],
  [12 * 86400 + 4 * 3600 + 59, "12 d 4 h"],
  [-5, "0 s"],
  [undefined, "–"],
])("duration %s reads %s", (seconds, want) => expect(duration(seconds)).toBe(want));

test.each([
  [0, "0 ms"],
  [8.44, "8.4 ms"],
  [84, "84 ms"],
  [9999, "9,999 ms"],
  [30_000, "30.0 s"],
  [null, "–"],
])("ms %s reads %s", (value, want) => expect(ms(value)).toBe(want));

describe("change", () => {
  test.each([
    [108, 100, "▲ 8 %"],
    [97, 100, "▼ 3 %"],
    [100.2, 100, "± 0 %"],
    [1, 0, ""],
    [1, null, ""],
  ])("from %s to %s", (now, before, want) => expect(change(now, before)).toBe(want));
});

test.each([
  [0, "just now"],
  [12_000, "12 s ago"],
  [3 * 3_600_000 + 59 * 60_000, "3 h ago"],
  [-3 * 86_400_000, "in 3 d"],
])("relative to %s ms", (age, want) => expect(relative(1e12 - age, 1e12)).toBe(want));

test.each([
  ["2026-01-02T00:00:00Z", 3600, "2 Jan"],
  ["2026-01-02T14:02:10Z", 3600, "14:02"],
  ["2026-01-02T14:02:10Z", 5, "14:02:10"],
  ["2026-01-02T14:00:00Z", 86_400, "2 Jan"],
])("%s at steps of %s s reads %s", (at, step, want) => expect(axis(Date.parse(at), step, "utc")).toBe(want));
