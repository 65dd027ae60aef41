import { type InfiniteData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, data, type Schema } from "@/api/client";
import { isProblem } from "@/api/problem";
import * as format from "@/lib/format";
import { oneOf, text, useUrlState } from "@/lib/url";
import { useLive } from "@/live";
import {
  type Column,
  EmptyState,
  ErrorState,
  Ms,
  Panel,
  Segmented,
  Select,
  Table,
  Time,
  VerdictGlyph,
} from "@/ui";
import { CheckSheet } from "./check-sheet";
import { type Monitor, type Tick, useRegions, verdictOf } from "./data";
import type { Range } from "./range-picker";
import { Waterfall } from "./waterfall";
import { reasonWords } from "./words";

const okCodec = oneOf("all", "ok", "failed");
const pageSize = 100;
const mostLive = 200; // that an answer which lags a little may not have yet
const mostRows = 5_000; // after which the list begins anew

/** Names a check in a URL and in a list: one region does not check twice at one time. */
export const tickKey = (t: Pick<Tick, "time" | "region">) => `${t.time}~${t.region}`;

type Pages = InfiniteData<Schema["TickPage"], string | undefined>;

/** The pages with a check that was just done at its place; unchanged if it is there. */
export function withTick(pages: Pages, tick: Tick): Pages {
  const [first, ...rest] = pages.pages;
  if (!first || first.items.some((t) => tickKey(t) === tickKey(tick))) return pages;
  const when = format.instant(tick.time);
  const at = first.items.findIndex((t) => format.instant(t.time) < when);
  const items = at < 0 ? [...first.items, tick] : first.items.toSpliced(at, 0, tick);
  return { ...pages, pages: [{ ...first, items }, ...rest] };
}

/** All of them once, the newest first. */
export function merged(live: readonly Tick[], pages: Pick<Pages, "pages"> | undefined): Tick[] {
  const seen = new Set<string>();
  const all = [...live, ...(pages?.pages ?? []).flatMap((p) => p.items)];
  const once = all.filter((t) => !seen.has(tickKey(t)) && seen.add(tickKey(t)));
  return once.sort((a, b) => format.instant(b.time) - format.instant(a.time));
}

