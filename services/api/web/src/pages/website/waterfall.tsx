import * as format from "@/lib/format";
import { cx, stroke } from "@/ui";
import { type Phase, phases, phaseWords } from "./latency";

/** The durations of a check. */
export type Phases = Record<`${Phase}_ms`, number>;

/** The phases one after the other, as wide as the longest check that it is compared with. */
export function Waterfall({
  phases: p,
  longest,
  tall = false,
}: {
  phases: Phases;
  longest: number;
  tall?: boolean;
}) {
  let before = 0;
  const parts = phases.map((name) => {
    const value = p[`${name}_ms`];
    const part = { name, value, before };
    before += value;
    return part;
  });
  const all = Math.max(longest, before, 0.001);
  const words = parts
    .filter((x) => x.value > 0)
    .map((x) => `${phaseWords[x.name]} ${format.ms(x.value)}`)
    .join(", ");
  return (
    <svg
      width="100%"
      height={tall ? 16 : 8}
      preserveAspectRatio="none"
      viewBox="0 0 1000 10"
      role="img"
      aria-label={words || "no phases"}
      className="block rounded-sm bg-sunken"
    >
      {parts.map(
        (x, i) =>
          x.value > 0 && (
            <rect
              key={x.name}
              x={(x.before / all) * 1000}
              width={Math.max(2, (x.value / all) * 1000)}
              height="10"
              fill={`var(${stroke(i).token})`}
            />
          ),
      )}
    </svg>
  );
}

/** One row a phase, each where it begins: what took how long, and after what. */
export function PhaseRows({ phases: p, total }: { phases: Phases; total: number }) {
  let before = 0;
  const all = Math.max(total, ...phases.map((n) => p[`${n}_ms`]), 0.001);
  return (
    <dl className="grid grid-cols-[84px_minmax(0,1fr)_72px] items-center gap-x-3 gap-y-1.5">
      {phases.map((name, i) => {
        const value = p[`${name}_ms`];
        const left = (before / all) * 100;
        before += value;
        return (
          <div key={name} className="contents">
            <dt className={cx(value === 0 && "text-faint")}>{phaseWords[name]}</dt>
            <dd className="h-3 rounded-sm bg-sunken" aria-hidden="true">
              {value > 0 && (
                <div
                  className="h-full rounded-sm"
                  style={{
                    marginLeft: `${Math.min(left, 99)}%`,
                    width: `${Math.max(1, Math.min((value / all) * 100, 100 - left))}%`,
                    background: `var(${stroke(i).token})`,
                  }}
                />
              )}
            </dd>
            <dd className={cx("text-right", value === 0 && "text-faint")}>
              {value === 0 ? "–" : format.ms(value)}
            </dd>
          </div>
        );
      })}
      <div className="contents font-medium">
        <dt>Total</dt>
        <dd aria-hidden="true" />
        <dd className="text-right">{format.ms(total)}</dd>
      </div>
    </dl>
  );
}
