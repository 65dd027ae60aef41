import type { ReactNode } from "react";
import { cx } from "./cx";
import { Tooltip } from "./tooltip";

/** What a website, a monitor or a region's vote can be. */
export type Verdict = "up" | "degraded" | "down" | "unknown" | "paused" | "pending" | "maintenance";

export interface VerdictLook {
  word: string;
  /** Stands for it where only text is possible. */
  glyph: string;
  /** Classes of Tailwind: words in the colour, areas in it. */
  text: string;
  fill: string;
  /** The token of areas, for SVG and canvas: var(--color-up-fill). */
  token: string;
  /** Where nothing but a fixed colour will do, such as an icon of the browser's. */
  hex: string;
}

const look = (
  word: string,
  glyph: string,
  text: string,
  fill: string,
  token: string,
  hex: string,
): VerdictLook => ({ word, glyph, text, fill, token: `--color-${token}-fill`, hex });

/** Colours always go with the word or the shape: nobody has to tell red from green. */
export const verdicts: Record<Verdict, VerdictLook> = {
  up: look("Up", "●", "text-up", "bg-up-fill", "up", "#2aa65c"),
  degraded: look("Degraded", "◆", "text-degraded", "bg-degraded-fill", "degraded", "#d48c10"),
  down: look("Down", "■", "text-down", "bg-down-fill", "down", "#e04a50"),
  unknown: look("Unknown", "○", "text-unknown", "bg-unknown-fill", "unknown", "#7f8996"),
  paused: look("Paused", "‖", "text-paused", "bg-paused-fill", "paused", "#6c8cb0"),
  pending: look("Pending", "◌", "text-pending", "bg-pending-fill", "pending", "#7f8996"),
  maintenance: look("Maintenance", "▲", "text-maintenance", "bg-maintenance-fill", "maintenance", "#9468e0"),
};

/** In the order of how much they matter to somebody who looks. */
export const verdictOrder: Verdict[] = [
  "down",
  "degraded",
  "unknown",
  "pending",
  "maintenance",
  "up",
  "paused",
];

export function isVerdict(s: string): s is Verdict {
  return s in verdicts;
}

/** Whatever the API says; a word of a later version is unknown. */
export const asVerdict = (s: string | null | undefined): Verdict => (s && isVerdict(s) ? s : "unknown");

/** The shape of a verdict around (0, 0), r from its middle to its edge, as SVG. */
export function shape(v: Verdict, r: number, colour: string): string {
  const line = `fill="none" stroke="${colour}" stroke-width="${r * 0.36}"`;
  switch (v) {
    case "up":
      return `<circle r="${r}" fill="${colour}"/>`;
    case "degraded":
      return `<path d="M0-${r * 1.2}L${r * 1.2} 0 0 ${r * 1.2}-${r * 1.2} 0Z" fill="${colour}"/>`;
    case "down":
      return `<rect x="-${r}" y="-${r}" width="${2 * r}" height="${2 * r}" fill="${colour}"/>`;
    case "unknown":
      return `<circle r="${r * 0.82}" ${line}/>`;
    case "pending":
      return `<circle r="${r * 0.82}" ${line} stroke-dasharray="${r * 0.5} ${r * 0.55}"/>`;
    case "paused":
      return `<path d="M-${r * 0.55}-${r}V${r}M${r * 0.55}-${r}V${r}" fill="none" stroke="${colour}" stroke-width="${r * 0.55}"/>`;
    case "maintenance":
      return `<path d="M0-${r * 1.1}L${r * 1.15} ${r * 0.9}H-${r * 1.15}Z" fill="${colour}"/>`;
  }
}

const fillOf = (v: Verdict) => `var(${verdicts[v].token})`;

/** The shape alone. Where no word stands beside it, give it a label. */
export function VerdictGlyph({
  verdict,
  size = 12,
  label,
}: {
  verdict: Verdict;
  size?: number;
  label?: string;
}) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="-10 -10 20 20"
      className="shrink-0"
      {...(label ? { role: "img", "aria-label": label } : { "aria-hidden": true })}
      // biome-ignore lint/security/noDangerouslySetInnerHtml: made of constants
      dangerouslySetInnerHTML={{ __html: shape(verdict, 8, fillOf(verdict)) }}
    />
  );
}

/** Shape and word. `children` replace the word: "Down for 4 min". */
export function VerdictBadge({
  verdict,
  children,
  outlined = false,
}: {
  verdict: Verdict;
  children?: ReactNode;
  outlined?: boolean;
}) {
  const l = verdicts[verdict];
  return (
    <span
      className={cx(
        "inline-flex items-center gap-1.5 whitespace-nowrap font-medium",
        l.text,
        outlined && "rounded border border-line px-2 py-0.5",
      )}
    >
      <VerdictGlyph verdict={verdict} />
      {children ?? l.word}
    </span>
  );
}

