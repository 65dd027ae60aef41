import { lazy, Suspense, useMemo, useRef, useState } from "react";
import type { Schema } from "@/api/client";
import { useHotkeys } from "@/lib/keys";
import { Button, EmptyState, ErrorState, Panel, Skeleton } from "@/ui";
import { BulkBar } from "./bulk";
import { useChosen, useLines, useSelection } from "./chosen";
import { Filters } from "./filters";
import { nothing } from "./held";
import { List } from "./list";
import { Notes } from "./notes";
import type { useRows } from "./rows";

const RegionMap = lazy(() => import("./map"));

/** The list with its filters, and above it the map if that is chosen. */
export function Websites({
  rows,
  overview,
  total,
  stale,
}: {
  rows: ReturnType<typeof useRows>;
  overview: Schema["Overview"] | undefined;
  total: number | undefined;
  stale: boolean;
}) {
  const search = useRef<HTMLInputElement>(null);
  const held = rows.data ?? nothing;
  const { fields, filtered, clear } = useChosen();
  const { lines, found, toggle } = useLines(held.rows, fields);
  const { selected, select, clear: unselect } = useSelection();
  const [active, setActive] = useState<string | undefined>();
  useHotkeys({ "/": () => search.current?.focus() });
  const explanations = useMemo(
    () => new Map(overview?.incidents.map((i) => [i.id, i.explanation])),
    [overview?.incidents],
  );
  const empty = useMemo(
    () => (
      <EmptyState
        icon="filter"
        title={held.complete ? "Nothing matches" : "Nothing yet among those that have loaded"}
        action={<Button onClick={clear}>Show all websites</Button>}
      />
    ),
    [held.complete, clear],
  );
  const ids = [...selected].filter((id) => held.rows.has(id));
  return (
    <>
      <Filters search={search} {...fields} />
      {fields.view === "map" && (
        <Suspense fallback={<Skeleton className="h-96" />}>
          <RegionMap active={active} rows={held.rows} stale={stale} />
        </Suspense>
      )}
      <Notes
        ticksAway={held.ticksAway}
        loaded={held.complete ? undefined : held.rows.size}
        total={total}
        found={filtered ? found : undefined}
        onClear={clear}
      />
      <Panel flush>
        {rows.error && held.rows.size === 0 ? (
          <ErrorState error={rows.error} what="the websites" retry={() => rows.refetch()} />
        ) : (
          <List
            lines={lines}
            loading={rows.data === undefined || (held.rows.size === 0 && !held.complete)}
            empty={empty}
            sort={fields.sort}
            onSort={fields.onSort}
            selected={selected}
            onSelect={select}
            onToggle={toggle}
            onActive={setActive}
            explanations={explanations}
            stale={stale}
          />
        )}
      </Panel>
      {ids.length > 0 && (
        <BulkBar ids={ids} names={ids.map((id) => held.rows.get(id)?.s.name ?? id)} onClear={unselect} />
      )}
    </>
  );
}
