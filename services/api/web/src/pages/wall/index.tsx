import { useQuery } from "@tanstack/react-query";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useLocation } from "wouter";
import { clock, count, day, percent } from "@/lib/format";
import { useHotkeys } from "@/lib/keys";
import { reasonWords } from "@/lib/reasons";
import { useConnection } from "@/live";
import { order } from "@/pages/overview/choose";
import { beatsOf, nothing, type Row, votesOf } from "@/pages/overview/held";
import { overviewQuery, type sum, useRows } from "@/pages/overview/rows";
import { useStaleSince } from "@/pages/overview/stale";
import { useTabIcon } from "@/pages/overview/truths";
import { useTitle } from "@/shell/page";
import {
  cx,
  Duration,
  ErrorState,
  HeartbeatBar,
  IconButton,
  RegionRing,
  useNow,
  useZone,
  type Verdict,
  VerdictGlyph,
  verdictOrder,
  verdicts,
} from "@/ui";
import { divide } from "./layout";

const worstFirst = { key: "verdict", descending: false };
const restMs = 4_000; // of the pointer, until the controls leave

/** For a screen on the wall: dark, large, the worst first, nothing to press. */
export default function Wall() {
  const overview = useQuery(overviewQuery);
  const rows = useRows();
  const staleSince = useStaleSince();
  const stale = staleSince !== undefined;
  const held = rows.data ?? nothing;
  const down = overview.data?.counts.down ?? 0;
  useTitle(down > 0 ? `(${count(down)} down) Wall` : "Wall");
  useTabIcon(held.rows, stale);
  useAwake();
  const sorted = useMemo(() => order([...held.rows.values()], worstFirst), [held.rows]);
  const explanations = useMemo(
    () => new Map(overview.data?.incidents.map((i) => [i.id, i.explanation])),
    [overview.data?.incidents],
  );
  const failed = rows.error ?? overview.error;
  return (
    <main
      className="fixed inset-0 flex flex-col overflow-hidden bg-bg text-text"
      style={{ colorScheme: "dark" }}
    >
      <h1 className="sr-only">Wall</h1>
      <Head counts={overview.data?.counts} staleSince={staleSince} />
      {failed && held.rows.size === 0 ? (
        <ErrorState error={failed} what="the websites" retry={() => void rows.refetch()} />
      ) : held.complete && held.rows.size === 0 ? (
        <p className="m-auto text-[clamp(20px,2.5vw,48px)] text-muted">Nothing is watched yet.</p>
      ) : (
        <Tiles rows={sorted} explanations={explanations} stale={stale} loading={!held.complete} />
      )}
    </main>
  );
}

function Head({
  counts,
  staleSince,
}: {
  counts: Parameters<typeof sum>[0] | undefined;
  staleSince: number | undefined;
}) {
  const stale = staleSince !== undefined;
  const zone = useZone();
  const now = useNow();
  const c = useConnection();
  return (
    <header className="flex flex-wrap items-center gap-x-[2.5vw] gap-y-2 border-b border-line px-[1.5vw] py-[1.2vh]">
      <div className={cx("flex flex-wrap items-baseline gap-x-[2vw] gap-y-1", stale && "grayscale")}>
        {counts &&
          verdictOrder.map((v) => {
            const n = v in counts ? counts[v as keyof typeof counts] : 0;
            if (n === 0 && v !== "down" && v !== "up") return null;
            return <Count key={v} verdict={v} n={n} />;
          })}
      </div>
      <div className="ml-auto flex items-center gap-[1.5vw]">
        <Controls />
        <span
          role="status"
          className={cx(
            "text-[clamp(14px,1.3vw,26px)] font-medium",
            stale ? "text-down" : c.state === "live" ? "text-up" : "text-unknown",
          )}
        >
          {stale ? "■ not live" : c.state === "live" ? "● live" : "○ connecting"}
        </span>
        <time className="text-right leading-none" dateTime={new Date(now).toISOString()}>
          <span className="block text-[clamp(24px,3vw,60px)] font-semibold">
            {clock(now, zone).slice(0, 5)}
          </span>
          <span className="block pt-1 text-[clamp(12px,0.9vw,18px)] text-muted">
            {day(now, zone)}
            {zone === "utc" && " UTC"}
          </span>
        </time>
      </div>
      {staleSince !== undefined && (
        <p role="alert" className="w-full text-[clamp(16px,1.5vw,30px)] font-semibold text-down">
          What you see was true <Duration since={staleSince} /> ago. It is tried again by itself.
        </p>
      )}
    </header>
  );
}

