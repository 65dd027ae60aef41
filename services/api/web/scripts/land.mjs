// Makes src/pages/overview/map/land.gen.ts: the outline of the land of the world for the map of regions.
// Its source is Natural Earth's 1:110m land, which is in the public domain, as the npm package world-atlas
// 2.0.2 has it. Needed only if the outline is to change:
//   npm install --no-save world-atlas@2.0.2 topojson-client@3 topojson-simplify@3 && node scripts/land.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { feature } from "topojson-client";
import { presimplify, simplify } from "topojson-simplify";

const require = createRequire(import.meta.url);
const world = JSON.parse(readFileSync(require.resolve("world-atlas/land-110m.json"), "utf8"));
const leastArea = 0.3; // square degrees of the triangles that are given up
const south = -58; // Antarctica has no regions and much ice

// The same as project in map/project.ts: Equal Earth, Šavrič, Patterson and Jenny 2018.
function project([lon, lat]) {
  const l = (lon * Math.PI) / 180;
  const t = Math.asin((Math.sqrt(3) / 2) * Math.sin((lat * Math.PI) / 180));
  const [a, b, c, d] = [1.340264, -0.081106, 0.000893, 0.003796];
  const t2 = t * t;
  const t6 = t2 ** 3;
  const x = (2 * Math.sqrt(3) * l * Math.cos(t)) / (3 * (9 * d * t6 * t2 + 7 * c * t6 + 3 * b * t2 + a));
  const y = t * (a + b * t2 + t6 * (c + d * t2));
  return [Math.round(500 + x * 184), Math.round(243 - y * 184)];
}

// What crosses the date line goes on beyond it rather than back over the whole map.
function unwrapped(ring) {
  let turn = 0;
  let [before] = ring[0];
  const points = ring.map(([lon, lat]) => {
    if (lon - before > 180) turn -= 360;
    if (before - lon > 180) turn += 360;
    before = lon;
    return [lon + turn, lat];
  });
  const all = points.map(([lon]) => lon);
  const home = -360 * Math.round((Math.min(...all) + Math.max(...all)) / 720);
  return points.map(([lon, lat]) => [lon + home, lat]);
}

const simple = simplify(presimplify(world), leastArea);
const land = feature(simple, simple.objects.land);
let path = "";
for (const f of land.features ?? [land]) {
  const polygons = f.geometry.type === "Polygon" ? [f.geometry.coordinates] : f.geometry.coordinates;
  for (const polygon of polygons) {
    for (const ring of polygon) {
      if (ring.every(([, lat]) => lat < south)) continue;
      const points = unwrapped(ring)
        .map(project)
        .filter((p, i, all) => i === 0 || p.join() !== all[i - 1].join());
      if (points.length < 4) continue;
      let [px, py] = points[0];
      path += `M${px} ${py}`;
      for (const [x, y] of points.slice(1, -1)) {
        path += `l${x - px} ${y - py}`;
        [px, py] = [x, y];
      }
      path += "Z";
    }
  }
}
path = path.replaceAll(" -", "-").replaceAll(/l(-?\d+)-/g, "l$1-");
const lines = path.match(/.{1,100}/g).map((s) => `  "${s}"`);
writeFileSync(
  new URL("../src/pages/overview/map/land.gen.ts", import.meta.url),
  `// Made by scripts/land.mjs of Natural Earth's 1:110m land (public domain); do not edit.\n\n/** The land as an SVG path in the plane of project. */\nexport const land =\n${lines.join(" +\n")};\n`,
);
