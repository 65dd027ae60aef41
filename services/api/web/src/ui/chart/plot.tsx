import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import * as format from "@/lib/format";
import { useZone } from "../time";
import { verdicts } from "../verdict";
import { type Band, type ChartProps, stroke } from "./series";

/** Canvas knows no variables: what a token is in the present theme. */
function colourOf(token: string, element: HTMLElement): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  element.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

/** Changes with the theme, chosen or the system's. */
function useThemeCount(): number {
  const [n, setN] = useState(0);
  useEffect(() => {
    const more = () => setN((i) => i + 1);
    const media = window.matchMedia("(prefers-color-scheme: dark)");
    media.addEventListener("change", more);
    const watch = new MutationObserver(more);
    watch.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    return () => {
      media.removeEventListener("change", more);
      watch.disconnect();
    };
  }, []);
  return n;
}

/** Draws the bands behind the lines: shaded, unknown hatched. */
function drawBands(u: uPlot, bands: readonly Band[], colour: (token: string) => string) {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  for (const b of bands) {
    const x0 = Math.max(left, u.valToPos(b.from / 1000, "x", true));
    const x1 = Math.min(left + width, u.valToPos(b.to / 1000, "x", true));
    if (x1 <= left || x0 >= left + width) continue;
    const w = Math.max(2, x1 - x0); // a short one can be seen, too
    ctx.save();
    ctx.beginPath();
    ctx.rect(x0, top, w, height);
    ctx.clip();
    ctx.strokeStyle = ctx.fillStyle = colour(verdicts[b.kind].token);
    if (b.kind === "unknown") {
      ctx.globalAlpha = 0.6;
      ctx.lineWidth = devicePixelRatio;
      for (let x = x0 - height; x < x0 + w; x += 7 * devicePixelRatio) {
        ctx.beginPath();
        ctx.moveTo(x, top + height);
        ctx.lineTo(x + height, top);
        ctx.stroke();
      }
    } else {
      ctx.globalAlpha = 0.14;
      ctx.fillRect(x0, top, w, height);
      ctx.globalAlpha = 0.9;
      ctx.fillRect(x0, top, w, 3 * devicePixelRatio);
    }
    ctx.restore();
  }
}

interface Hint {
  left: number;
  index: number;
}

/** Values to draw: stacked ones are sums from the first on. */
function heights(props: ChartProps): (number | null)[][] {
  if (!props.stacked) return props.series.map((s) => [...s.values]);
  const sums = props.times.map(() => 0);
  return props.series.map((s) =>
    props.times.map((_, i) => {
      const v = s.values[i];
      if (v == null) return null;
      sums[i] = (sums[i] ?? 0) + v;
      return sums[i] ?? null;
    }),
  );
}

