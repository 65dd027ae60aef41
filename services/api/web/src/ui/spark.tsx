import { type KeyboardEvent, type PointerEvent, type ReactNode, useMemo, useRef, useState } from "react";
import { createPortal } from "react-dom";
import * as format from "@/lib/format";
import { cx } from "./cx";
import { useZone } from "./time";
import { type Verdict, VerdictGlyph, verdicts } from "./verdict";

/** A line without axes. null is a gap; a value alone between gaps is a dot. */
export function Sparkline({
  values,
  width = 96,
  height = 24,
  label,
  className,
}: {
  values: readonly (number | null)[];
  width?: number;
  height?: number /** What it shows, in words: "p50 of 24 h, 70 to 120 ms". */;
  label: string;
  className?: string;
}) {
  const d = useMemo(() => sparkPath(values, width, height), [values, width, height]);
  return (
    <svg
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={label}
      className={cx("shrink-0 text-accent", className)}
    >
      <path
        d={d}
        fill="none"
        stroke="currentColor"
        strokeWidth={1.25}
        strokeLinejoin="round"
        strokeLinecap="round"
      />
    </svg>
  );
}

export function sparkPath(values: readonly (number | null)[], width: number, height: number): string {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const v of values) {
    if (v === null) continue;
    least = Math.min(least, v);
    most = Math.max(most, v);
  }
  if (least > most) return "";
  // A steady line stays steady: noise of a few per cent is not blown up to the full height.
  const span = Math.max(most - least, most * 0.2, 1e-9);
  const base = (least + most - span) / 2;
  const pad = 2;
  const x = (i: number) =>
    (values.length < 2 ? width / 2 : pad + (i * (width - 2 * pad)) / (values.length - 1)).toFixed(1);
  const y = (v: number) => (height - pad - ((v - base) / span) * (height - 2 * pad)).toFixed(1);
  let d = "";
  let drawing = false;
  values.forEach((v, i) => {
    if (v !== null) d += `${drawing ? "L" : "M"}${x(i)} ${y(v)}`;
    if (v !== null && !drawing && values[i + 1] == null) d += "h0.01";
    drawing = v !== null;
  });
  return d;
}

/** One slot of a heartbeat bar: a check, or a stretch of time. */
export interface Beat {
  at: string | number;
  /** The end of the stretch, if it is one. */
  until?: string | number | undefined;
  verdict: Verdict;
  /** In place of the verdict's word. */
  word?: string | undefined;
  /** What was seen: "84 ms", "3 of 4 regions: connect timeout". */
  message?: string | undefined;
}

// How high a slot is, so that verdicts differ without their colours.
const heights: Record<Verdict, number> = {
  up: 1,
  degraded: 0.75,
  down: 1,
  unknown: 0.45,
  pending: 0.25,
  paused: 0.25,
  maintenance: 0.6,
};

/**
 * The last beats, the newest at the right. Hover or arrow keys show each with its time and
 * message. `label` names what it is of. In long tables pass focusable={false}.
 */
