import { lazy, Suspense, useState } from "react";
import * as format from "@/lib/format";
import { Loading, Skeleton } from "../states";
import { useZone } from "../time";
import { type ChartProps, stroke } from "./series";

export type { Band, ChartProps, Series } from "./series";
export { stroke } from "./series";

const Plot = lazy(() => import("./plot"));

/**
 * Lines over time, each with a colour and a dash, drawn by a part that is loaded when it
 * is first needed. The same numbers are below it as a table.
 */
export function LineChart(props: ChartProps) {
  const height = props.height ?? 240;
  const write = props.format ?? format.ms;
  return (
    <figure className="m-0">
      <Suspense fallback={<ChartSkeleton height={height} />}>
        <Plot {...props} height={height} format={write} />
      </Suspense>
      <figcaption className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-[13px]">
        {props.series.map((s, i) => (
          <span key={s.key} className="inline-flex items-center gap-1.5">
            <Dash index={i} area={props.stacked ?? false} />
            {s.label}
          </span>
        ))}
      </figcaption>
      <DataTable {...props} format={write} />
    </figure>
  );
}

export function ChartSkeleton({ height = 240 }: { height?: number }) {
  return (
    <Loading label="The chart loads">
      <div style={{ height }} className="flex items-end gap-2 pb-6 pl-12">
        {[60, 72, 55, 80, 66, 58, 75, 62, 70, 64, 78, 60].map((h) => (
          <div key={h + Math.random()} className="flex-1" style={{ height: `${h}%` }}>
            <Skeleton className="h-full" />
          </div>
        ))}
      </div>
    </Loading>
  );
}

/** The sample of a line for a legend. */
export function Dash({ index, area = false }: { index: number; area?: boolean }) {
  const s = stroke(index);
  return (
    <svg width="24" height="8" aria-hidden="true" className="shrink-0">
      {area ? (
        <rect width="24" height="8" fill={`var(${s.token})`} fillOpacity="0.55" />
      ) : (
        <path d="M0 4h24" stroke={`var(${s.token})`} strokeWidth="2" strokeDasharray={s.dash.join(" ")} />
      )}
    </svg>
  );
}

const mostRows = 200;

/** Made once it is opened: hundreds of cells that seldom anybody asks for. */
function DataTable(props: ChartProps & { format: (v: number) => string }) {
  const [open, setOpen] = useState(false);
  return (
    <details className="mt-2 text-[13px]" onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary className="text-muted">As a table</summary>
      {open && <Cells {...props} />}
    </details>
  );
}

function Cells({ label, times, series, format: write }: ChartProps & { format: (v: number) => string }) {
  const zone = useZone();
  const step = Math.max(1, Math.ceil(times.length / mostRows));
  const rows = times.map((t, i) => [t, i] as const).filter(([, i]) => i % step === 0);
  return (
    <div
      className="mt-2 max-h-64 overflow-auto rounded border border-line"
      tabIndex={0}
      role="group"
      aria-label={`${label}, as a table`}
    >
      <table className="w-full text-right">
        <thead className="sticky top-0 bg-sunken">
          <tr>
            <th className="px-2 py-1 text-left font-medium">Time</th>
            {series.map((s) => (
              <th key={s.key} className="px-2 py-1 font-medium">
                {s.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([t, i]) => (
            <tr key={t} className="border-t border-line">
              <th className="px-2 py-1 text-left font-normal whitespace-nowrap">{format.short(t, zone)}</th>
              {series.map((s) => {
                const v = s.values[i];
                return (
                  <td key={s.key} className="px-2 py-1">
                    {v == null ? <span className="text-faint">no data</span> : write(v)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