function options(
  props: ChartProps,
  root: HTMLElement,
  zone: format.Zone,
  onHint: (h: Hint | undefined) => void,
): uPlot.Options {
  const write = props.format ?? format.ms;
  const colours = new Map<string, string>();
  const colour = (token: string) => {
    let c = colours.get(token);
    if (!c) {
      c = colourOf(token, root);
      colours.set(token, c);
    }
    return c;
  };
  const axis: uPlot.Axis = {
    stroke: colour("--color-muted"),
    font: "12px system-ui, sans-serif",
    grid: { stroke: colour("--color-line"), width: 1 },
    ticks: { show: false },
  };
  const n = props.series.length;
  return {
    width: Math.max(200, root.clientWidth),
    height: props.height ?? 240,
    legend: { show: false },
    cursor: {
      drag: { x: props.onZoom !== undefined, y: false, setScale: false, dist: 8 },
      points: { size: 6 },
      y: false,
    },
    scales: {
      x: {
        time: true,
        ...(props.from !== undefined && props.to !== undefined
          ? { range: [props.from / 1000, props.to / 1000] as [number, number] }
          : {}),
      },
      y: { range: (_u, _min, max) => [0, max > 0 ? max * 1.1 : 1] },
    },
    ...(zone === "utc" ? { tzDate: (ts: number) => uPlot.tzDate(new Date(ts * 1000), "Etc/UTC") } : {}),
    axes: [
      {
        ...axis,
        size: 32,
        space: 80,
        values: (_u, at, _axis, _space, step) => at.map((t) => format.axis(t * 1000, step, zone)),
      },
      { ...axis, size: 64, values: (_u, values) => values.map(write) },
    ],
    series: [
      {},
      ...props.series.map((s, i): uPlot.Series => {
        const look = stroke(i);
        return {
          label: s.label,
          stroke: colour(look.token),
          width: 1.5,
          dash: look.dash,
          spanGaps: false,
          // A value alone between gaps has no line to be seen by.
          points: { show: false, size: 5, fill: colour(look.token), filter: (u, at) => alone(u.data[at]) },
          ...(props.stacked && i === 0 ? { fill: translucent(colour(look.token)) } : {}),
        };
      }),
    ],
    ...(props.stacked
      ? {
          bands: Array.from({ length: Math.max(0, n - 1) }, (_, i) => ({
            series: [i + 2, i + 1] as [number, number],
            fill: translucent(colour(stroke(i + 1).token)),
          })),
        }
      : {}),
    hooks: {
      drawClear: [(u) => drawBands(u, props.bands ?? [], colour)],
      setCursor: [
        (u) => {
          const { left, idx } = u.cursor;
          onHint(
            left === undefined || left < 0 || idx == null
              ? undefined
              : { left: left + u.over.offsetLeft, index: idx },
          );
        },
      ],
      setSelect: [
        (u) => {
          const { left, width } = u.select;
          if (width < 8) return;
          props.onZoom?.(u.posToVal(left, "x") * 1000, u.posToVal(left + width, "x") * 1000);
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

function alone(values: ArrayLike<number | null | undefined> | undefined): number[] | null {
  const out: number[] = [];
  for (let i = 0; values && i < values.length; i++) {
    if (values[i] != null && values[i - 1] == null && values[i + 1] == null) out.push(i);
  }
  return out.length > 0 ? out : null;
}

const translucent = (rgb: string) => `color-mix(in srgb, ${rgb} 45%, transparent)`;

export default function Plot(props: ChartProps) {
  const root = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  const [hint, setHint] = useState<Hint | undefined>();
  const zone = useZone();
  const theme = useThemeCount();
  useEffect(() => {
    latest.current = props;
  });
  const { times, series, bands, stacked, height, from, to } = props;
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are what it is drawn of
  useEffect(() => {
    const element = root.current;
    if (!element) return;
    const now = latest.current;
    const zoom = now.onZoom ? { onZoom: (a: number, b: number) => latest.current.onZoom?.(a, b) } : {};
    const data = [now.times.map((t) => t / 1000), ...heights(now)] as uPlot.AlignedData;
    const u = new uPlot(options({ ...now, ...zoom }, element, zone, setHint), data, element);
    u.root.setAttribute("aria-hidden", "true");
    const watch = new ResizeObserver(() =>
      u.setSize({ width: Math.max(200, element.clientWidth), height: now.height ?? 240 }),
    );
    watch.observe(element);
    return () => {
      watch.disconnect();
      u.destroy();
    };
  }, [times, series, bands, stacked, height, from, to, zone, theme]);
  return (
    <div className="relative" role="img" aria-label={`${props.label}. The numbers are in the table below.`}>
      <div ref={root} style={{ height: height ?? 240 }} />
      {hint && <Readout hint={hint} props={props} zone={zone} />}
    </div>
  );
}

function Readout({ hint, props, zone }: { hint: Hint; props: ChartProps; zone: format.Zone }) {
  const t = props.times[hint.index];
  if (t === undefined) return null;
  const write = props.format ?? format.ms;
  const within = (props.bands ?? []).filter((b) => b.from <= t && t <= b.to);
  const total = props.series.reduce((sum, s) => sum + (s.values[hint.index] ?? 0), 0);
  const right = hint.left > (props.series.length > 0 ? window.innerWidth / 2 : 0);
  return (
    <div
      aria-hidden="true"
      className="pointer-events-none absolute top-2 z-10 w-max max-w-72 rounded border border-line-strong bg-raised px-2 py-1 text-[13px]"
      style={{ left: hint.left, transform: right ? "translateX(calc(-100% - 12px))" : "translateX(12px)" }}
    >
      <div className="text-muted">{format.absolute(t, zone)}</div>
      {props.series.map((s, i) => (
        <div key={s.key} className="flex items-center gap-2">
          <span className="h-0.5 w-3" style={{ background: `var(${stroke(i).token})` }} />
          <span className="flex-1">{s.label}</span>
          <span>{s.values[hint.index] == null ? "no data" : write(s.values[hint.index] ?? 0)}</span>
        </div>
      ))}
      {props.stacked && (
        <div className="mt-1 flex gap-2 border-t border-line pt-1 font-medium">
          <span className="flex-1">Total</span>
          {write(total)}
        </div>
      )}
      {within.map((b) => (
        <div key={b.label + b.from} className={verdicts[b.kind].text}>
          {verdicts[b.kind].glyph} {b.label}
        </div>
      ))}
    </div>
  );
}
