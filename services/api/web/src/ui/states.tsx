import type { ReactNode } from "react";
import { explain } from "@/api/problem";
import { Button } from "./button";
import { cx } from "./cx";
import { Icon, type IconName } from "./icons";

/** In place of what loads, in its shape. Put several into a Loading. */
export function Skeleton({ className }: { className?: string }) {
  return (
    <span
      aria-hidden="true"
      className={cx("block animate-skeleton rounded-sm bg-line", className ?? "h-4 w-full")}
    />
  );
}

/** Says aloud that something loads, around skeletons in the shape of what comes. */
export function Loading({
  label = "Loading",
  children,
  className,
}: {
  label?: string;
  children: ReactNode;
  className?: string;
}) {
  return (
    <div role="status" aria-busy="true" className={className}>
      <span className="sr-only">{label}</span>
      {children}
    </div>
  );
}

/** Nothing is there yet: why, and the first step. */
export function EmptyState({
  icon,
  title,
  children,
  action,
  level = 2,
}: {
  icon?: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  /** Of its heading: 1 if it is all of the page. */
  level?: 1 | 2 | 3;
}) {
  const H = `h${level}` as const;
  return (
    <div className="mx-auto flex max-w-md flex-col items-center gap-2 px-4 py-12 text-center">
      {icon && <Icon name={icon} size={28} className="text-faint" />}
      <H className="text-base font-semibold">{title}</H>
      {children && <div className="text-muted">{children}</div>}
      {action && <div className="mt-2 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}

/** What happened, what to do, and another try if that makes sense. `what`: "the incidents". */
export function ErrorState({
  error,
  what,
  retry,
  compact = false,
}: {
  error: unknown;
  what?: string;
  retry?: () => void;
  compact?: boolean;
}) {
  const e = explain(error);
  return (
    <div
      role="alert"
      className={cx(
        "flex flex-col gap-2",
        compact ? "p-3" : "mx-auto max-w-md items-center px-4 py-12 text-center",
      )}
    >
      <div className="font-semibold">
        <span aria-hidden="true" className="text-down">
          ■{" "}
        </span>
        {what
          ? `${capital(what)} cannot be shown: ${e.title.charAt(0).toLowerCase()}${e.title.slice(1)}`.replace(
              "the aPI",
              "the API",
            )
          : e.title}
      </div>
      <div className="text-muted wrap-anywhere">{e.detail}</div>
      {retry && e.again && (
        <div>
          <Button small icon="refresh" onClick={retry}>
            Try again
          </Button>
        </div>
      )}
    </div>
  );
}

const capital = (s: string) => s.charAt(0).toUpperCase() + s.slice(1);

const bannerLooks = {
  info: ["border-line", "text-muted", "info"],
  warning: ["border-degraded-fill", "text-degraded", "warning"],
  danger: ["border-down-fill", "text-down", "warning"],
  unknown: ["border-unknown-fill", "text-unknown", "help"],
} as const satisfies Record<string, readonly [string, string, IconName]>;

/** A truth about the whole page. */
export function Banner({
  look = "info",
  children,
  action,
}: {
  look?: keyof typeof bannerLooks;
  children: ReactNode;
  action?: ReactNode;
}) {
  const [border, colour, icon] = bannerLooks[look];
  return (
    <div
      role={look === "info" ? "note" : "status"}
      className={cx(
        "flex flex-wrap items-center gap-x-3 gap-y-1 rounded border border-l-4 bg-surface px-3 py-2",
        border,
      )}
    >
      <Icon name={icon} className={colour} />
      <div className="min-w-0 flex-1 basis-60">{children}</div>
      {action}
    </div>
  );
}

/** A bordered part of a page. With `flush` its content reaches the border. */
export function Panel({
  title,
  actions,
  children,
  flush = false,
  className,
  level = 2,
}: {
  title?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  flush?: boolean;
  className?: string;
  level?: 2 | 3;
}) {
  const H = level === 2 ? "h2" : "h3";
  return (
    <section className={cx("min-w-0 rounded border border-line bg-surface", className)}>
      {(title || actions) && (
        <header className="flex min-h-11 flex-wrap items-center gap-2 border-b border-line px-4 py-1.5">
          {title && <H className="flex-1 font-semibold">{title}</H>}
          {actions}
        </header>
      )}
      <div className={flush ? "" : "p-4"}>{children}</div>
    </section>
  );
}

/** One number with its change against the period before. */
export function StatCard({
  label,
  value,
  delta,
  better,
  detail,
  loading = false,
}: {
  label: ReactNode;
  value: ReactNode /** As of format.change: "▲ 8 %". */;
  delta?: string /** Whether the change is a good one; neutral if absent. */;
  better?: boolean;
  detail?: ReactNode;
  loading?: boolean;
}) {
  return (
    <div className="min-w-0 rounded border border-line bg-surface px-4 py-3">
      <div className="truncate text-[13px] text-muted">{label}</div>
      {loading ? (
        <Skeleton className="mt-2 h-6 w-20" />
      ) : (
        <div className="mt-1 flex flex-wrap items-baseline gap-x-2">
          <span className="text-xl font-semibold">{value}</span>
          {delta && (
            <span
              className={cx(
                "text-[13px]",
                better === undefined ? "text-muted" : better ? "text-up" : "text-down",
              )}
            >
              {delta}
            </span>
          )}
        </div>
      )}
      {detail && <div className="mt-0.5 truncate text-[13px] text-muted">{detail}</div>}
    </div>
  );
}

export function Kbd({ children }: { children: ReactNode }) {
  return (
    <kbd className="inline-flex h-5 min-w-5 items-center justify-center rounded-sm border border-line bg-sunken px-1 font-sans text-xs text-muted">
      {children}
    </kbd>
  );
}