/** Every check of a monitor, the newest first and as it is done, each with what it saw. */
export function Checks({ monitor, range }: { monitor: Monitor; range: Range }) {
  const client = useQueryClient();
  const [ok, setOk] = useUrlState<"all" | "ok" | "failed">("checks", "all", okCodec);
  const [region, setRegion] = useUrlState("in", "", text);
  const [open, setOpen] = useUrlState("check", "", text, { push: true });
  const key = ["monitor", monitor.id, "ticks", ok, region, range.custom ? range.key : ""];
  const of = JSON.stringify(key);
  const [live, setLive] = useState<{ of: string; ticks: Tick[] }>({ of, ticks: [] });
  const list = useInfiniteQuery({
    queryKey: key,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) => {
      const span = range.custom;
      return data(
        api.GET("/v1/monitors/{id}/ticks", {
          params: {
            path: { id: monitor.id },
            query: {
              limit: pageSize,
              from: new Date(span ? span.from : Date.now() - 30 * 86_400_000).toISOString(),
              ...(span ? { to: new Date(span.to).toISOString() } : {}),
              ...(ok === "all" ? {} : { ok: ok === "ok" }),
              ...(region ? { region } : {}),
              ...(pageParam ? { cursor: pageParam } : {}),
            },
          },
          signal,
        }),
      );
    },
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
  useLive({ types: ["tick"], monitorIds: [monitor.id] }, (_, tick) => {
    if (range.custom || (region && tick.region !== region)) return;
    if (ok !== "all" && tick.ok !== (ok === "ok")) return;
    setLive((now) => ({ of, ticks: [tick, ...(now.of === of ? now.ticks : [])].slice(0, mostLive) }));
    if ((list.data?.pages[0]?.items.length ?? 0) > mostRows) void client.resetQueries({ queryKey: key });
    else client.setQueryData<Pages>(key, (now) => now && withTick(now, tick));
  });
  const rows = useMemo(() => merged(live.of === of ? live.ticks : [], list.data), [live, of, list.data]);
  const longest = useMemo(() => rows.slice(0, 200).reduce((m, t) => Math.max(m, t.latency_ms), 0), [rows]);
  const heartbeat = monitor.kind === "heartbeat";
  const columns = useMemo(
    // A call has neither phases nor a status.
    () => columnsFor(longest).filter((c) => !heartbeat || (c.key !== "phases" && c.key !== "status")),
    [longest, heartbeat],
  );
  // One that is gone cannot be asked about.
  const regions = useRegions().data?.items;
  const known = useMemo(
    () =>
      [...new Set([...rows.map((t) => t.region), region])]
        .filter((r) => r !== "" && (r === region || !regions || regions.some((one) => one.name === r)))
        .sort(),
    [rows, region, regions],
  );
  const away = isProblem(list.error, 503);
  return (
    <Panel
      flush
      className="mb-4"
      title="Recent checks"
      actions={
        <>
          <Segmented
            label="Which checks"
            value={ok}
            onChange={setOk}
            options={[
              { value: "all", label: "All" },
              { value: "ok", label: "Passed" },
              { value: "failed", label: "Failed" },
            ]}
          />
          <Select
            small
            className="w-36!"
            label="Region of the checks"
            value={region || "*"}
            onChange={(v) => setRegion(v === "*" ? "" : v)}
            options={[{ value: "*", label: "All regions" }, ...known.map((r) => ({ value: r, label: r }))]}
          />
        </>
      }
    >
      {list.error && (away || !list.data) ? (
        <ErrorState compact what="the checks" error={list.error} retry={() => void list.refetch()} />
      ) : (
        <Table
          main
          label="Recent checks"
          columns={columns}
          rows={rows}
          rowKey={tickKey}
          rowHeight={38}
          loading={list.isPending}
          onOpen={(t) => setOpen(tickKey(t))}
          isSelected={(t) => tickKey(t) === open}
          onEnd={() => {
            if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage();
          }}
          empty={
            <EmptyState level={3} icon="clock" title={ok === "failed" ? "No failed check" : "No checks yet"}>
              {ok === "failed" || region
                ? "None fits these filters."
                : monitor.paused
                  ? "This monitor is paused."
                  : "They appear here by themselves as they are done."}
            </EmptyState>
          }
        />
      )}
      <CheckSheet
        monitor={monitor}
        name={open}
        tick={rows.find((t) => tickKey(t) === open)}
        looking={list.isPending}
        onClose={() => setOpen("")}
      />
    </Panel>
  );
}

function columnsFor(longest: number): Column<Tick>[] {
  return [
    {
      key: "result",
      header: "Result",
      width: "minmax(84px, 1.4fr)",
      cell: (t) => (
        <span className="flex min-w-0 items-center gap-2">
          <VerdictGlyph verdict={verdictOf(t.outcome)} />
          <span className="truncate">
            <span className="max-sm:sr-only">
              {t.ok
                ? "passed"
                : t.outcome === "degraded"
                  ? "degraded"
                  : t.outcome === "fail"
                    ? "failed"
                    : t.outcome}
            </span>
            <span className="sm:hidden">{t.region}</span>
            {t.reason && <span className="text-muted">, {reasonWords(t.reason)}</span>}
            {t.urgent && <span className="text-faint"> · extra</span>}
          </span>
        </span>
      ),
    },
    { key: "region", header: "Region", width: "minmax(64px, 130px)", from: "sm", cell: (t) => t.region },
    {
      key: "status",
      header: "Status",
      width: "60px",
      from: "md",
      cell: (t) => t.status_code ?? <span className="text-faint">–</span>,
    },
    {
      key: "phases",
      header: "Phases",
      width: "minmax(120px, 1fr)",
      from: "md",
      cell: (t) => <Waterfall phases={t} longest={longest} />,
    },
    {
      key: "latency",
      header: "Time",
      width: "68px",
      align: "right",
      cell: (t) => <Ms value={t.latency_ms} />,
    },
    { key: "at", header: "When", width: "80px", align: "right", cell: (t) => <Time at={t.time} /> },
  ];
}
