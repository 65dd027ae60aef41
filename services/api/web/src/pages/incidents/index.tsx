import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { Link, useLocation } from "wouter";
import { api, data } from "@/api/client";
import { clock, duration, instant, plural } from "@/lib/format";
import { usePageKeys } from "@/lib/keys";
import { oneOf, setParams, text, useUrlState } from "@/lib/url";
import { stateWords } from "@/pages/incident/words";
import { Page } from "@/shell/page";
import {
  Button,
  type Column,
  cx,
  EmptyState,
  ErrorState,
  Icon,
  LinkButton,
  Panel,
  Table,
  Time,
  useNow,
  useZone,
  VerdictBadge,
  VerdictGlyph,
  verdicts,
} from "@/ui";
import { AsOf, useStaleSince } from "./as-of";
import { FilterBar } from "./filters";
import {
  grouped,
  type Incident,
  moment,
  type Range,
  type Row,
  rangeNames,
  ranges,
  type Status,
  statuses,
} from "./groups";

const statusCodec = oneOf(...statuses);
const rangeCodec = oneOf(...rangeNames);

function useFilters() {
  const [status, setStatus] = useUrlState<Status>("status", "", statusCodec);
  const [website, setWebsite] = useUrlState("website", "", text);
  const [range, choose] = useUrlState<Range>("range", "any", rangeCodec);
  const [from, setFrom] = useUrlState<number | null>("from", null, moment);
  const [to, setTo] = useUrlState<number | null>("to", null, moment);
  const minute = useNow(60_000);
  const setRange = (r: Range) => {
    choose(r);
    if (r !== "custom") setParams({ from: null, to: null });
    else if (from === null) setFrom(minute - 7 * 86_400_000);
  };
  const back = range === "custom" ? 0 : ranges[range];
  return {
    status,
    setStatus,
    website,
    setWebsite,
    range,
    setRange,
    from,
    setFrom,
    to,
    setTo,
    any: status !== "" || website !== "" || range !== "any",
    clear: () => setParams({ status: null, website: null, range: null, from: null, to: null }),
    /** What the API is asked for. */
    query: {
      ...(status ? { status } : {}),
      ...(website ? { website_id: website } : {}),
      ...(back ? { from: moment.format(minute - back * 1000) } : {}),
      ...(range === "custom" && from !== null ? { from: moment.format(from) } : {}),
      ...(range === "custom" && to !== null ? { to: moment.format(to) } : {}),
    },
  };
}

/** All that last, however old: the list by time would show them late. */
const useLasting = (query: { website_id?: string; from?: string; to?: string }, wanted: boolean) =>
  useQuery({
    queryKey: ["incidents", "lasting", query],
    queryFn: async ({ signal }) => {
      const ask = (status: "open" | "acknowledged") =>
        data(api.GET("/v1/incidents", { params: { query: { ...query, status, limit: 200 } }, signal }));
      const [open, acknowledged] = await Promise.all([ask("open"), ask("acknowledged")]);
      return [...open.items, ...acknowledged.items];
    },
    enabled: wanted,
    placeholderData: (before) => before,
  });

const keys = [
  { keys: "j k", does: "move in the list" },
  { keys: "Enter", does: "open the incident" },
];

