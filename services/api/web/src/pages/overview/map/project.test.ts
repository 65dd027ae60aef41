import { expect, test } from "vitest";
import { land } from "./land.gen";
import { place, plane, project } from "./project";

/** The corners of each part of the outline. */
const parts = land
  .split("Z")
  .filter(Boolean)
  .map((part) => {
    const n = [...part.matchAll(/-?\d+/g)].map((m) => Number(m[0]));
    const points: [number, number][] = [];
    for (let i = 0; i + 1 < n.length; i += 2) {
      const [x, y] = points.at(-1) ?? [0, 0];
      points.push([x + (n[i] ?? 0), y + (n[i + 1] ?? 0)]);
    }
    return points;
  });

function onLand({ x, y }: { x: number; y: number }): boolean {
  let inside = false;
  for (const points of parts) {
    for (const [i, [ax, ay]] of points.entries()) {
      const [bx, by] = points.at(i - 1) ?? [ax, ay];
      if (ay > y !== by > y && x < ax + ((bx - ax) * (y - ay)) / (by - ay)) inside = !inside;
    }
  }
  return inside;
}

test.each([
  ["Madrid", -3.7, 40.4, true],
  ["Kansas", -98, 38.5, true],
  ["Nairobi", 36.8, -1.3, true],
  ["Alice Springs", 133.9, -23.7, true],
  ["Novosibirsk", 82.9, 55, true],
  ["the Atlantic", -40, 30, false],
  ["the Pacific", -150, 0, false],
  ["the Indian Ocean", 80, -20, false],
])("%s lies where the outline has it", (_, lon, lat, want) => expect(onLand(project(lon, lat))).toBe(want));

test("labels keep to the map, and regions of one city do not lie upon each other", () => {
  const at = (latitude: number, longitude: number) => ({ latitude, longitude });
  const placed = place([at(50, 8), at(50, 8), at(-37, 175), at(50, 8)]);
  expect(placed.find((p) => p.of.longitude === 175)?.side).toBe("left");
  for (const [i, p] of placed.entries())
    for (const q of placed.slice(i + 1)) expect(Math.hypot(p.x - q.x, p.y - q.y)).toBeGreaterThanOrEqual(14);
});

test("the outline fits the plane", () => {
  expect(land.startsWith("M")).toBe(true);
  expect(land.length).toBeLessThan(25_000);
  expect(plane.width / plane.height).toBeGreaterThan(2);
});
