import type { Schema } from "@/api/client";
import { count } from "@/lib/format";
import { cx, Panel } from "@/ui";

const rows: readonly [keyof Schema["Organisation"]["quotas"], string][] = [
  ["websites", "Websites"],
  ["monitors", "Monitors"],
  ["checks_per_minute", "Checks per minute"],
  ["channels", "Channels"],
];

const much = 0.8;

/** What the organisation uses of what it may. */
export function Quotas({ quotas }: { quotas: Schema["Organisation"]["quotas"] }) {
  return (
    <Panel title="Use">
      <dl className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
        {rows.map(([key, label]) => (
          <Bar key={key} label={label} quota={quotas[key]} />
        ))}
      </dl>
      <p className="mt-4 text-[13px] text-muted">Who runs the fleet sets the limits.</p>
    </Panel>
  );
}

function Bar({ label, quota: q }: { label: string; quota: Schema["Quota"] }) {
  const used = count(Math.round(q.used));
  const share = q.limit === null || q.limit === 0 ? 0 : Math.min(1, q.used / q.limit);
  const full = q.limit !== null && q.used >= q.limit;
  return (
    <div>
      <dt className="flex justify-between gap-2">
        <span>{label}</span>
        <span className={cx(full ? "text-down" : "text-muted")}>
          {full && "■ full: "}
          {q.limit === null ? `${used}, no limit` : `${used} of ${count(q.limit)}`}
        </span>
      </dt>
      <dd className="mt-1.5">
        {q.limit === null ? (
          <div className="h-2 rounded-full border border-dashed border-line-strong" />
        ) : (
          <div
            role="meter"
            aria-label={label}
            aria-valuemin={0}
            aria-valuemax={q.limit}
            aria-valuenow={q.used}
            className="h-2 overflow-hidden rounded-full bg-sunken"
          >
            <div
              className={cx(
                "h-full rounded-full",
                full ? "bg-down-fill" : share >= much ? "bg-degraded-fill" : "bg-accent",
              )}
              style={{ width: `${share * 100}%` }}
            />
          </div>
        )}
      </dd>
    </div>
  );
}
