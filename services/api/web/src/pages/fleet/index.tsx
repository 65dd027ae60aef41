import { useState } from "react";
import { isProblem } from "@/api/problem";
import { useMay } from "@/api/session";
import { count, duration, instant, percent } from "@/lib/format";
import { text, useUrlState } from "@/lib/url";
import { AsOf, useStaleSince } from "@/pages/incidents/as-of";
import { Page } from "@/shell/page";
import {
  Button,
  CopyButton,
  cx,
  EmptyState,
  ErrorState,
  Loading,
  Panel,
  Skeleton,
  Time,
  useNow,
  useZone,
  VerdictGlyph,
  verdicts,
} from "@/ui";
import { AddRegion } from "./add";
import { type Advice, advice, stageNames, wellWords } from "./advice";
import { type Fleet, type Region, useFleet, useRegions } from "./data";
import { EditRegion, SwitchRegion } from "./edit";
import { LedgerLegend } from "./ledger";
import { eventName, Recent } from "./recent";
import { type Deed, RegionCard } from "./region";
import { World } from "./world";

export default function FleetPage() {
  const fleet = useFleet();
  const regions = useRegions();
  const admin = useMay("admin");
  const zone = useZone();
  const now = useNow(5_000);
  const [chosen, choose] = useUrlState("region", "", text);
  const [adding, setAdding] = useState(false);
  const [deed, setDeed] = useState<{ deed: Deed; region: Region } | undefined>();
  const shut = isProblem(fleet.error, 403); // of another organisation: its regions are all there is to see
  const error = (shut ? null : fleet.error) ?? regions.error;
  const retry = () => {
    void fleet.refetch();
    void regions.refetch();
  };
  const stale = useStaleSince(regions.data ? error : undefined, fleet.dataUpdatedAt || regions.dataUpdatedAt);
  const all = regions.data?.items ?? [];
  const wrong = advice(fleet.data, all, now, zone);
  return (
    <Page
      title="Fleet"
      actions={
        admin ? (
          <Button look="primary" icon="plus" onClick={() => setAdding(true)}>
            Add region
          </Button>
        ) : (
          <span className="text-[13px] text-muted">Admins add regions.</span>
        )
      }
    >
      <AsOf since={stale} error={regions.data ? error : undefined} retry={retry} what="The fleet is shown" />
      {!regions.data ? (
        regions.error ? (
          <ErrorState error={regions.error} what="the fleet" retry={retry} />
        ) : (
          <FleetSkeleton />
        )
      ) : (
        <div className="space-y-4">
          <Health
            wrong={wrong}
            fleet={fleet.data}
            regions={all}
            stale={stale !== undefined}
            choose={choose}
          />
          <Recent fleet={fleet.data} />
          <div className="grid gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
            <Panel title="Regions">
              <World regions={all} stale={stale !== undefined} onChoose={choose} />
            </Panel>
            {fleet.data ? (
              <Stages fleet={fleet.data} stale={stale !== undefined} />
            ) : (
              <Panel title="Stages">
                {shut ? (
                  <p className="text-muted">
                    How the stages do is shown to the organisation that runs the fleet.
                  </p>
                ) : fleet.error ? (
                  <ErrorState compact error={fleet.error} what="the stages" retry={retry} />
                ) : (
                  <Loading label="The stages load" className="space-y-3">
                    {[0, 1, 2, 3, 4].map((n) => (
                      <Skeleton key={n} className="h-6" />
                    ))}
                  </Loading>
                )}
              </Panel>
            )}
          </div>
          {all.length === 0 ? (
            <EmptyState
              icon="fleet"
              title="No region looks yet"
              action={
                admin && (
                  <Button look="primary" onClick={() => setAdding(true)}>
                    Add region
                  </Button>
                )
              }
            >
              Nothing is checked until a worker looks from somewhere.
            </EmptyState>
          ) : (
            <>
              <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
                <h2 className="font-semibold">What became of the checks, by region</h2>
                <LedgerLegend />
              </div>
              <div className="grid items-start gap-4 lg:grid-cols-2 2xl:grid-cols-3">
                {all.map((r) => (
                  <RegionCard
                    key={r.name}
                    region={r}
                    figures={fleet.data?.regions.find((f) => f.region === r.name)}
                    now={fleet.data ? instant(fleet.data.time) : now}
                    chosen={chosen === r.name}
                    stale={stale !== undefined}
                    onDo={admin ? (d) => setDeed({ deed: d, region: r }) : undefined}
                  />
                ))}
              </div>
            </>
          )}
        </div>
      )}
      {adding && <AddRegion onClose={() => setAdding(false)} />}
      {deed?.deed === "edit" && <EditRegion region={deed.region} onClose={() => setDeed(undefined)} />}
      {deed && deed.deed !== "edit" && (
        <SwitchRegion region={deed.region} to={deed.deed} onClose={() => setDeed(undefined)} />
      )}
    </Page>
  );
}

