import * as format from "@/lib/format";
import { cx, Tooltip, useZone } from "@/ui";
import { Prose } from "./note";
import type { Line } from "./timeline";

const looks: Record<Line["look"], { mark: string; colour: string }> = {
  down: { mark: "■", colour: "text-down" },
  up: { mark: "●", colour: "text-up" },
  people: { mark: "◆", colour: "text-accent" },
  alert: { mark: "▲", colour: "text-accent" },
  failed: { mark: "■", colour: "text-degraded" },
  plain: { mark: "○", colour: "text-faint" },
};

/** All that happened, oldest first, a line each. */
export function History({ lines, openedAt }: { lines: readonly Line[]; openedAt: number }) {
  const zone = useZone();
  let day = "";
  return (
    <ol className="px-4 py-2">
      {lines.map((l) => {
        const today = format.day(l.at, zone);
        const first = today !== day;
        day = today;
        const after = (l.at - openedAt) / 1000;
        return (
          <li key={l.key} className="print:break-inside-avoid">
            {first && <div className="pt-2 pb-1 text-xs text-faint">{today}</div>}
            <div className="grid animate-fade grid-cols-[4.25rem_1rem_minmax(0,1fr)] items-baseline gap-x-2 py-1">
              <Tooltip
                text={
                  <>
                    {format.absolute(l.at, zone)}
                    <br />
                    <span className="text-muted">
                      {Math.abs(after) < 0.5
                        ? "when it was opened"
                        : `${format.duration(Math.abs(after))} ${after < 0 ? "before" : "after"} it was opened`}
                    </span>
                  </>
                }
              >
                <time dateTime={new Date(l.at).toISOString()} className="text-[13px] text-muted">
                  {format.clock(l.at, zone)}
                </time>
              </Tooltip>
              <span aria-hidden="true" className={cx("text-center text-xs", looks[l.look].colour)}>
                {looks[l.look].mark}
              </span>
              <div className="min-w-0">
                <span className="font-medium wrap-anywhere">{l.title}</span>
                {l.detail && <span className="wrap-anywhere text-muted"> — {l.detail}</span>}
                {l.said && (
                  <div className="mt-1 rounded border border-line bg-bg px-3 py-2">
                    <Prose text={l.said} />
                  </div>
                )}
              </div>
            </div>
          </li>
        );
      })}
    </ol>
  );
}
