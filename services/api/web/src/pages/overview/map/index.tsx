import { useMemo } from "react";
import { Link } from "wouter";
import { ms } from "@/lib/format";
import { text, useUrlState } from "@/lib/url";
import {
  Combobox,
  cx,
  ErrorState,
  Loading,
  Ms,
  Panel,
  Skeleton,
  Time,
  type Verdict,
  VerdictGlyph,
  verdicts,
} from "@/ui";
import type { Row } from "../held";
import { healthOf, type Region, useLateness, useRegions, useSeen } from "./data";
import { land } from "./land.gen";
import { type Placed, place, plane } from "./project";

interface Seen {
  verdict: Verdict;
  latency: number;
  reason: string;
}
interface Marked {
  region: Region;
  health: ReturnType<typeof healthOf>;
  late: number | null | undefined;
  seen: Seen | undefined;
}

const outcomes: Record<string, Verdict> = { pass: "up", degraded: "degraded", fail: "down" };

/**
 * Where the regions are and how they fare; and of the website that is chosen, or under
 * the pointer in the list below, how fast each of them reaches it.
 */
export default function RegionMap({
  active,
  rows,
  stale,
}: {
  active: string | undefined;
  rows: ReadonlyMap<string, Row>;
  stale: boolean;
}) {
  const [chosen, setChosen] = useUrlState("w", "", text);
  const regions = useRegions();
  const late = useLateness();
  const website = active ?? (chosen || undefined);
  const seen = useSeen(website);
  const marked = useMemo(() => {
    const votes = new Map(seen.data?.votes.map((v) => [v.region, v]));
    return (regions.data?.items ?? []).map((region): Marked => {
      const v = website ? votes.get(region.name) : undefined;
      return {
        region,
        health: healthOf(region),
        late: late.data?.[region.name],
        seen: v && {
          verdict: v.fresh ? (outcomes[v.vote] ?? "unknown") : "unknown",
          latency: v.latency_ms,
          reason: v.fresh ? v.detail || v.reason : "too old to count",
        },
      };
    });
  }, [regions.data, late.data, seen.data, website]);
  const options = useMemo(() => [...rows.values()].map((r) => ({ value: r.s.id, label: r.s.name })), [rows]);
  const name = website ? (rows.get(website)?.s.name ?? seen.data?.name) : undefined;
  return (
    <Panel
      title={name ? `Response of ${name} by region` : "Regions"}
      actions={
        <div className="w-56">
          <Combobox
            label="Website whose response times the map shows"
            placeholder="Of a website"
            value={chosen || undefined}
            options={options.slice(0, 2_000)}
            onChange={setChosen}
          />
        </div>
      }
      className={cx(stale && "grayscale")}
    >
      {regions.error && !regions.data ? (
        <ErrorState compact error={regions.error} what="the regions" retry={() => regions.refetch()} />
      ) : !regions.data ? (
        <Loading label="The regions load">
          <Skeleton className="aspect-[1000/448] w-full" />
        </Loading>
      ) : (
        <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_20rem]">
          <Plane marked={marked} />
          <RegionList marked={marked} website={name} />
        </div>
      )}
    </Panel>
  );
}

type OnMap = Marked & { latitude: number; longitude: number };

function Plane({ marked }: { marked: readonly Marked[] }) {
  const placed = useMemo(
    () =>
      place(
        marked.flatMap((m): OnMap[] => {
          const { latitude, longitude } = m.region;
          return latitude === null || longitude === null ? [] : [{ ...m, latitude, longitude }];
        }),
      ),
    [marked],
  );
  return (
    <div className="relative min-w-0 self-start overflow-hidden">
      <svg viewBox={`0 0 ${plane.width} ${plane.height}`} className="block w-full" aria-hidden="true">
        <path d={land} fill="var(--color-line)" />
      </svg>
      {placed.map((p) => (
        <Marker key={p.of.region.name} at={p} />
      ))}
    </div>
  );
}

/** A region, as a link to it. The list beside says the same in words. */
function Marker({ at: { of, x, y, side } }: { at: Placed<OnMap> }) {
  const verdict = of.seen?.verdict ?? of.health.verdict;
  const second = of.seen ? answer(of.seen) : of.health.word;
  const { name, title } = of.region;
  return (
    <Link
      href={`/fleet?region=${encodeURIComponent(name)}`}
      title={title || name}
      aria-label={`${name} ${second}${of.seen ? `, ${verdicts[verdict].word.toLowerCase()}, ${of.health.word}` : ""}${title ? ` (${title})` : ""}`}
      className={cx(
        "absolute flex -translate-y-1/2 items-center gap-1.5",
        side === "left" && "-translate-x-full flex-row-reverse text-right",
      )}
      style={{
        left: `calc(${(x / plane.width) * 100}% ${side === "left" ? "+" : "-"} 11px)`,
        top: `${(y / plane.height) * 100}%`,
      }}
    >
      <span
        className="flex size-[22px] shrink-0 items-center justify-center rounded-full border-2 bg-surface"
        style={{ borderColor: `var(${verdicts[verdict].token})` }}
      >
        <VerdictGlyph verdict={verdict} size={10} />
      </span>
      <span className="hidden rounded-sm border border-line bg-surface px-1.5 py-0.5 text-[13px] leading-4 sm:block">
        <span className="block font-semibold">{name}</span>{" "}
        <span className={cx("block max-w-36 truncate", of.seen ? "" : "text-muted")}>{second}</span>
      </span>
    </Link>
  );
}

const answer = (seen: Seen) =>
  seen.verdict === "up" || seen.verdict === "degraded" ? ms(seen.latency) : seen.reason;

/** The same for those who do not see the map, and those regions that have no place on it. */
function RegionList({ marked, website }: { marked: readonly Marked[]; website: string | undefined }) {
  if (marked.length === 0) return <p className="text-muted">There is no region yet.</p>;
  return (
    <table className="w-full self-start text-left text-[13px]">
      <caption className="sr-only">Regions{website ? ` and how they reach ${website}` : ""}</caption>
      <thead className="text-muted">
        <tr>
          <th className="pb-1 font-normal">Region</th>
          <th className="pb-1 text-right font-normal">{website ? "Last answer" : "Late (p99)"}</th>
        </tr>
      </thead>
      <tbody>
        {marked.map((m) => (
          <tr key={m.region.name} className="border-t border-line align-top">
            <td className="py-1.5 pr-2">
              <div className="flex items-center gap-1.5">
                <VerdictGlyph verdict={m.seen?.verdict ?? m.health.verdict} />
                <span className="font-medium">{m.region.name}</span>
              </div>
              <div className="text-muted">
                {m.health.word}
                {m.health.verdict === "down" && m.region.last_seen_at && (
                  <>
                    , last seen <Time at={m.region.last_seen_at} />
                  </>
                )}
                {m.region.latitude === null && ", no place on the map"}
              </div>
            </td>
            <td className="py-1.5 text-right">
              {website ? (
                m.seen ? (
                  <Answer seen={m.seen} />
                ) : (
                  <span className="text-muted">none</span>
                )
              ) : (
                <Ms value={m.late} />
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const Answer = ({ seen }: { seen: Seen }) =>
  seen.verdict === "up" || seen.verdict === "degraded" ? (
    <Ms value={seen.latency} />
  ) : (
    <span className={verdicts[seen.verdict].text}>{seen.reason || verdicts[seen.verdict].word}</span>
  );
