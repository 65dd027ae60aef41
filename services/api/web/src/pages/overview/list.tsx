import { memo, type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { useMay } from "@/api/session";
import { percent, plural } from "@/lib/format";
import { reasonWords } from "@/lib/reasons";
import {
  Checkbox,
  type Column,
  cx,
  Duration,
  HeartbeatBar,
  Icon,
  Ms,
  Percent,
  RegionRing,
  type Sort,
  Sparkline,
  Table,
  Time,
  VerdictBadge,
  VerdictGlyph,
} from "@/ui";
import { useBulk, useCheckNow } from "./actions";
import { type Group, isGroup, type Line } from "./choose";
import { beatsOf, type Row, votesOf } from "./held";
import { useFreshInSight } from "./rows";

const nearDays = 21; // of a certificate or a domain
const fadeMs = 2_500;

export interface ListProps {
  lines: readonly Line[];
  loading: boolean;
  empty: ReactNode;
  sort: Sort;
  onSort: (s: Sort) => void;
  selected: ReadonlySet<string>;
  onSelect: (ids: readonly string[], on: boolean) => void;
  onToggle: (group: string) => void;
  onActive: (id: string) => void;
  explanations: ReadonlyMap<string, string>;
  stale: boolean;
}

const keyOf = (line: Line) => (isGroup(line) ? `group ${line.group}` : `${line.under} ${line.row.s.id}`);
const cell = (f: (row: Row) => ReactNode) => (line: Line) => (isGroup(line) ? null : f(line.row));

/** The websites: what is up, from where, how fast, and why not. */
export const List = memo(function List(props: ListProps) {
  const { lines, selected, onSelect, explanations, stale } = props;
  const width = useWidth();
  const phone = width === "phone";
  const [, navigate] = useLocation();
  const mayWrite = useMay("write");
  const columns = useColumns(width, mayWrite, selected, onSelect, explanations, lines);
  const inSight = useRef<string[]>([]);
  const onSight = useCallback((shown: readonly Line[]) => {
    inSight.current = [...new Set(shown.flatMap((l) => (isGroup(l) ? [] : [l.row.s.id])))];
  }, []);
  useFreshInSight(() => inSight.current);
  const onRowKey = useRowKeys(mayWrite, selected, onSelect);
  const { onToggle, onActive } = props;
  return (
    <div className={cx(stale && "grayscale")}>
      <Table
        key={phone ? "phone" : "wide"}
        label="Websites"
        main
        sticky
        columns={columns}
        rows={lines}
        rowKey={keyOf}
        rowHeight={phone ? 92 : 56}
        sort={props.sort}
        onSort={props.onSort}
        onOpen={(line) => (isGroup(line) ? onToggle(line.group) : navigate(`/w/${line.row.s.id}`))}
        onRowKey={onRowKey}
        isSelected={(line) => !isGroup(line) && selected.has(line.row.s.id)}
        rowClass={(line) =>
          isGroup(line) ? "bg-bg" : Date.now() - line.row.changedAt < fadeMs ? "animate-changed" : ""
        }
        fullRow={(line) => (isGroup(line) ? <Heading group={line} onToggle={onToggle} /> : undefined)}
        onActive={(line) => !isGroup(line) && onActive(line.row.s.id)}
        onSight={onSight}
        loading={props.loading}
        empty={props.empty}
      />
    </div>
  );
});

function Heading({ group, onToggle }: { group: Group; onToggle: (group: string) => void }) {
  return (
    <button
      type="button"
      aria-expanded={group.open}
      onClick={() => onToggle(group.group)}
      className="flex h-9 w-full items-center gap-2 text-left font-semibold"
    >
      <Icon name={group.open ? "chevronDown" : "chevronRight"} size={14} className="text-muted" />
      <VerdictGlyph verdict={group.worst} label={`worst: ${group.worst}`} />
      <span className="truncate">{group.group}</span>
      <span className="font-normal text-muted">{plural(group.count, "website")}</span>
    </button>
  );
}

/** The keys of the active row. Those that change something are a writer's. */
function useRowKeys(
  mayWrite: boolean,
  selected: ReadonlySet<string>,
  onSelect: (ids: readonly string[], on: boolean) => void,
) {
  const [, navigate] = useLocation();
  const bulk = useBulk();
  const check = useCheckNow();
  return (key: string, line: Line): boolean | undefined => {
    if (isGroup(line) || !mayWrite) return false;
    const { s } = line.row;
    if (key === "e") navigate(`/w/${s.id}?tab=settings`);
    else if (key === "p") bulk.mutate({ action: s.paused ? "resume" : "pause", ids: [s.id] });
    else if (key === "t") check.mutate({ id: s.id, name: s.name });
    else if (key === "x") onSelect([s.id], !selected.has(s.id));
    else return false;
    return true;
  };
}

type Width = "phone" | "usual" | "wide";
const widthNow = (): Width =>
  window.innerWidth < 640 ? "phone" : window.innerWidth < 1440 ? "usual" : "wide";

function useWidth(): Width {
  const [width, setWidth] = useState(widthNow);
  useEffect(() => {
    const f = () => setWidth(widthNow());
    window.addEventListener("resize", f);
    return () => window.removeEventListener("resize", f);
  }, []);
  return width;
}

function useColumns(
  width: Width,
  mayWrite: boolean,
  selected: ReadonlySet<string>,
  onSelect: (ids: readonly string[], on: boolean) => void,
  explanations: ReadonlyMap<string, string>,
  lines: readonly Line[],
): Column<Line>[] {
  return useMemo(() => {
    const ring: Column<Line> = {
      key: "ring",
      header: <span className="sr-only">Regions</span>,
      width: "28px",
      cell: cell((r) => <RegionRing verdict={r.status} votes={votesOf(r.s)} size={28} />),
    };
    if (width === "phone") return [ring, ...phoneColumns(explanations)];
    const select: Column<Line> = {
      key: "select",
      header: <SelectAll lines={lines} selected={selected} onSelect={onSelect} />,
      width: "16px",
      cell: cell(({ s }) => (
        <Checkbox
          hideLabel
          label={`Select ${s.name}`}
          checked={selected.has(s.id)}
          onChange={(on) => onSelect([s.id], on)}
        />
      )),
    };
    return [...(mayWrite ? [select] : []), ring, ...wideColumns(explanations, width === "wide")];
  }, [width, mayWrite, selected, onSelect, explanations, lines]);
}

function SelectAll({ lines, selected, onSelect }: Pick<ListProps, "lines" | "selected" | "onSelect">) {
  const ids = lines.flatMap((l) => (isGroup(l) ? [] : [l.row.s.id]));
  const some = selected.size > 0 && ids.some((id) => selected.has(id));
  const all = some && ids.every((id) => selected.has(id));
  return (
    <Checkbox
      hideLabel
      label="Select all that are listed"
      checked={all ? true : some ? "indeterminate" : false}
      onChange={(on) => onSelect(ids, on)}
      disabled={ids.length === 0}
    />
  );
}

const wideOnly: Column<Line>[] = [
  {
    key: "spark",
    header: "Response",
    width: "96px",
    cell: cell((r) => (
      <Sparkline values={r.s.sparkline} label={`Response times of ${r.s.name} in the last 24 hours`} />
    )),
  },
  {
    key: "p50",
    header: "p50",
    width: "68px",
    align: "right",
    sortable: true,
    cell: cell((r) => <Ms value={r.s.p50_ms} />),
  },
];

const phoneColumns = (explanations: ReadonlyMap<string, string>): Column<Line>[] => [
  {
    key: "name",
    header: "Website",
    sortable: true,
    cell: cell((r) => (
      <div className="min-w-0">
        <Name row={r} />
        <div className="flex min-w-0 items-center gap-2 text-[13px]">
          <State row={r} />
          <span className="truncate text-muted">{why(r, explanations)}</span>
        </div>
        <Bar row={r} height={16} className="mt-1.5" />
      </div>
    )),
  },
  {
    key: "p95",
    header: "p95",
    width: "64px",
    align: "right",
    sortable: true,
    cell: cell((r) => (
      <>
        <div>
          <Ms value={r.s.p95_ms} />
        </div>
        <div className="text-[13px] text-muted">
          <Percent value={r.s.uptime_24h_percent} />
        </div>
      </>
    )),
  },
];

const wideColumns = (explanations: ReadonlyMap<string, string>, wide: boolean): Column<Line>[] => [
  {
    key: "name",
    header: "Website",
    width: "minmax(160px, 2fr)",
    sortable: true,
    cell: cell((r) => (
      <div className="min-w-0">
        <Name row={r} />
        <div className="flex min-w-0 items-center gap-1.5 text-[13px] text-muted">
          <span className="truncate">{r.s.url.replace(/^https?:\/\//, "")}</span>
          {r.s.tags.slice(0, 2).map((t) => (
            <span key={t} className="shrink-0 rounded-sm border border-line px-1 text-xs leading-4">
              {t}
            </span>
          ))}
          {r.s.tags.length > 2 && <span className="shrink-0 text-xs">+{r.s.tags.length - 2}</span>}
        </div>
      </div>
    )),
  },
  {
    key: "verdict",
    header: "Verdict",
    width: "minmax(150px, 1.7fr)",
    sortable: true,
    cell: cell((r) => (
      <>
        <State row={r} />
        <div className="truncate text-[13px] text-muted" title={why(r, explanations)}>
          {why(r, explanations)}
        </div>
      </>
    )),
  },
  {
    key: "bar",
    header: "Last 24 h",
    width: wide ? "minmax(200px, 270px)" : "minmax(100px, 184px)",
    from: "md",
    cell: cell((r) => <Bar row={r} height={24} />),
  },
  ...(wide ? wideOnly : []),
  {
    key: "p95",
    header: "p95",
    width: "68px",
    align: "right",
    sortable: true,
    cell: cell((r) => <Ms value={r.s.p95_ms} />),
  },
  {
    key: "uptime24",
    header: "24 h",
    width: "68px",
    align: "right",
    sortable: true,
    cell: cell((r) => <Percent value={r.s.uptime_24h_percent} />),
  },
  {
    key: "uptime30",
    header: "30 d",
    width: "92px",
    align: "right",
    sortable: true,
    from: "lg",
    cell: cell((r) => <Month row={r} />),
  },
  {
    key: "checked",
    header: "Checked",
    width: "84px",
    align: "right",
    sortable: true,
    from: "lg",
    cell: cell((r) => (
      <span className="text-muted">
        {r.s.last_checked_at ? <Time at={r.s.last_checked_at} /> : "not yet"}
      </span>
    )),
  },
];

function Name({ row }: { row: Row }) {
  const { s } = row;
  return (
    <div className="flex min-w-0 items-center gap-2">
      <Link href={`/w/${s.id}`} tabIndex={-1} className="truncate font-medium hover:underline">
        {s.name}
      </Link>
      {s.muted && <Note title="It is judged, and nobody is told">muted</Note>}
      {s.expires_in_days !== null && s.expires_in_days <= nearDays && (
        <Note loud={s.expires_in_days <= 7} title="The first certificate or domain of its monitors ends then">
          {s.expires_in_days < 0 ? "certificate is over" : `certificate ${s.expires_in_days} d`}
        </Note>
      )}
    </div>
  );
}

function Note({ children, title, loud = false }: { children: ReactNode; title: string; loud?: boolean }) {
  return (
    <span
      title={title}
      className={cx(
        "shrink-0 rounded-sm border px-1 text-xs leading-4",
        loud ? "border-degraded-fill text-degraded" : "border-line text-muted",
      )}
    >
      {children}
    </span>
  );
}

function State({ row }: { row: Row }) {
  return (
    <span className="flex items-center gap-1.5">
      <VerdictBadge verdict={row.status} />
      {row.s.verdict_since && row.status !== "paused" && (
        <span className="truncate text-muted">
          <Duration since={row.s.verdict_since} />
        </span>
      )}
    </span>
  );
}

/** An incident's sentence with the cause first, where a narrow column would cut it off. */
export function causeFirst(told: string): string {
  const m = /^(?:Down|Degraded): (\d+ of \d+) fresh regions failed, (.+)$/.exec(told);
  return m ? `${m[2]} · ${m[1]} regions` : told.replace(/^(Down|Degraded): /, "");
}

/** Why it is as it is, in a few words; of an open incident its sentence. */
function why(row: Row, explanations: ReadonlyMap<string, string>): string {
  const { s } = row;
  const told = s.incident_id ? explanations.get(s.incident_id) : undefined;
  if (told) return causeFirst(told);
  if (row.status === "pending") return "waits for its first checks";
  if (s.reason && row.status !== "up") return reasonWords(s.reason);
  if (s.advisory_regions.length > 0) return `fails in ${s.advisory_regions.join(", ")}, below quorum`;
  if (row.status === "unknown") return "no fresh checks";
  return "";
}

function Bar({ row, height, className }: { row: Row; height: number; className?: string }) {
  const beats = useMemo(() => beatsOf(row), [row]);
  return (
    <HeartbeatBar
      beats={beats}
      height={height}
      focusable={false}
      label={`${row.s.name}, last 24 hours`}
      className={className ?? ""}
    />
  );
}

function Month({ row }: { row: Row }) {
  const { uptime_30d_percent: up, coverage_30d_percent: covered } = row.s;
  return (
    <>
      <Percent value={up} />
      {up !== null && covered < 100 && (
        <div
          className="text-xs text-muted"
          title="Share of the 30 days of which it is known whether it was up"
        >
          {covered < 0.1 ? "<0.1 %" : percent(covered, covered < 10 ? 1 : 0)} known
        </div>
      )}
    </>
  );
}
