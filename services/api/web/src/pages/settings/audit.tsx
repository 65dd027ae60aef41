import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { api, data, type Schema } from "@/api/client";
import { oneOf, text, useUrlState } from "@/lib/url";
import {
  Button,
  type Column,
  EmptyState,
  ErrorState,
  LinkButton,
  Panel,
  Segmented,
  Select,
  Table,
  Time,
} from "@/ui";
import { AuditSheet } from "./audit-sheet";
import { type Entry, type Kind, kindWords, objectName, since, verb } from "./audit-words";

const ranges = oneOf("24h", "7d", "30d", "90d", "all");
const pageLength = 100;
const anyOf = "any"; // a Select has no empty value

/** Who changed what, when and from where. */
export default function Audit() {
  const [kind, setKind] = useUrlState("kind", "", text);
  const [object, setObject] = useUrlState("object", "", text);
  const [actor, setActor] = useUrlState("actor", "", text);
  const [range, setRange] = useUrlState("range", "30d", ranges);
  const [opened, setOpened] = useUrlState("entry", "", text);
  // A range moves with the clock; a list that is being read must not.
  const [now] = useState(Date.now);
  const from = since(range, now);
  const filter = {
    ...(kind in kindWords ? { object_kind: kind as Kind } : {}),
    ...(object ? { object_id: object } : {}),
    ...(actor ? { actor_id: actor } : {}),
    ...(from ? { from } : {}),
  };
  const entries = useInfiniteQuery({
    queryKey: ["audit", filter],
    queryFn: async ({ signal, pageParam }) =>
      (await data(
        api.GET("/v1/audit", {
          params: {
            query: { limit: pageLength, ...filter, ...(pageParam ? { cursor: pageParam } : {}) },
          },
          signal,
        }),
      )) as Schema["AuditPage"], // text is answered only if asked for
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  const rows = entries.data?.pages.flatMap((p) => p.items) ?? [];
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = entries;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const actors = useActors();
  const names = Object.fromEntries(actors.map((a) => [a.value, a.label]));
  const query = new URLSearchParams({ ...filter, format: "csv" } as Record<string, string>);
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <Segmented
          label="Range"
          value={range}
          onChange={setRange}
          options={(["24h", "7d", "30d", "90d", "all"] as const).map((value) => ({ value, label: value }))}
        />
        <Select
          label="What was changed"
          className="w-40!"
          value={kind in kindWords ? kind : anyOf}
          onChange={(v) => setKind(v === anyOf ? "" : v)}
          options={[
            { value: anyOf, label: "Everything" },
            ...Object.entries(kindWords).map(([value, label]) => ({ value, label })),
          ]}
        />
        <Actors value={actor} onChange={setActor} rows={rows} known={actors} />
        {object && (
          <Button small icon="close" onClick={() => setObject("")}>
            Of one object
          </Button>
        )}
        <span className="ml-auto">
          <LinkButton small icon="download" href={`/v1/audit?${query}`} download="audit.csv">
            CSV
          </LinkButton>
        </span>
      </div>
      <Panel flush>
        {entries.isError && rows.length === 0 ? (
          <ErrorState error={entries.error} what="the audit log" retry={() => void entries.refetch()} />
        ) : (
          <Table
            main
            label="Audit log"
            columns={columnsFor(names)}
            rows={rows}
            rowKey={(e) => String(e.id)}
            loading={entries.isPending}
            onOpen={(e) => setOpened(String(e.id))}
            onEnd={more}
            empty={
              <EmptyState icon="list" title="Nothing was changed" level={3}>
                No change fits these filters.
              </EmptyState>
            }
          />
        )}
      </Panel>
      <AuditSheet
        entry={rows.find((e) => String(e.id) === opened)}
        names={names}
        close={() => setOpened("")}
        onObject={(id) => {
          setOpened("");
          setObject(id);
        }}
      />
    </>
  );
}

const columnsFor = (names: Readonly<Record<string, string>>): Column<Entry>[] => [
  { key: "at", header: "When", width: "88px", cell: (e) => <Time at={e.at} /> },
  {
    key: "who",
    header: "Who",
    width: "minmax(0, 1fr)",
    from: "sm",
    cell: (e) => e.actor.name || e.actor.kind,
  },
  {
    key: "what",
    header: "What",
    width: "minmax(0, 2fr)",
    cell: (e) => (
      <>
        <span className="text-muted">
          {verb(e.action)} {kindWords[e.object_kind].toLowerCase().replace("api", "API")}{" "}
        </span>
        {objectName(e, names)}
      </>
    ),
  },
  { key: "from", header: "From", width: "112px", from: "lg", cell: (e) => e.address || "–" },
];

interface Actor {
  value: string;
  label: string;
}

/** Accounts and keys that may have changed something. */
function useActors(): Actor[] {
  const actors = useQuery({
    queryKey: ["actors"],
    queryFn: async ({ signal }) => {
      const [people, keys] = await Promise.all([
        data(api.GET("/v1/members", { params: { query: { limit: 1_000 } }, signal })),
        data(api.GET("/v1/api-keys", { params: { query: { limit: 1_000 } }, signal })),
      ]);
      return [
        ...people.items.map((p) => ({ value: p.id, label: p.name || p.email })),
        ...keys.items.map((k) => ({ value: k.id, label: `key ${k.name}` })),
      ];
    },
  });
  return actors.data ?? [];
}

/** One who is gone, whom the link names, keeps a place. */
function Actors({
  value,
  onChange,
  rows,
  known,
}: {
  value: string;
  onChange: (id: string) => void;
  rows: readonly Entry[];
  known: Actor[];
}) {
  const named = rows.find((e) => e.actor.id === value)?.actor.name ?? value;
  const options =
    known.some((o) => o.value === value) || value === "" ? known : [...known, { value, label: named }];
  return (
    <Select
      label="Who"
      className="w-40!"
      value={value || anyOf}
      onChange={(v) => onChange(v === anyOf ? "" : v)}
      options={[{ value: anyOf, label: "Everybody" }, ...options]}
    />
  );
}