/** In one line that all is well, or what is not, each with what to do. */
function Health({
  wrong,
  fleet,
  regions,
  stale,
  choose,
}: {
  wrong: readonly Advice[];
  fleet: Fleet | undefined;
  regions: readonly Region[];
  stale: boolean;
  choose: (region: string) => void;
}) {
  const told = new Set(wrong.map((a) => a.key));
  const events = (fleet?.events ?? []).filter(
    (e) => e.kind !== "blind" && !told.has(`${e.kind} ${e.region}`),
  );
  if (wrong.length === 0 && events.length === 0) {
    const words = wellWords(fleet, regions);
    return (
      <p className="flex items-center gap-2">
        <VerdictGlyph verdict={stale ? "unknown" : "up"} label={stale ? "Not known" : "Well"} />
        <span>
          {stale && "When last heard of: "}
          {words}.
        </span>
      </p>
    );
  }
  return (
    <Panel title="What is not well" flush>
      <ul>
        {wrong.map((a) => (
          <li key={a.key} className="flex animate-rise gap-3 border-b border-line px-4 py-3 last:border-b-0">
            <span className="pt-1">
              <VerdictGlyph verdict={a.verdict} label={verdicts[a.verdict].word} />
            </span>
            <div className="min-w-0 flex-1">
              <div className="font-semibold wrap-anywhere">
                {a.region ? (
                  <button
                    type="button"
                    className="text-left hover:underline"
                    onClick={() => choose(a.region ?? "")}
                  >
                    {a.what}
                  </button>
                ) : (
                  a.what
                )}
              </div>
              <div className="text-muted">{a.todo}</div>
              {a.command && (
                <div className="mt-1 flex flex-wrap items-center gap-2">
                  <code className="rounded-sm border border-line bg-bg px-2 py-0.5 font-mono text-xs wrap-anywhere">
                    {a.command}
                  </code>
                  <CopyButton text={a.command} />
                </div>
              )}
            </div>
          </li>
        ))}
        {events.map((e) => (
          <li
            key={`${e.kind} ${e.region}`}
            className="flex gap-3 border-b border-line px-4 py-3 last:border-b-0"
          >
            <span className="pt-1">
              <VerdictGlyph verdict="degraded" label="Trouble" />
            </span>
            <div className="min-w-0 flex-1">
              <div className="font-semibold">{eventName(e)}</div>
              <div className="text-muted wrap-anywhere">
                {e.explanation} · since <Time at={e.opened_at} />
              </div>
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Stages({ fleet, stale }: { fleet: Fleet; stale: boolean }) {
  const { queue_memory_bytes: used, queue_memory_max_bytes: most } = fleet;
  return (
    <Panel
      title="Stages"
      flush
      actions={
        <span className="text-[13px] text-muted">
          <Time at={fleet.time} />
        </span>
      }
    >
      <table className={cx("w-full text-left", stale && "grayscale")}>
        <thead className="text-[13px] text-muted">
          <tr>
            <th className="px-4 py-2 font-normal">Stage</th>
            <th className="px-2 py-2 text-right font-normal">Lag</th>
            <th className="px-4 py-2 text-right font-normal">To do</th>
          </tr>
        </thead>
        <tbody>
          {fleet.stages.map((s) => (
            <tr key={s.stage} className="border-t border-line">
              <td className="px-4 py-2">
                <span className="flex items-center gap-2">
                  <VerdictGlyph
                    verdict={stale ? "unknown" : s.ok ? "up" : "down"}
                    label={stale ? "not known" : s.ok ? "in time" : "behind"}
                  />
                  {stageNames[s.stage] ?? s.stage}
                </span>
                {s.detail && <span className="block pl-5 text-[13px] text-down">{s.detail}</span>}
              </td>
              <td className="px-2 py-2 text-right">
                {s.lag_ms === null ? (
                  <span className="text-muted">not known</span>
                ) : (
                  duration(s.lag_ms / 1000)
                )}
              </td>
              <td className="px-4 py-2 text-right">{s.waiting === null ? "–" : count(s.waiting)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="border-t border-line px-4 py-2 text-[13px] text-muted">
        Queue: {(used / 1_048_576).toFixed(1)} MiB
        {most > 0 && ` of ${Math.round(most / 1_048_576)} MiB, ${percent((used / most) * 100, 1)}`}
      </p>
    </Panel>
  );
}

function FleetSkeleton() {
  return (
    <Loading label="The fleet loads" className="space-y-4">
      <Skeleton className="h-6 w-80 max-w-full" />
      <div className="grid gap-4 lg:grid-cols-[3fr_2fr]">
        <Skeleton className="h-72" />
        <Skeleton className="h-72" />
      </div>
      <div className="grid gap-4 lg:grid-cols-2 2xl:grid-cols-3">
        {[0, 1, 2].map((n) => (
          <Skeleton key={n} className="h-72" />
        ))}
      </div>
    </Loading>
  );
}
