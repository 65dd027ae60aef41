import { type CSSProperties, type KeyboardEvent, useEffect, useRef, useState } from "react";
import * as format from "@/lib/format";
import { reasonWords } from "@/lib/reasons";
import { cx, Tooltip, useZone, VerdictGlyph, verdicts } from "@/ui";
import { type Cell, type Column, type Grid, whyWords } from "./grid";

const paper = 640; // px between the margins of A4

/** Who saw what, and when: a row for each region, a column for each look. */
export function EvidenceGrid({ grid, label }: { grid: Grid; label: string }) {
  const zone = useZone();
  const ref = useRef<HTMLTableElement>(null);
  const decided = grid.columns.findIndex((c) => c.mark === "opened");
  const [at, setAt] = useState<[row: number, column: number]>([0, Math.max(0, decided)]);
  // What decided it is in sight, however narrow the screen.
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = frame.current;
    const column = box?.querySelectorAll<HTMLElement>("thead th")[decided + 1];
    if (!box || !column || decided < 0 || box.scrollWidth <= box.clientWidth) return;
    box.scrollLeft = column.offsetLeft + column.offsetWidth - box.clientWidth + 24;
  }, [decided]);
  const key = (e: KeyboardEvent) => {
    const [r, c] = at;
    const to = (
      {
        ArrowLeft: [r, c - 1],
        ArrowRight: [r, c + 1],
        ArrowUp: [r - 1, c],
        ArrowDown: [r + 1, c],
        Home: [r, 0],
        End: [r, grid.columns.length - 1],
      } as Record<string, [number, number]>
    )[e.key];
    if (!to) return;
    e.preventDefault();
    const row = Math.min(Math.max(to[0], 0), grid.regions.length - 1);
    const column = Math.min(Math.max(to[1], 0), grid.columns.length - 1);
    setAt([row, column]);
    ref.current?.querySelector<HTMLElement>(`[data-cell="${row}-${column}"]`)?.focus();
  };
  return (
    <div
      ref={frame}
      className="overflow-x-auto pb-1 print:overflow-visible print:[zoom:var(--fit)]"
      style={{ "--fit": Math.min(1, paper / (110 + 72 * grid.columns.length)) } as CSSProperties}
      tabIndex={-1}
    >
      <table ref={ref} aria-label={label} className="border-separate border-spacing-0" onKeyDown={key}>
        <thead>
          <tr>
            <th
              scope="col"
              className="sticky left-0 z-10 bg-surface pr-4 pb-2 text-left align-bottom font-normal"
            >
              <span className="sr-only">Region</span>
            </th>
            {grid.columns.map((c) => (
              <th
                key={`${c.at}`}
                scope="col"
                className={cx(
                  "px-1 pb-2 text-left align-bottom text-xs font-normal whitespace-nowrap text-muted",
                  c.gap && "border-l border-dashed border-line-strong pl-2",
                )}
              >
                <Heading column={c} />
                <span className="text-text">{format.clock(c.at, zone)}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {grid.regions.map((region, row) => (
            <tr key={region}>
              <th
                scope="row"
                className="sticky left-0 z-10 bg-surface pr-4 text-left font-medium whitespace-nowrap"
              >
                {region}
              </th>
              {grid.columns.map((c, column) => (
                <td
                  key={`${c.at}`}
                  className={cx("px-1 py-0.5", c.gap && "border-l border-dashed border-line-strong pl-2")}
                >
                  <One
                    region={region}
                    cell={c.cells.get(region)}
                    place={`${row}-${column}`}
                    focusable={at[0] === row && at[1] === column}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Heading({ column: c }: { column: Column }) {
  const words = [c.mark, c.round ? `round ${c.round.round}` : ""].filter(Boolean);
  return (
    <span className="block h-4">
      {c.mark && (
        <span className={cx("font-medium", c.mark === "opened" ? "text-down" : "text-up")}>{c.mark}</span>
      )}
      {words.length > 1 && " · "}
      {c.round && `round ${c.round.round}`}
    </span>
  );
}

function One({
  region,
  cell,
  place,
  focusable,
}: {
  region: string;
  cell: Cell | undefined;
  place: string;
  focusable: boolean;
}) {
  const zone = useZone();
  if (!cell) {
    return (
      <span
        data-cell={place}
        tabIndex={focusable ? 0 : -1}
        role="img"
        aria-label={`${region}: no check`}
        className="flex h-8 min-w-14 items-center justify-center rounded-sm text-faint"
      >
        ·
      </span>
    );
  }
  const excluded = cell.excluded === undefined ? undefined : (whyWords[cell.excluded] ?? cell.excluded);
  const word = verdicts[cell.verdict].word.toLowerCase();
  const said = [
    word,
    reasonWords(cell.reason),
    excluded ? `not counted: ${excluded}` : "",
    format.clock(cell.at, zone),
  ]
    .filter(Boolean)
    .join(", ");
  return (
    <Tooltip text={<Details region={region} cell={cell} excluded={excluded} />}>
      <span
        data-cell={place}
        tabIndex={focusable ? 0 : -1}
        role="img"
        aria-label={`${region}: ${said}`}
        className={cx(
          "flex h-8 min-w-14 items-center justify-center gap-1.5 rounded-sm border px-1.5 text-xs",
          excluded ? "hatched border-dashed border-line-strong" : "border-line bg-bg",
          cell.evidence && !excluded && "border-line-strong",
        )}
      >
        <span className={cx("flex items-center gap-1.5", excluded && "rounded-sm bg-surface px-1 py-0.5")}>
          <VerdictGlyph verdict={cell.verdict} />
          <span aria-hidden="true" className={verdicts[cell.verdict].text}>
            {excluded ? (cell.excluded ?? "").replaceAll("_", " ") : (cell.statusCode ?? short(cell))}
          </span>
        </span>
      </span>
    </Tooltip>
  );
}

/** What fits into a cell when there is no status code. */
const short = (c: Cell): string =>
  c.verdict === "up"
    ? "ok"
    : (c.reason.split("_").at(-1) ?? "").slice(0, 9) || verdicts[c.verdict].word.toLowerCase();

const phaseWords = {
  dns_ms: "DNS",
  connect_ms: "connect",
  tls_ms: "TLS",
  ttfb_ms: "first byte",
  transfer_ms: "transfer",
} as const;

function Details({
  region,
  cell: c,
  excluded,
}: {
  region: string;
  cell: Cell;
  excluded: string | undefined;
}) {
  const zone = useZone();
  const rows: [string, string][] = [];
  if (c.statusCode !== undefined) rows.push(["status", String(c.statusCode)]);
  if (c.resolvedIp) rows.push(["address", c.resolvedIp]);
  if (c.latencyMs !== undefined) rows.push(["took", format.ms(c.latencyMs)]);
  if (c.phases) {
    const parts = (Object.keys(phaseWords) as (keyof typeof phaseWords)[])
      .filter((k) => (c.phases?.[k] ?? 0) >= 0.05)
      .map((k) => `${phaseWords[k]} ${format.ms(c.phases?.[k])}`);
    if (parts.length > 0) rows.push(["phases", parts.join(" · ")]);
  }
  if (c.worker) rows.push(["worker", c.worker]);
  return (
    <div className="space-y-1">
      <div className="flex items-center gap-1.5 font-medium">
        <VerdictGlyph verdict={c.verdict} />
        {region} · {verdicts[c.verdict].word.toLowerCase()}
      </div>
      {(c.reason || c.detail) && (
        <div className="wrap-anywhere">{[reasonWords(c.reason), c.detail].filter(Boolean).join(": ")}</div>
      )}
      {excluded && <div>Not counted: {excluded}</div>}
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 text-muted">
        {rows.map(([k, v]) => (
          <div key={k} className="contents">
            <dt>{k}</dt>
            <dd className="text-text wrap-anywhere">{v}</dd>
          </div>
        ))}
      </dl>
      <div className="text-muted">
        {format.absolute(c.at, zone)}
        {c.urgent !== undefined && (c.urgent ? " · asked for at once" : " · of the schedule")}
        {c.evidence && !excluded && " · counted"}
      </div>
    </div>
  );
}
