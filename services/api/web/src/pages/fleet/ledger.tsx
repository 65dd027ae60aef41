import { type KeyboardEvent, useMemo, useState } from "react";
import { clock, count, instant } from "@/lib/format";
import { cx, useZone } from "@/ui";
import type { Minute } from "./data";

const kinds = ["done", "expired", "missed", "invalid"] as const;
type Kind = (typeof kinds)[number];

// Told apart without their colours, too: solid, dotted, solid and hollow.
const looks: Record<Kind, { token: string; word: string }> = {
  done: { token: "--color-up-fill", word: "done" },
  expired: { token: "--color-degraded-fill", word: "expired" },
  missed: { token: "--color-down-fill", word: "missed" },
  invalid: { token: "--color-maintenance-fill", word: "invalid" },
};

const slots = 60;
const height = 36;

export interface Sum extends Record<Kind, number> {
  scheduled: number;
  balance: number;
  restarts: number;
}

export function sumOf(minutes: readonly Minute[]): Sum {
  const sum: Sum = { scheduled: 0, done: 0, expired: 0, missed: 0, invalid: 0, balance: 0, restarts: 0 };
  for (const m of minutes) for (const k of Object.keys(sum) as (keyof Sum)[]) sum[k] += m[k];
  return sum;
}

/** The last hour of a lane, a stacked bar for each minute; a minute without a reading is empty. */
export function LedgerBars({
  minutes,
  label,
  now,
}: {
  minutes: readonly Minute[];
  label: string;
  now: number;
}) {
  const zone = useZone();
  const [at, setAt] = useState<number | undefined>();
  const end = Math.floor(now / 60_000) * 60_000;
  const byMinute = useMemo(() => new Map(minutes.map((m) => [instant(m.minute), m])), [minutes]);
  const slot = (n: number) => byMinute.get(end - (slots - 1 - n) * 60_000);
  const most = Math.max(1, ...minutes.map((m) => kinds.reduce((s, k) => s + Math.max(0, m[k]), 0)));
  const sum = useMemo(() => sumOf(minutes), [minutes]);
  const chosen = at === undefined ? undefined : slot(at);
  const words =
    at === undefined
      ? `Last hour: ${said(sum)}`
      : `${clock(end - (slots - 1 - at) * 60_000, zone).slice(0, 5)}: ${chosen ? said(chosen) : "no reading"}`;
  const key = (e: KeyboardEvent) => {
    const to = { ArrowLeft: (at ?? slots) - 1, ArrowRight: (at ?? -1) + 1, Home: 0, End: slots - 1 }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    setAt(Math.min(Math.max(to, 0), slots - 1));
  };
  return (
    <div>
      <div className="mb-1 flex items-baseline justify-between gap-2 text-[13px]">
        <span className="text-muted">{label}</span>
        <Balance sum={sum} />
      </div>
      <div
        role="slider"
        tabIndex={0}
        aria-label={`${label}: checks by minute`}
        aria-valuemin={0}
        aria-valuemax={slots - 1}
        aria-valuenow={at ?? slots - 1}
        aria-valuetext={words}
        onKeyDown={key}
        onBlur={() => setAt(undefined)}
        onPointerLeave={() => setAt(undefined)}
        onPointerMove={(e) => {
          const box = e.currentTarget.getBoundingClientRect();
          setAt(Math.min(slots - 1, Math.max(0, Math.floor(((e.clientX - box.left) / box.width) * slots))));
        }}
      >
        <svg
          viewBox={`0 0 ${slots * 4} ${height}`}
          width="100%"
          height={height}
          preserveAspectRatio="none"
          aria-hidden="true"
          className="block"
        >
          <rect x="0" y={height - 1} width={slots * 4} height="1" fill="var(--color-line)" />
          {Array.from({ length: slots }, (_, n) => {
            const m = slot(n);
            return m && <Bar key={n} x={n * 4} minute={m} most={most} />;
          })}
          {at !== undefined && (
            <rect x={at * 4} y="0" width="4" height={height} fill="var(--color-text)" fillOpacity="0.12" />
          )}
        </svg>
      </div>
      <p aria-hidden="true" className="mt-1 text-xs text-muted">
        {words}
      </p>
    </div>
  );
}

function Bar({ x, minute, most }: { x: number; minute: Minute; most: number }) {
  let y = height;
  return (
    <>
      {kinds.map((k) => {
        const n = Math.max(0, minute[k]);
        if (n === 0) return null;
        // One that is lost among thousands can still be seen.
        const h = Math.max(k === "done" ? 1 : 3, (n / most) * (height - 2));
        y -= h;
        return (
          <rect
            key={k}
            x={x + 0.5}
            y={Math.max(0, y)}
            width={k === "done" ? 3 : 3.6}
            height={h}
            fill={`var(${looks[k].token})`}
          />
        );
      })}
      {minute.balance !== 0 && <rect x={x} y="0" width="4" height="3" fill="var(--color-down)" />}
    </>
  );
}

function said(s: Record<Kind, number> & { scheduled: number; balance: number; restarts: number }): string {
  const parts = kinds.filter((k) => k === "done" || s[k] !== 0).map((k) => `${count(s[k])} ${looks[k].word}`);
  if (s.balance !== 0) parts.push(`difference ${count(s.balance)}`);
  if (s.restarts > 0) parts.push("the ledger began anew");
  return `${count(s.scheduled)} scheduled, ${parts.join(", ")}`;
}

/** Whether every check is accounted for. */
function Balance({ sum }: { sum: Sum }) {
  const even = sum.balance === 0;
  return (
    <span className={cx("text-xs", even ? "text-up" : "text-down")}>
      <span aria-hidden="true">{even ? "● " : "■ "}</span>
      {even ? "balances: difference 0" : `does not balance: difference ${count(sum.balance)}`}
    </span>
  );
}

export function LedgerLegend() {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-[13px] text-muted" aria-label="Colours of the ledgers">
      {kinds.map((k) => (
        <li key={k} className="inline-flex items-center gap-1.5">
          <span
            aria-hidden="true"
            className="inline-block h-3 w-1.5 rounded-[1px]"
            style={{ background: `var(${looks[k].token})` }}
          />
          {looks[k].word}
        </li>
      ))}
    </ul>
  );
}
