import type { MouseEvent } from "react";
import { land } from "@/pages/overview/map/land.gen";
import { place, plane, project } from "@/pages/overview/map/project";
import { cx, VerdictGlyph, verdicts } from "@/ui";
import { stateWords } from "./advice";
import type { Region } from "./data";

/** Where a point of the plane lies on the earth; undefined: beside it. */
export function unproject(x: number, y: number): { latitude: number; longitude: number } | undefined {
  let [south, north] = [-90, 90];
  for (let n = 0; n < 50; n++) {
    const middle = (south + north) / 2;
    if (project(0, middle).y > y) south = middle;
    else north = middle;
  }
  const latitude = (south + north) / 2;
  const edge = project(180, latitude).x - 500;
  const longitude = ((x - 500) / edge) * 180;
  if (Math.abs(longitude) > 180 || Math.abs(latitude) > 89.9) return undefined;
  const round = (n: number) => Math.round(n * 100) / 100 + 0; // no -0
  return { latitude: round(latitude), longitude: round(longitude) };
}

/** The regions on the earth. Their cards say the same in words. */
export function World({
  regions,
  stale,
  onChoose,
}: {
  regions: readonly Region[];
  stale: boolean;
  onChoose: (name: string) => void;
}) {
  const placed = place(
    regions.flatMap((region) => {
      const { latitude, longitude } = region;
      return latitude === null || longitude === null ? [] : [{ region, latitude, longitude }];
    }),
  );
  return (
    <div className="relative overflow-hidden">
      <svg viewBox={`0 0 ${plane.width} ${plane.height}`} className="block w-full" aria-hidden="true">
        <path d={land} fill="var(--color-line)" />
      </svg>
      {placed.map(({ of: { region }, x, y, side }) => {
        const s = stale ? ({ verdict: "unknown", word: "not known now" } as const) : stateWords[region.state];
        return (
          <button
            key={region.name}
            type="button"
            onClick={() => onChoose(region.name)}
            aria-label={`${region.name}: ${s.word}`}
            className={cx(
              "absolute flex -translate-y-1/2 items-center gap-1.5",
              side === "left" && "-translate-x-full flex-row-reverse",
            )}
            style={{
              left: `calc(${(x / plane.width) * 100}% ${side === "left" ? "+" : "-"} 11px)`,
              top: `${(y / plane.height) * 100}%`,
            }}
          >
            <span
              className="flex size-[22px] shrink-0 items-center justify-center rounded-full border-2 bg-surface"
              style={{ borderColor: `var(${verdicts[s.verdict].token})` }}
            >
              <VerdictGlyph verdict={s.verdict} size={10} />
            </span>
            <span className="hidden rounded-sm border border-line bg-surface px-1.5 text-[13px] sm:block">
              {region.name}
            </span>
          </button>
        );
      })}
    </div>
  );
}

/** A click says where a region is; the numbers beside it are for the keyboard. */
export function PlacePicker({
  at,
  onPick,
}: {
  at: { latitude: number; longitude: number } | undefined;
  onPick: (p: { latitude: number; longitude: number }) => void;
}) {
  const pick = (e: MouseEvent<SVGSVGElement>) => {
    const box = e.currentTarget.getBoundingClientRect();
    const found = unproject(
      ((e.clientX - box.left) / box.width) * plane.width,
      ((e.clientY - box.top) / box.height) * plane.height,
    );
    if (found) onPick(found);
  };
  const p = at && project(at.longitude, at.latitude);
  return (
    <svg
      viewBox={`0 0 ${plane.width} ${plane.height}`}
      className="block w-full cursor-crosshair rounded border border-line bg-bg"
      onClick={pick}
      aria-hidden="true"
    >
      <path d={land} fill="var(--color-line)" />
      {p && (
        <>
          <path
            d={`M${p.x} 0V${plane.height}M0 ${p.y}H${plane.width}`}
            stroke="var(--color-accent)"
            strokeWidth="1"
            strokeDasharray="4 6"
          />
          <circle
            cx={p.x}
            cy={p.y}
            r="9"
            fill="var(--color-accent)"
            stroke="var(--color-surface)"
            strokeWidth="3"
          />
        </>
      )}
    </svg>
  );
}