export default function Incidents() {
  const f = useFilters();
  const zone = useZone();
  const [, navigate] = useLocation();
  usePageKeys(keys);
  const { status, ...span } = f.query;
  const lasting = useLasting(span, status === undefined);
  const pages = useInfiniteQuery({
    queryKey: ["incidents", "list", f.query],
    queryFn: ({ signal, pageParam }) =>
      data(
        api.GET("/v1/incidents", {
          params: { query: { ...f.query, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: (before) => before,
  });
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  const error = pages.error ?? lasting.error;
  const stale = useStaleSince(pages.data ? error : undefined, pages.dataUpdatedAt);
  const hour = useNow(3_600_000);
  const rows = useMemo(() => {
    const open = status === undefined ? (lasting.data ?? []) : [];
    return grouped(open, pages.data?.pages.flatMap((p) => p.items) ?? [], zone, !hasNextPage, hour);
  }, [status, lasting.data, pages.data, zone, hasNextPage, hour]);
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const retry = () => {
    void pages.refetch();
    if (status === undefined) void lasting.refetch();
  };
  return (
    <Page title="Incidents">
      <FilterBar {...f} />
      <AsOf since={stale} error={pages.data ? error : undefined} retry={retry} what="The list is shown" />
      <Panel flush>
        {!pages.data && pages.error ? (
          <ErrorState error={pages.error} what="the incidents" retry={retry} />
        ) : (
          <Table
            label="Incidents"
            columns={columns}
            rows={rows}
            rowKey={(r) => ("heading" in r ? r.heading : r.incident.id)}
            rowHeight={60}
            loading={!pages.data}
            empty={<Nothing filtered={f.any} clear={f.clear} />}
            onOpen={(r) => "incident" in r && navigate(`/incidents/${r.incident.id}`)}
            onEnd={more}
            main
            sticky
            rowClass={(r) => ("heading" in r ? "cursor-default! bg-bg hover:bg-bg" : "")}
            fullRow={(r) => ("heading" in r ? <DayHeading row={r} /> : undefined)}
          />
        )}
      </Panel>
      {isFetchingNextPage && (
        <p role="status" className="py-3 text-center text-muted">
          Older ones load …
        </p>
      )}
      {pages.isFetchNextPageError && (
        <ErrorState compact error={pages.error} what="older incidents" retry={() => void fetchNextPage()} />
      )}
    </Page>
  );
}

function DayHeading({ row }: { row: Extract<Row, { heading: string }> }) {
  return (
    <div className="flex items-baseline gap-2 pt-4">
      <span className="font-semibold">{row.heading}</span>
      <span className="text-[13px] text-muted">
        {row.more ? "at least " : ""}
        {plural(row.count, "incident")}
      </span>
    </div>
  );
}

const cellOf = (f: (i: Incident) => React.ReactNode) => (r: Row) => ("incident" in r ? f(r.incident) : null);

const columns: Column<Row>[] = [
  { key: "what", header: "Incident", width: "minmax(0, 1fr)", cell: cellOf((i) => <What incident={i} />) },
  {
    key: "who",
    header: "Acknowledged",
    width: "minmax(120px, 200px)",
    from: "lg",
    cell: cellOf((i) => <Who incident={i} />),
  },
  {
    key: "opened",
    header: "Opened",
    width: "116px",
    from: "md",
    align: "right",
    cell: cellOf((i) => (
      <span className="text-muted">
        <Time at={i.opened_at} absolute />
      </span>
    )),
  },
  {
    key: "lasted",
    header: "Lasted",
    width: "88px",
    align: "right",
    cell: cellOf((i) => <Lasted incident={i} />),
  },
  {
    key: "state",
    header: <span className="pl-4">State</span>,
    width: "144px",
    from: "sm",
    cell: cellOf((i) => <State incident={i} />),
  },
];

function What({ incident: i }: { incident: Incident }) {
  return (
    <div className="flex min-w-0 items-start gap-2.5">
      <span className={cx("pt-1", i.resolved_at && "opacity-60")}>
        <VerdictGlyph verdict={i.severity} label={i.severity} />
      </span>
      <div className="min-w-0">
        <div className="truncate">
          <Link href={`/incidents/${i.id}`} className="font-medium hover:underline">
            {i.website_name}
          </Link>{" "}
          <span className={i.resolved_at ? "text-muted" : verdicts[i.severity].text}>{stateWords(i)}</span>
        </div>
        <div className="truncate text-[13px] text-muted" title={i.explanation}>
          <Clock at={i.opened_at} />
          {i.explanation}
        </div>
      </div>
    </div>
  );
}

/** When, where a narrow screen leaves the column out. */
function Clock({ at }: { at: string }) {
  const zone = useZone();
  return <span className="text-text md:hidden">{clock(instant(at), zone).slice(0, 5)} · </span>;
}

function Who({ incident: i }: { incident: Incident }) {
  if (i.acknowledged_at) {
    return (
      <div className="min-w-0 text-[13px]">
        <div className="truncate">{i.acknowledged_by ?? "somebody"}</div>
        <div className="text-muted">
          <Time at={i.acknowledged_at} />
        </div>
      </div>
    );
  }
  return <span className="text-[13px] text-muted">{i.resolved_at ? "–" : "nobody yet"}</span>;
}

function Lasted({ incident: i }: { incident: Incident }) {
  return i.resolved_at ? <>{duration(i.duration_seconds)}</> : <Lasting since={i.opened_at} />;
}

function Lasting({ since }: { since: string }) {
  const now = useNow();
  return <b className="font-semibold">{duration((now - instant(since)) / 1000)}</b>;
}

function State({ incident: i }: { incident: Incident }) {
  if (i.resolved_at) {
    return (
      <span className="inline-flex items-center gap-1.5 pl-4 text-muted">
        <Icon name="check" size={14} className="text-up" />
        Resolved
      </span>
    );
  }
  return (
    <div className="pl-4">
      <VerdictBadge verdict={i.severity} />
      {i.acknowledged_at && <div className="text-[13px] text-muted">acknowledged</div>}
    </div>
  );
}

function Nothing({ filtered, clear }: { filtered: boolean; clear: () => void }) {
  if (filtered) {
    return (
      <EmptyState
        icon="filter"
        title="No incident fits"
        action={<Button onClick={clear}>Clear filters</Button>}
      >
        Another website, status or time may have some.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon="incidents"
      title="No incident yet"
      action={<LinkButton href="/">To the websites</LinkButton>}
    >
      When enough regions agree that a website is down, it appears here by itself, with what each of them saw.
    </EmptyState>
  );
}
