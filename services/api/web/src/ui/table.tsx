import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useHotkeys } from "@/lib/keys";
import { cx } from "./cx";
import { Icon } from "./icons";
import { Loading, Skeleton } from "./states";

export interface Column<R> {
  key: string;
  /** Its heading; also its name for sorting by a screen reader. */
  header: ReactNode;
  cell: (row: R) => ReactNode;
  /** A track of CSS grid: "120px", "minmax(160px, 2fr)". 1fr if absent. */
  width?: string;
  align?: "left" | "right";
  /** Sorting by it makes sense. */
  sortable?: boolean;
  /** Left out below this width of the screen. */
  from?: "sm" | "md" | "lg" | "xl";
}

export interface Sort {
  key: string;
  descending: boolean;
}

export interface TableProps<R> {
  /** Names the table. */
  label: string;
  columns: readonly Column<R>[];
  rows: readonly R[];
  rowKey: (row: R) => string;
  rowHeight?: number;
  sort?: Sort;
  onSort?: (s: Sort) => void;
  /** Enter or a click beside the controls of the row. */
  onOpen?: (row: R) => void;
  /** Other keys on the active row: return true if it was one. j, k and the arrows move. */
  onRowKey?: (key: string, row: R) => boolean | undefined;
  isSelected?: (row: R) => boolean;
  rowClass?: (row: R) => string;
  /** A row that is one cell over all columns, such as the heading of a group; undefined: an ordinary one. */
  fullRow?: (row: R) => ReactNode | undefined;
  /** Told of the row under the pointer or with the focus. */
  onActive?: (row: R) => void;
  /** Told of the rows in sight, whenever these are others. */
  onSight?: (rows: readonly R[]) => void;
  /** Called when the last rows come into sight, to load more. */
  onEnd?: () => void;
  /** Skeletons of the real shape instead of rows. */
  loading?: boolean;
  /** In place of rows if there are none. */
  empty?: ReactNode;
  /** Moves the active row with j and k wherever the focus is; for the main table of a page. */
  main?: boolean;
  /** Its headings stay below the top bar while the page scrolls. */
  sticky?: boolean;
}

const widths = { sm: 640, md: 768, lg: 1024, xl: 1280 } as const;

/** How wide the window is, in the steps that columns know. */
function useWidth(): number {
  const [width, setWidth] = useState(() => window.innerWidth);
  useEffect(() => {
    const f = () => setWidth(window.innerWidth);
    window.addEventListener("resize", f);
    return () => window.removeEventListener("resize", f);
  }, []);
  return width;
}

/**
 * A table of any length: only the rows in sight are in the document, and it scrolls with
 * the page. On a narrow screen columns with `from` leave.
 */
