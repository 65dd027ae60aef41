// Fails if what a browser must load before it can show the first page has grown beyond
// its budget. Counts what index.html names, compressed as it is sent.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const budgetKB = 250;
const dist = new URL("../../internal/webui/dist/", import.meta.url);
const kb = (name) => gzipSync(readFileSync(new URL(name, dist)), { level: 6 }).length / 1000;

const html = readFileSync(new URL("index.html", dist), "utf8");
const named = [...html.matchAll(/(?:src|href)="\/([^"]+\.(?:js|css))"/g)].map((m) => m[1]);
const initial = new Set(named);
let js = 0;
for (const name of initial) {
  const size = kb(name);
  if (name.endsWith(".js")) js += size;
  console.log(`${size.toFixed(1).padStart(8)} kB  ${name}`);
}
for (const file of readdirSync(new URL("assets/", dist)).sort()) {
  const name = `assets/${file}`;
  if (!initial.has(name) && name.endsWith(".js"))
    console.log(`${kb(name).toFixed(1).padStart(8)} kB  ${name} (when needed)`);
}
console.log(`${js.toFixed(1).padStart(8)} kB  JavaScript to begin with, gzip; at most ${budgetKB}`);
if (js > budgetKB) process.exit(1);