function Count({ verdict, n }: { verdict: Verdict; n: number }) {
  const quiet = n === 0 || verdict === "up" || verdict === "paused";
  return (
    <span className="flex items-baseline gap-[0.6vw]">
      <span
        className={cx(
          "text-[clamp(28px,3.6vw,72px)] leading-none font-bold",
          quiet ? "text-text" : verdicts[verdict].text,
        )}
      >
        {count(n)}
      </span>
      <span className="flex items-center gap-[0.4vw] text-[clamp(14px,1.3vw,26px)] text-muted">
        <VerdictGlyph verdict={verdict} size={16} />
        {verdicts[verdict].word.toLowerCase()}
      </span>
    </span>
  );
}

function Tiles({
  rows,
  explanations,
  stale,
  loading,
}: {
  rows: readonly Row[];
  explanations: ReadonlyMap<string, string>;
  stale: boolean;
  loading: boolean;
}) {
  const ref = useRef<HTMLUListElement>(null);
  const [size, setSize] = useState({ width: window.innerWidth, height: window.innerHeight - 100 });
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box) return;
    const measure = () => setSize({ width: box.clientWidth, height: box.clientHeight });
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(box);
    return () => watch.disconnect();
  }, []);
  const grid = divide(rows.length, size.width, size.height);
  const rest = rows.slice(grid.tiles);
  // Letters grow with the tiles: a wall of four is read from further away than one of forty.
  const unit = Math.min(size.width / grid.columns / 16, size.height / grid.rows / 6.4);
  const font = Math.min(Math.max(unit, 12), 40);
  return (
    <ul
      ref={ref}
      aria-label="Websites, the worst first"
      aria-busy={loading}
      className={cx("grid min-h-0 flex-1 gap-[6px] p-[6px] leading-[1.3]", stale && "grayscale")}
      style={{
        gridTemplateColumns: `repeat(${grid.columns}, minmax(0, 1fr))`,
        gridTemplateRows: `repeat(${grid.rows}, minmax(0, 1fr))`,
        fontSize: font,
      }}
    >
      {rows.slice(0, grid.tiles).map((row) => (
        <Tile
          key={row.s.id}
          row={row}
          why={explanations.get(row.s.incident_id ?? "")}
          bar={size.height / grid.rows > 7 * font}
        />
      ))}
      {rest.length > 0 && <Rest rows={rest} />}
    </ul>
  );
}

const tileLooks: Partial<Record<Verdict, string>> = {
  down: "bg-[#5a1518] border-down-fill",
  degraded: "bg-[#4a3508] border-degraded-fill",
  unknown: "hatched border-unknown-fill",
};

