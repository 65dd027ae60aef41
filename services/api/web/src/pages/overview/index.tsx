import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Schema } from "@/api/client";
import { useMay } from "@/api/session";
import { count } from "@/lib/format";
import { useHotkeys, usePageKeys } from "@/lib/keys";
import { flag, list, useUrlState } from "@/lib/url";
import { Page } from "@/shell/page";
import { EmptyState, ErrorState } from "@/ui";
import { AddDialog, FirstWebsite } from "./add";
import { Counts } from "./counts";
import { FirstSteps } from "./first-steps";
import { Actions, Subtitle } from "./head";
import { nothing } from "./held";
import { OpenIncidents } from "./incidents";
import { overviewQuery, sum, useRows } from "./rows";
import { useStale } from "./stale";
import { useTabIcon, useTruths } from "./truths";
import { Websites } from "./websites";

const none: string[] = [];
const keys = [
  { keys: "n", does: "Add websites" },
  { keys: "e", does: "Edit the row's website" },
  { keys: "p", does: "Pause or resume it" },
  { keys: "t", does: "Check it now" },
  { keys: "x", does: "Select it" },
] as const;

export default function Overview() {
  const overview = useQuery(overviewQuery);
  const rows = useRows();
  const mayWrite = useMay("write");
  const [adding, setAdding] = useUrlState("add", false, flag);
  const stale = useStale();
  const total = overview.data ? sum(overview.data.counts) : undefined;
  const held = rows.data ?? nothing;
  const firstRun = total === 0 && held.rows.size === 0;
  usePageKeys(keys);
  useHotkeys(mayWrite ? { n: () => setAdding(true) } : {});
  useTabIcon(held.rows, stale);
  useTruths(overview.data, total ?? 0, mayWrite);
  // The first results stay in sight after the first website is there.
  const [welcome, setWelcome] = useState(false);
  useEffect(() => {
    if (firstRun) setWelcome(true);
  }, [firstRun]);

  const welcoming = mayWrite && (firstRun || welcome);

  const down = overview.data?.counts.down ?? 0;
  return (
    <Page
      title={down > 0 ? `(${count(down)} down) Overview` : "Overview"}
      heading="Overview"
      wide
      subtitle={overview.data && total ? <Subtitle overview={overview.data} total={total} /> : undefined}
      actions={welcoming ? undefined : <Actions mayWrite={mayWrite} onAdd={() => setAdding(true)} />}
    >
      <div className="space-y-4">
        {welcoming && <FirstWebsite {...(firstRun ? {} : { onDone: () => setWelcome(false) })} />}
        {welcoming && overview.data && <FirstSteps overview={overview.data} websites={total ?? 0} />}
        {firstRun && !mayWrite && (
          <EmptyState title="Nothing is watched yet">
            You may look, but not add. An editor or admin of this organisation can.
          </EmptyState>
        )}
        {!firstRun && !welcoming && (
          <>
            <Top overview={overview} stale={stale} />
            {overview.data && (
              <OpenIncidents
                incidents={overview.data.incidents}
                open={overview.data.open_incidents}
                stale={stale}
              />
            )}
            {overview.data && mayWrite && <FirstSteps overview={overview.data} websites={total ?? 0} />}
            <Websites rows={rows} overview={overview.data} total={total} stale={stale} />
          </>
        )}
      </div>
      {mayWrite && <AddDialog open={adding} onOpenChange={setAdding} />}
    </Page>
  );
}

function Top({
  overview,
  stale,
}: {
  overview: { data?: Schema["Overview"] | undefined; error: unknown; refetch: () => unknown };
  stale: boolean;
}) {
  const [chosen, setChosen] = useUrlState("v", none, list);
  if (!overview.data && overview.error) {
    return <ErrorState compact error={overview.error} what="the counts" retry={() => overview.refetch()} />;
  }
  return <Counts counts={overview.data?.counts} chosen={chosen} onChoose={setChosen} stale={stale} />;
}