/** What one region says; `excluded`: it was not counted, and why. */
export interface RegionVote {
  region: string;
  verdict: Verdict;
  excluded?: string | undefined;
  /** More for the tooltip, such as "connect timeout, 12 s ago". */
  detail?: string | undefined;
}

// How a vote's arc is drawn beside its colour, in parts of the ring's width: stroke and dashes.
const strokes: Record<Verdict, { width: number; dash?: number }> = {
  up: { width: 0.8 },
  degraded: { width: 1, dash: 1.4 },
  down: { width: 1.5 },
  unknown: { width: 0.5, dash: 0.6 },
  pending: { width: 0.5, dash: 0.6 },
  paused: { width: 0.4 },
  maintenance: { width: 0.8, dash: 2.4 },
};

/**
 * The ring as SVG: one arc for each region from the top clockwise, in the votes' colours
 * and patterns; a region that is not counted lies further out and is thin. In the middle
 * the verdict's shape.
 */
export function ringSvg(
  verdict: Verdict,
  votes: readonly RegionVote[],
  colour: (v: Verdict) => string,
): string {
  const radius = 13;
  const unit = 3; // the usual width of an arc
  const shown = votes.slice(0, 24); // more would be dots
  const at = (r: number, turn: number) => {
    const a = (turn - 0.25) * 2 * Math.PI;
    return `${(r * Math.cos(a)).toFixed(2)} ${(r * Math.sin(a)).toFixed(2)}`;
  };
  const arcs = shown.map((vote, i) => {
    const s = strokes[vote.verdict];
    const r = vote.excluded ? radius + 1.2 : radius;
    const width = vote.excluded ? 1 : unit * s.width;
    const dash = vote.excluded
      ? `stroke-dasharray="1 1.5"`
      : s.dash
        ? `stroke-dasharray="${unit * s.dash} ${unit * 0.5}"`
        : "";
    const style = `fill="none" stroke="${colour(vote.verdict)}" stroke-width="${width}" ${dash}`;
    if (shown.length === 1) return `<circle r="${r}" ${style}/>`;
    const gap = Math.min(0.035, 0.25 / shown.length);
    const from = i / shown.length + gap;
    const to = (i + 1) / shown.length - gap;
    return `<path d="M${at(r, from)}A${r} ${r} 0 ${to - from > 0.5 ? 1 : 0} 1 ${at(r, to)}" ${style}/>`;
  });
  return arcs.join("") + shape(verdict, votes.length === 0 ? 7 : 5, colour(verdict));
}

/** Who sees what, at a glance: see ringSvg. The words are its label and its tooltip. */
export function RegionRing({
  verdict,
  votes,
  size = 24,
  tooltip = true,
}: {
  verdict: Verdict;
  votes: readonly RegionVote[];
  size?: number;
  tooltip?: boolean;
}) {
  const ring = (
    <svg
      width={size}
      height={size}
      viewBox="-16 -16 32 32"
      role="img"
      aria-label={ringWords(verdict, votes)}
      className="shrink-0"
      // biome-ignore lint/security/noDangerouslySetInnerHtml: made of constants and numbers
      dangerouslySetInnerHTML={{ __html: ringSvg(verdict, votes, fillOf) }}
    />
  );
  if (!tooltip || votes.length === 0) return ring;
  return (
    <Tooltip
      text={
        <ul>
          {votes.map((v) => (
            <li key={v.region} className="flex items-center gap-1.5">
              <VerdictGlyph verdict={v.verdict} />
              <span>{v.region}</span>
              <span className="text-muted">
                {[v.excluded ?? verdicts[v.verdict].word.toLowerCase(), v.detail].filter(Boolean).join(", ")}
              </span>
            </li>
          ))}
        </ul>
      }
    >
      {ring}
    </Tooltip>
  );
}

/** "Down: eu-west up, us-east down, ap-south sick". */
export function ringWords(verdict: Verdict, votes: readonly RegionVote[]): string {
  const word = verdicts[verdict].word;
  if (votes.length === 0) return word;
  return `${word}: ${votes.map((v) => `${v.region} ${v.excluded ?? verdicts[v.verdict].word.toLowerCase()}`).join(", ")}`;
}

/** Makes the ring the tab's icon until the returned function is called. */
export function setFavicon(verdict: Verdict, votes: readonly RegionVote[]): () => void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (!link) return () => {};
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-16 -16 32 32">${ringSvg(verdict, votes, (v) => verdicts[v].hex)}</svg>`;
  link.href = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  return () => {
    link.href = "/favicon.svg";
  };
}
