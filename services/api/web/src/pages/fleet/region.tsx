import { useEffect, useRef } from "react";
import { count, duration, ms, plural } from "@/lib/format";
import { curl } from "@/pages/incident/words";
import {
  copyText,
  cx,
  IconButton,
  Menu,
  MenuItem,
  MenuSeparator,
  Time,
  toast,
  VerdictBadge,
  VerdictGlyph,
} from "@/ui";
import { stateWords } from "./advice";
import type { FleetRegion, Region } from "./data";
import { LedgerBars } from "./ledger";

export type Deed = "edit" | "enable" | "disable" | "delete";

/** All of one region: how it is, who works there, what became of its checks. */
export function RegionCard({
  region: r,
  figures: f,
  now,
  chosen,
  stale,
  onDo,
}: {
  region: Region;
  figures: FleetRegion | undefined;
  now: number;
  chosen: boolean;
  /** What is shown is old. */
  stale: boolean;
  /** Absent: the viewer may not. */
  onDo: ((deed: Deed) => void) | undefined;
}) {
  const ref = useRef<HTMLElement>(null);
  // Nobody begins anything: what stands there is of before.
  const late = (v: number | null | undefined) => (r.live_workers > 0 ? v : null);
  useEffect(() => {
    if (chosen) ref.current?.scrollIntoView({ block: "center" });
  }, [chosen]);
  const state = stale
    ? { verdict: "unknown" as const, word: `${stateWords[r.state].word} when last heard of` }
    : stateWords[r.state];
  return (
    <section
      ref={ref}
      aria-label={`Region ${r.name}`}
      className={cx(
        "flex min-w-0 flex-col rounded border bg-surface",
        chosen ? "border-accent outline outline-accent" : "border-line",
      )}
    >
      <header className="flex items-start gap-2 border-b border-line px-4 py-2.5">
        <div className="min-w-0 flex-1">
          <div className="flex flex-wrap items-center gap-x-3">
            <h3 className="font-semibold">{r.name}</h3>
            <VerdictBadge verdict={state.verdict}>{state.word}</VerdictBadge>
          </div>
          <div className="truncate text-[13px] text-muted">
            {[r.title, r.private ? "private" : "", r.own ? "" : "of the fleet's operator"]
              .filter(Boolean)
              .join(" · ") || "no title"}
          </div>
        </div>
        <Deeds region={r} onDo={onDo} />
      </header>
      <dl className="grid grid-cols-2 gap-px border-b border-line bg-line sm:grid-cols-4">
        <Figure
          label="Late p50"
          value={ms(late(f?.late_p50_ms))}
          hint="How long after they were due half of the checks were begun"
        />
        <Figure
          label="Late p99"
          value={ms(late(f?.late_p99_ms))}
          hint="The same of all but one in a hundred"
        />
        <Figure
          label="Waiting"
          value={r.waiting === null ? "not known" : count(r.waiting)}
          hint={
            r.waiting
              ? `the oldest for ${duration((r.oldest_waiting_ms ?? 0) / 1000)}`
              : "Checks in the queue"
          }
          shown={Boolean(r.oldest_waiting_ms)}
        />
        <Figure
          label="To judge"
          value={f ? count(f.results_waiting) : "–"}
          hint={
            f && f.dead_letters > 0
              ? plural(f.dead_letters, "dead letter")
              : "Results that are not judged yet"
          }
          shown={Boolean(f && f.dead_letters > 0)}
        />
      </dl>
      {f && (
        <div className={cx("space-y-3 border-b border-line px-4 py-3", stale && "grayscale")}>
          <LedgerBars minutes={f.ledger_minutes} label="Of the schedule" now={now} />
          <LedgerBars minutes={f.urgent_ledger_minutes} label="Asked for at once" now={now} />
        </div>
      )}
      <Workers region={r} />
    </section>
  );
}

function Figure({
  label,
  value,
  hint,
  shown = false,
}: {
  label: string;
  value: string;
  hint: string;
  shown?: boolean;
}) {
  return (
    <div className="bg-surface px-4 py-2" title={hint}>
      <dt className="text-[13px] text-muted">{label}</dt>
      <dd className="font-semibold">{value}</dd>
      {shown && <dd className="text-xs text-muted">{hint}</dd>}
    </div>
  );
}

function Workers({ region: r }: { region: Region }) {
  return (
    <div className="px-4 py-2.5">
      <div className="flex flex-wrap items-baseline justify-between gap-x-3 text-[13px] text-muted">
        <span>{r.live_workers === 0 ? "No live worker" : plural(r.live_workers, "live worker")}</span>
        <span>
          {r.last_seen_at ? (
            <>
              last heard <Time at={r.last_seen_at} />
            </>
          ) : (
            "never heard"
          )}
        </span>
      </div>
      {r.workers.length > 0 && (
        <ul className="mt-1">
          {r.workers.map((w) => (
            <li key={w.id} className="flex flex-wrap items-center gap-x-3 py-1 text-[13px]">
              <span className="flex min-w-0 items-center gap-1.5">
                <VerdictGlyph
                  verdict={w.alive ? "up" : "down"}
                  size={10}
                  label={w.alive ? "alive" : "not heard"}
                />
                <span className="truncate font-medium">{w.id}</span>
              </span>
              <span className="text-muted">
                {[w.site && `site ${w.site}`, w.version && `version ${w.version}`, w.host && `on ${w.host}`]
                  .filter(Boolean)
                  .join(" · ")}
              </span>
              <span className="ml-auto text-muted">
                {w.alive ? (
                  <>
                    {w.last_seen_at && (
                      <>
                        heard <Time at={w.last_seen_at} />
                      </>
                    )}
                    {w.last_seen_at && w.started_at && " · "}
                    {w.started_at && (
                      <>
                        up since <Time at={w.started_at} absolute />
                      </>
                    )}
                  </>
                ) : (
                  <span className="text-down">
                    {w.last_seen_at ? (
                      <>
                        last heard <Time at={w.last_seen_at} />
                      </>
                    ) : (
                      "not heard"
                    )}
                  </span>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Deeds({ region: r, onDo }: { region: Region; onDo: ((deed: Deed) => void) | undefined }) {
  const copy = async () => {
    if (await copyText(curl(`/v1/regions/${r.name}`))) toast.done("Copied as curl");
  };
  const may = onDo && r.own ? onDo : undefined;
  return (
    <Menu
      label={`Region ${r.name}`}
      trigger={<IconButton icon="more" label={`What can be done with ${r.name}`} small />}
    >
      {may && (
        <>
          <MenuItem icon="edit" onSelect={() => may("edit")}>
            Edit
          </MenuItem>
          {r.enabled ? (
            <MenuItem icon="pause" onSelect={() => may("disable")}>
              Disable
            </MenuItem>
          ) : (
            <MenuItem icon="play" onSelect={() => may("enable")}>
              Enable
            </MenuItem>
          )}
        </>
      )}
      <MenuItem icon="copy" onSelect={() => void copy()}>
        Copy as curl
      </MenuItem>
      {may && (
        <>
          <MenuSeparator />
          <MenuItem icon="trash" danger onSelect={() => may("delete")}>
            Delete
          </MenuItem>
        </>
      )}
    </Menu>
  );
}