function Tile({ row, why, bar }: { row: Row; why: string | undefined; bar: boolean }) {
  const { s, status } = row;
  const bad = status === "down" || status === "degraded" || status === "unknown";
  const reason = why?.replace(/^(Down|Degraded): /, "") ?? reasonWords(s.reason);
  return (
    <li
      className={cx(
        "flex min-w-0 flex-col justify-between overflow-hidden rounded border px-[0.9em] py-[0.7em]",
        tileLooks[status] ?? "border-line bg-surface",
        Date.now() - row.changedAt < 3_000 && "animate-fade",
      )}
    >
      <div
        className={cx(
          "flex min-w-0 items-start gap-[0.6em]",
          status === "unknown" && "-mx-1 rounded bg-bg px-1",
        )}
      >
        <span className="mt-[0.05em] flex h-[1.9em] w-[1.9em] shrink-0 [&>svg]:size-full">
          <RegionRing verdict={status} votes={votesOf(s)} size={40} tooltip={false} />
        </span>
        <div className="min-w-0 flex-1 leading-[1.2]">
          <div className="truncate text-[1.25em] font-semibold">{s.name}</div>
          <div className={cx("truncate", bad ? verdicts[status].text : "text-muted")}>
            {verdicts[status].word}
            {s.verdict_since && status !== "paused" && (
              <>
                {" "}
                <Duration since={s.verdict_since} />
              </>
            )}
          </div>
        </div>
      </div>
      {bar && (
        <HeartbeatBar
          beats={beatsOf(row)}
          width={4_000}
          height={28}
          focusable={false}
          label={`${s.name}, last 24 hours`}
          className={status === "unknown" ? "rounded bg-bg" : ""}
        />
      )}
      <div
        className={cx(
          "truncate text-[0.9em]",
          bad ? "text-text" : "text-muted",
          status === "unknown" && "-mx-1 rounded bg-bg px-1",
        )}
      >
        {bad
          ? reason
          : s.advisory_regions.length > 0
            ? `fails in ${s.advisory_regions.join(", ")}`
            : `${percent(s.uptime_24h_percent)} in 24 h`}
      </div>
    </li>
  );
}

/** Those for which there is no room, by verdict. */
function Rest({ rows }: { rows: readonly Row[] }) {
  const counts = new Map<Verdict, number>();
  for (const r of rows) counts.set(r.status, (counts.get(r.status) ?? 0) + 1);
  return (
    <li className="flex min-w-0 flex-col justify-center rounded border border-line bg-surface px-[0.9em]">
      <span className="text-[1.25em] font-semibold">and {count(rows.length)} more</span>
      <span className="truncate text-muted">
        {[...counts].map(([v, n]) => `${count(n)} ${verdicts[v].word.toLowerCase()}`).join(", ")}
      </span>
    </li>
  );
}

/** What can be pressed shows while the pointer moves, or has the focus. */
function Controls() {
  const [, navigate] = useLocation();
  const [awake, setAwake] = useState(true);
  useEffect(() => {
    let timer = setTimeout(() => setAwake(false), restMs);
    const wake = () => {
      setAwake(true);
      clearTimeout(timer);
      timer = setTimeout(() => setAwake(false), restMs);
    };
    window.addEventListener("pointermove", wake);
    window.addEventListener("keydown", wake);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("pointermove", wake);
      window.removeEventListener("keydown", wake);
    };
  }, []);
  useEffect(() => {
    document.documentElement.style.cursor = awake ? "" : "none";
    return () => {
      document.documentElement.style.cursor = "";
    };
  }, [awake]);
  const full = () =>
    void (document.fullscreenElement
      ? document.exitFullscreen()
      : document.documentElement.requestFullscreen?.());
  const leave = () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    navigate("/");
  };
  useHotkeys({ f: full, Escape: leave });
  return (
    <span
      className={cx(
        "flex gap-1 transition-opacity focus-within:opacity-100",
        awake ? "opacity-100" : "opacity-0",
      )}
    >
      <IconButton icon="wall" label="Full screen (f)" onClick={full} />
      <IconButton icon="close" label="Leave the wall (Escape)" onClick={leave} />
    </span>
  );
}

/** Keeps the screen from going to sleep, where the browser lets a page do that. */
function useAwake() {
  useEffect(() => {
    let lock: WakeLockSentinel | undefined;
    let over = false;
    const ask = async () => {
      if (document.hidden || !("wakeLock" in navigator)) return;
      const got = await navigator.wakeLock.request("screen").catch(() => undefined);
      if (over) void got?.release();
      else lock = got;
    };
    void ask();
    document.addEventListener("visibilitychange", ask);
    return () => {
      over = true;
      document.removeEventListener("visibilitychange", ask);
      void lock?.release();
    };
  }, []);
}
