import { expect, test } from "vitest";
import { divide } from "./layout";

test.each([
  [0, { columns: 1, rows: 1, tiles: 0 }],
  [1, { columns: 1, rows: 1, tiles: 1 }],
  [4, { columns: 2, rows: 2, tiles: 4 }],
])("%s tiles on a wide screen", (n, want) => expect(divide(n, 1920, 960)).toEqual(want));

test.each([1, 5, 17, 40, 63, 64, 80, 5_000])("%s tiles: each is large enough, and none is lost", (n) => {
  const g = divide(n, 1920, 960);
  expect(1920 / g.columns).toBeGreaterThanOrEqual(230);
  expect(960 / g.rows).toBeGreaterThanOrEqual(96);
  const needed = g.tiles < n ? g.tiles + 1 : n;
  expect(g.columns * g.rows).toBeGreaterThanOrEqual(needed);
  if (g.tiles < n) expect(g.columns * g.rows).toBe(g.tiles + 1);
});