export function Table<R>(props: TableProps<R>) {
  const {
    label,
    columns,
    rows,
    rowKey,
    rowHeight = 44,
    onOpen,
    onRowKey,
    onEnd,
    loading = false,
    main = false,
  } = props;
  const width = useWidth();
  const shown = columns.filter((c) => !c.from || width >= widths[c.from]);
  const template = shown.map((c) => c.width ?? "minmax(0, 1fr)").join(" ");
  const body = useRef<HTMLDivElement>(null);
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => {
    const measure = () =>
      setOffset(body.current ? body.current.getBoundingClientRect().top + window.scrollY : 0);
    measure();
    // What stands above may grow, such as a banner.
    const watch = typeof ResizeObserver === "undefined" ? undefined : new ResizeObserver(measure);
    watch?.observe(document.body);
    return () => watch?.disconnect();
  }, []);
  const v = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => rowHeight,
    overscan: 8,
    scrollMargin: offset,
  });
  const items = v.getVirtualItems();

  const [active, setActive] = useState<string | undefined>();
  const at = rows.findIndex((r) => rowKey(r) === active);
  const move = (to: number) => {
    const row = rows[Math.min(Math.max(to, 0), rows.length - 1)];
    if (!row) return;
    setActive(rowKey(row));
    const index = rows.indexOf(row);
    v.scrollToIndex(index, { align: "auto" });
    requestAnimationFrame(() =>
      body.current?.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus({ preventScroll: true }),
    );
  };
  const onKey = (e: KeyboardEvent) => {
    if (e.target instanceof HTMLElement && !e.target.matches("[data-index]")) return;
    const row = rows[at];
    if (e.metaKey || e.ctrlKey || e.altKey) return;
    if (e.key === "j" || e.key === "ArrowDown") move(at + 1);
    else if (e.key === "k" || e.key === "ArrowUp") move(at - 1);
    else if (e.key === "Home") move(0);
    else if (e.key === "End") move(rows.length - 1);
    else if (e.key === "Enter" && row && onOpen) onOpen(row);
    else if (!row || !onRowKey?.(e.key, row)) return;
    e.preventDefault();
    e.stopPropagation();
  };
  useHotkeys(main ? { j: () => move(at + 1), k: () => move(at < 0 ? 0 : at - 1) } : {});

  const lastShown = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (onEnd && rows.length > 0 && lastShown >= rows.length - 10) onEnd();
  }, [onEnd, rows.length, lastShown]);

  const firstShown = items[0]?.index ?? 0;
  const { onSight } = props;
  useEffect(() => {
    onSight?.(rows.slice(firstShown, lastShown + 1));
  }, [onSight, rows, firstShown, lastShown]);

  return (
    <div
      role="table"
      aria-label={label}
      aria-rowcount={loading ? -1 : rows.length + 1}
      aria-busy={loading || undefined}
      className="min-w-0"
    >
      <div
        role="rowgroup"
        className={cx("border-b border-line", props.sticky && "sticky top-12 z-10 rounded-t bg-surface")}
      >
        <div
          role="row"
          aria-rowindex={1}
          className="grid items-center gap-x-3 px-4 text-[13px] text-muted"
          style={{ gridTemplateColumns: template, minHeight: 36 }}
        >
          {shown.map((c) => (
            <Heading key={c.key} column={c} sort={props.sort} onSort={props.onSort} />
          ))}
        </div>
      </div>
      {loading ? (
        <TableSkeleton columns={shown.length} template={template} rowHeight={rowHeight} label={label} />
      ) : rows.length === 0 ? (
        <div role="rowgroup">
          <div role="row">
            <div role="cell">{props.empty}</div>
          </div>
        </div>
      ) : (
        <div
          role="rowgroup"
          ref={body}
          className="relative"
          style={{ height: v.getTotalSize() }}
          onKeyDown={onKey}
        >
          {items.map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            const key = rowKey(row);
            const selected = props.isSelected?.(row);
            const full = props.fullRow?.(row);
            return (
              <div
                key={key}
                role="row"
                aria-rowindex={item.index + 2}
                aria-selected={selected}
                data-index={item.index}
                tabIndex={key === active || (at < 0 && item.index === 0) ? 0 : -1}
                onFocus={() => {
                  setActive(key);
                  props.onActive?.(row);
                }}
                onPointerEnter={() => props.onActive?.(row)}
                onClick={(e) => {
                  if (
                    !onOpen ||
                    (e.target instanceof Element &&
                      e.target.closest("a,button,input,label,select,[role=checkbox],[role=menuitem]"))
                  )
                    return;
                  onOpen(row);
                }}
                className={cx(
                  "absolute inset-x-0 top-0 grid items-center gap-x-3 border-b border-line px-4 hover:bg-hover focus-visible:-outline-offset-2",
                  onOpen && "cursor-pointer",
                  selected && "bg-hover",
                  props.rowClass?.(row),
                )}
                style={{
                  gridTemplateColumns: template,
                  height: rowHeight,
                  transform: `translateY(${item.start - offset}px)`,
                }}
              >
                {full !== undefined ? (
                  <div role="cell" aria-colspan={shown.length} className="col-span-full min-w-0">
                    {full}
                  </div>
                ) : (
                  shown.map((c) => (
                    <div
                      key={c.key}
                      role="cell"
                      className={cx("min-w-0 truncate", c.align === "right" && "text-right")}
                    >
                      {c.cell(row)}
                    </div>
                  ))
                )}
              </div>
            );
          })}
        </div>
      )}
    </div>
  );
}

function Heading<R>({
  column,
  sort,
  onSort,
}: {
  column: Column<R>;
  sort: Sort | undefined;
  onSort: ((s: Sort) => void) | undefined;
}) {
  const sorted = sort?.key === column.key;
  return (
    <div
      role="columnheader"
      aria-sort={sorted ? (sort.descending ? "descending" : "ascending") : undefined}
      className={cx("min-w-0 truncate", column.align === "right" && "text-right")}
    >
      {column.sortable && onSort ? (
        <button
          type="button"
          className={cx(
            "inline-flex h-8 items-center gap-1 hover:text-text",
            sorted && "font-medium text-text",
          )}
          onClick={() => onSort({ key: column.key, descending: sorted ? !sort.descending : false })}
        >
          {column.header}
          {sorted && <Icon name={sort.descending ? "chevronDown" : "chevronUp"} size={12} />}
        </button>
      ) : (
        column.header
      )}
    </div>
  );
}

function TableSkeleton({
  columns,
  template,
  rowHeight,
  label,
}: {
  columns: number;
  template: string;
  rowHeight: number;
  label: string;
}) {
  return (
    <div role="rowgroup">
      <div role="row">
        <div role="cell">
          <Loading label={`${label}: loading`}>
            {Array.from({ length: 8 }, (_, i) => (
              <div
                key={i}
                className="grid items-center gap-x-3 border-b border-line px-4"
                style={{ gridTemplateColumns: template, height: rowHeight }}
              >
                {Array.from({ length: columns }, (_, j) => (
                  <Skeleton
                    key={j}
                    className={cx("h-3.5", j === 0 ? "w-full max-w-6" : (i + j) % 3 ? "w-4/5" : "w-3/5")}
                  />
                ))}
              </div>
            ))}
          </Loading>
        </div>
      </div>
    </div>
  );
}