export function HeartbeatBar({
  beats,
  slots = 90,
  width = 270,
  height = 20,
  label,
  focusable = true,
  className,
}: {
  beats: readonly Beat[];
  slots?: number;
  width?: number;
  height?: number;
  label: string;
  focusable?: boolean;
  className?: string;
}) {
  const ref = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<number | undefined>();
  const shown = useMemo(() => beats.slice(-slots), [beats, slots]);
  const drawn = useMemo(() => beatPaths(shown, slots, height), [shown, slots, height]);
  const first = slots - shown.length;

  const point = (e: PointerEvent) => {
    const box = e.currentTarget.getBoundingClientRect();
    const slot = Math.floor(((e.clientX - box.left) / box.width) * slots) - first;
    setAt(slot >= 0 && slot < shown.length ? slot : undefined);
  };
  const key = (e: KeyboardEvent) => {
    const to = {
      ArrowLeft: (at ?? shown.length) - 1,
      ArrowRight: (at ?? -1) + 1,
      Home: 0,
      End: shown.length - 1,
    }[e.key];
    if (to === undefined || shown.length === 0) return;
    e.preventDefault();
    e.stopPropagation();
    setAt(Math.min(Math.max(to, 0), shown.length - 1));
  };
  const beat = at === undefined ? undefined : shown[at];
  const zone = useZone();
  const interactive = focusable && shown.length > 0;
  return (
    <div
      ref={ref}
      className={cx("max-w-full shrink-0", className)}
      style={{ width }}
      onPointerMove={point}
      onPointerLeave={() => setAt(undefined)}
      onBlur={() => setAt(undefined)}
      {...(interactive
        ? {
            tabIndex: 0,
            role: "slider",
            "aria-label": label,
            "aria-valuemin": 0,
            "aria-valuemax": shown.length - 1,
            "aria-valuenow": at ?? shown.length - 1,
            "aria-valuetext": beatWords(shown[at ?? shown.length - 1], zone),
            onFocus: () => setAt((now) => now ?? shown.length - 1),
            onKeyDown: key,
          }
        : { role: "img", "aria-label": `${label}: ${summary(shown)}` })}
    >
      <svg
        width="100%"
        height={height}
        viewBox={`0 0 ${slots * 3} ${height}`}
        preserveAspectRatio="none"
        aria-hidden="true"
        className="block"
      >
        {first > 0 && <rect x="0" y={height - 2} width={first * 3} height="1" fill="var(--color-line)" />}
        {drawn.map(([v, d]) => (
          <path
            key={v}
            d={d}
            fill={v === "unknown" || v === "pending" ? "none" : `var(${verdicts[v].token})`}
            stroke={v === "unknown" || v === "pending" ? `var(${verdicts[v].token})` : "none"}
            strokeWidth="0.8"
          />
        ))}
        {at !== undefined && (
          <rect
            x={(first + at) * 3 - 0.5}
            y="0"
            width="3"
            height={height}
            fill="none"
            stroke="var(--color-text)"
            strokeWidth="0.8"
          />
        )}
      </svg>
      {beat && <Hint anchor={ref.current} share={(first + (at ?? 0) + 0.5) / slots} beat={beat} />}
    </div>
  );
}

function beatPaths(beats: readonly Beat[], slots: number, height: number): [Verdict, string][] {
  const paths = new Map<Verdict, string>();
  beats.forEach((b, i) => {
    const x = (slots - beats.length + i) * 3;
    const h = Math.round(height * heights[b.verdict]);
    const hollow = b.verdict === "unknown" || b.verdict === "pending" ? 0.4 : 0;
    const d = `M${x + hollow} ${height - hollow}h${2 - 2 * hollow}v-${h - 2 * hollow}h-${2 - 2 * hollow}Z`;
    paths.set(b.verdict, (paths.get(b.verdict) ?? "") + d);
  });
  return [...paths];
}

function beatWords(b: Beat | undefined, zone: format.Zone): string {
  if (!b) return "no checks";
  const when =
    format.short(format.instant(b.at), zone) +
    (b.until === undefined ? "" : ` to ${format.short(format.instant(b.until), zone)}`);
  return [when, (b.word ?? verdicts[b.verdict].word).toLowerCase(), b.message].filter(Boolean).join(", ");
}

function summary(beats: readonly Beat[]): string {
  const counts = new Map<Verdict, number>();
  for (const b of beats) counts.set(b.verdict, (counts.get(b.verdict) ?? 0) + 1);
  return [...counts].map(([v, n]) => `${n} ${verdicts[v].word.toLowerCase()}`).join(", ") || "no checks";
}

/** Rendered outside of the row, which may be clipped or moved by a transform. */
function Hint({ anchor, share, beat }: { anchor: HTMLElement | null; share: number; beat: Beat }): ReactNode {
  const zone = useZone();
  if (!anchor) return null;
  const box = anchor.getBoundingClientRect();
  const left = Math.min(Math.max(box.left + share * box.width, 90), window.innerWidth - 90);
  const below = box.top < 80;
  return createPortal(
    <div
      aria-hidden="true"
      className="pointer-events-none fixed z-50 w-max max-w-64 rounded border border-line-strong bg-raised px-2 py-1 text-[13px]"
      style={{
        left,
        top: below ? box.bottom + 6 : box.top - 6,
        transform: `translate(-50%, ${below ? 0 : "-100%"})`,
      }}
    >
      <div className="flex items-center gap-1.5 font-medium">
        <VerdictGlyph verdict={beat.verdict} />
        {beat.word ?? verdicts[beat.verdict].word}
      </div>
      <div className="text-muted">
        {beat.until === undefined
          ? format.absolute(format.instant(beat.at), zone)
          : `${format.short(format.instant(beat.at), zone)} – ${format.short(format.instant(beat.until), zone)}`}
      </div>
      {beat.message && <div className="wrap-anywhere">{beat.message}</div>}
    </div>,
    document.body,
  );
}
