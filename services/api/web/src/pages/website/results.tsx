import type { ReactNode } from "react";
import type { Schema } from "@/api/client";
import { Ms, Spinner, VerdictBadge, VerdictGlyph } from "@/ui";
import { verdictOf } from "./data";
import { Waterfall } from "./waterfall";
import { reasonWords } from "./words";

type Result = Schema["CheckResult"];

/** What a check saw, as far as it is known; a tick has less than an answer. */
export type Seen = Pick<
  Result,
  "ok" | "reason" | "dns_ms" | "connect_ms" | "tls_ms" | "ttfb_ms" | "transfer_ms" | "status_code"
> &
  Partial<Pick<Result, "detail" | "resolved_ip">> & { outcome: string; latency_ms: number | null };

/** "passed, status 200", "connect timeout: no route to host". */
export function seenWords(s: Seen): string {
  const status = s.status_code === null ? "" : `status ${s.status_code}`;
  const cause = s.reason ? reasonWords(s.reason) : "";
  const detail = s.detail && s.detail !== cause ? s.detail : "";
  return [cause, status, detail].filter(Boolean).join(" · ") || (s.ok ? "passed" : s.outcome);
}

/** One row of a check on demand: who asks, and what was seen or that it is awaited. */
export function ResultRow({
  who,
  seen,
  longest,
}: {
  who: ReactNode;
  seen: Seen | undefined;
  longest: number;
}) {
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1 border-b border-line px-4 py-2 last:border-0 md:grid-cols-[minmax(140px,200px)_minmax(0,1fr)_minmax(120px,240px)_80px]">
      <span className="flex min-w-0 items-center gap-2 font-medium">
        {seen ? (
          <VerdictGlyph verdict={verdictOf(seen.outcome)} label={seen.ok ? "Passed" : "Failed"} />
        ) : (
          <span className="inline-flex w-3 justify-center text-muted">
            <Spinner size={12} />
          </span>
        )}
        <span className="truncate">{who}</span>
      </span>
      <span className="order-3 col-span-2 min-w-0 text-muted wrap-anywhere md:order-none md:col-span-1">
        {seen ? seenWords(seen) : "is being asked …"}
      </span>
      <span className="hidden md:block">{seen && <Waterfall phases={seen} longest={longest} />}</span>
      <span className="text-right">{seen ? <Ms value={seen.latency_ms} /> : "–"}</span>
    </li>
  );
}

/** The outcome of all, in a few words. */
export function ResultsSummary({ seen, awaited }: { seen: readonly Seen[]; awaited: number }) {
  const failed = seen.filter((s) => !s.ok).length;
  if (awaited > 0) {
    return (
      <span className="text-muted">
        {seen.length} of {seen.length + awaited} answers
      </span>
    );
  }
  if (seen.length === 0) return <span className="text-muted">No region has answered</span>;
  return (
    <VerdictBadge verdict={failed === 0 ? "up" : failed === seen.length ? "down" : "degraded"}>
      {failed === 0 ? `All ${seen.length} checks passed` : `${failed} of ${seen.length} checks failed`}
    </VerdictBadge>
  );
}
