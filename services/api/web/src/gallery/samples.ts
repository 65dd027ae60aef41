import type { Band, Beat, RegionVote, Series, Verdict } from "@/ui";

const verdictAt = (i: number): Verdict =>
  i % 41 === 7 ? "down" : i % 23 === 5 ? "degraded" : i % 31 < 2 ? "unknown" : i % 47 === 9 ? "paused" : "up";

export const beats = (now: number, seed = 0): Beat[] =>
  Array.from({ length: 90 }, (_, i) => ({
    at: now - (90 - i) * 60_000,
    verdict: verdictAt(i + seed),
    message: `${80 + ((i * 7) % 40)} ms`,
  }));

export const start = Date.UTC(2026, 0, 1, 12);
export const times = Array.from({ length: 240 }, (_, i) => start + i * 60_000);
const wave = (base: number, at: number): (number | null)[] =>
  times.map((_, i) =>
    i > 90 && i < 105 ? null : base + 12 * Math.sin(i / 9 + at) + (i > 150 && i < 165 ? 220 : 0),
  );

export const latencies: Series[] = ["us-east", "eu-west", "ap-south"].map((key, i) => ({
  key,
  label: key,
  values: wave(80 + 60 * i, i),
}));
const minute = (i: number) => times[i] ?? start;
export const bands: Band[] = [
  { from: minute(150), to: minute(165), kind: "down", label: "Down: connect timeout" },
  { from: minute(91), to: minute(105), kind: "unknown", label: "No data" },
  { from: minute(20), to: minute(32), kind: "maintenance", label: "Maintenance" },
];

export interface Row {
  id: string;
  name: string;
  verdict: Verdict;
  votes: RegionVote[];
  beats: Beat[];
  p95: number;
  uptime: number;
}

export const rows: Row[] = Array.from({ length: 5_000 }, (_, i) => ({
  id: String(i),
  name: `host-${i}.example.com`,
  verdict: verdictAt(i),
  votes: ["us-east", "eu-west", "ap-south"].map((region, r) => ({ region, verdict: verdictAt(i + r) })),
  beats: beats(start, i),
  p95: 80 + (i % 300),
  uptime: 100 - (i % 7) / 50,
}));
