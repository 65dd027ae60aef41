import type { Schema } from "@/api/client";
import { count } from "@/lib/format";
import { cx, Loading, Skeleton, type Verdict, VerdictGlyph, verdicts } from "@/ui";

const shown = ["down", "degraded", "up", "unknown", "pending", "paused"] as const;

/** How many websites are how; pressing one shows only these. */
export function Counts({
  counts,
  chosen,
  onChoose,
  stale,
}: {
  counts: Schema["StatusCounts"] | undefined;
  chosen: readonly string[];
  onChoose: (verdicts: string[]) => void;
  stale: boolean;
}) {
  if (!counts) {
    return (
      <Loading label="The counts load" className="flex flex-wrap gap-2">
        {shown.slice(0, 4).map((v) => (
          <Skeleton key={v} className="h-14 w-32" />
        ))}
      </Loading>
    );
  }
  return (
    <div
      role="group"
      aria-label="Websites by verdict"
      className={cx("grid grid-cols-3 gap-2 sm:flex sm:flex-wrap", stale && "grayscale")}
    >
      {shown.map((v) =>
        v === "pending" && counts.pending === 0 ? null : (
          <One
            key={v}
            verdict={v}
            n={counts[v]}
            pressed={chosen.includes(v)}
            onPress={() => onChoose(chosen.length === 1 && chosen[0] === v ? [] : [v])}
          />
        ),
      )}
    </div>
  );
}

function One({
  verdict,
  n,
  pressed,
  onPress,
}: {
  verdict: Verdict;
  n: number;
  pressed: boolean;
  onPress: () => void;
}) {
  const look = verdicts[verdict];
  const loud = n > 0 && (verdict === "down" || verdict === "degraded");
  return (
    <button
      type="button"
      aria-pressed={pressed}
      onClick={onPress}
      className={cx(
        "min-w-0 rounded border bg-surface px-3 py-2 text-left hover:bg-hover sm:min-w-28",
        pressed ? "border-accent outline outline-accent" : "border-line",
      )}
    >
      <span className="flex items-center gap-1.5 text-[13px] text-muted">
        <VerdictGlyph verdict={verdict} />
        <span className="truncate">{look.word}</span>
      </span>
      <span
        className={cx("block text-xl leading-7 font-semibold", loud ? look.text : n === 0 && "text-faint")}
      >
        {count(n)}
      </span>
    </button>
  );
}
