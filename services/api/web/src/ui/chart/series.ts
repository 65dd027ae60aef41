/** How lines of a chart are told apart: by colour and by dash, in the order of the series. */
export interface Stroke {
  token: string;
  dash: number[];
}

const dashes: number[][] = [
  [],
  [6, 4],
  [2, 3],
  [10, 4, 2, 4],
  [4, 2],
  [12, 4],
  [2, 2, 6, 2],
  [8, 2, 2, 2, 2, 2],
];

export function stroke(index: number): Stroke {
  const at = index % 8;
  return { token: `--color-series-${at + 1}`, dash: dashes[at] ?? [] };
}

export interface Series {
  key: string;
  label: string;
  /** One for each time; null where nothing is known, drawn as a gap. */
  values: readonly (number | null)[];
}

/** A stretch of time to mark. */
export interface Band {
  from: number; // ms since 1970
  to: number;
  kind: "down" | "degraded" | "unknown" | "maintenance";
  label: string;
}

export interface ChartProps {
  /** Names the chart: "Response time of shop by region". */
  label: string;
  /** ms since 1970, rising. */
  times: readonly number[];
  series: readonly Series[];
  bands?: readonly Band[];
  /** How values read; milliseconds if absent. */
  format?: (v: number) => string;
  height?: number;
  /** Areas on top of each other, such as phases, instead of lines. */
  stacked?: boolean;
  /** Somebody has dragged over a stretch. */
  onZoom?: (from: number, to: number) => void;
  /** The whole stretch to show, even where nothing is known. */
  from?: number;
  to?: number;
}
