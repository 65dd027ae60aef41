import { useQuery } from "@tanstack/react-query";
import { api, data, type Schema } from "@/api/client";
import { ms, plural } from "@/lib/format";
import { reasonWords } from "@/lib/reasons";
import { useLive } from "@/live";
import { asVerdict, Icon, LinkButton, RegionRing, Skeleton, VerdictBadge, VerdictGlyph } from "@/ui";
import { votesOf } from "./held";

const most = 8; // more are seen in the list
const againMs = 1_000;

/** A website that was just added, and its first monitor. */
export interface Added {
  id: string;
  monitor: string | undefined;
}

interface First {
  summary: Schema["Summary"];
  votes: ReadonlyMap<string, Schema["Vote"]>;
}

/** What each region says first of websites that were just added, as it says it. */
export function FirstResults({ added }: { added: readonly Added[] }) {
  const shown = added.slice(0, most);
  const first = useQuery({
    queryKey: ["first-results", shown.map((a) => a.id)],
    queryFn: ({ signal }) => ask(shown, signal),
    refetchInterval: (q) =>
      q.state.data?.length === shown.length && q.state.data.every(settled) ? false : againMs,
    staleTime: 0,
    placeholderData: (before) => before,
  });
  // A tick is the answer of one region: its arc fills at once rather than at the next look.
  useLive({ types: ["tick"], monitorIds: shown.flatMap((a) => a.monitor ?? []) }, () => {
    void first.refetch({ cancelRefetch: false });
  });
  const byId = new Map(first.data?.map((f) => [f.summary.id, f]));
  return (
    <div>
      <ul aria-label="First results" aria-live="polite" className="space-y-3">
        {shown.map(({ id }) => {
          const f = byId.get(id);
          return (
            <li key={id} className="rounded border border-line bg-surface p-3">
              {f ? <One first={f} /> : <Skeleton className="h-14" />}
            </li>
          );
        })}
      </ul>
      {added.length > most && (
        <p className="mt-3 text-muted">
          And {plural(added.length - most, "other")}: their rings fill in the list.
        </p>
      )}
    </div>
  );
}

async function ask(shown: readonly Added[], signal: AbortSignal): Promise<First[]> {
  const query = { ids: shown.map((a) => a.id).join(","), limit: most };
  const page = await data(api.GET("/v1/summaries", { params: { query }, signal }));
  return Promise.all(
    page.items.map(async (summary) => {
      const id = shown.find((a) => a.id === summary.id)?.monitor ?? (await monitorOf(summary.id, signal));
      const list = id
        ? await data(api.GET("/v1/monitors/{id}/votes", { params: { path: { id } }, signal }))
        : undefined;
      return { summary, votes: new Map(list?.items.map((v) => [v.region, v])) };
    }),
  );
}

async function monitorOf(id: string, signal: AbortSignal): Promise<string | undefined> {
  const w = await data(api.GET("/v1/websites/{id}", { params: { path: { id } }, signal }));
  return w.monitors[0]?.id;
}

const settled = ({ summary: s }: First) =>
  s.status !== "pending" && s.votes.length > 0 && s.votes.every((v) => v.vote !== "none");

function One({ first: { summary: s, votes: told } }: { first: First }) {
  const votes = votesOf(s);
  const spoken = votes.filter((v) => v.verdict !== "pending").length;
  const status = asVerdict(s.status);
  return (
    <div className="flex items-start gap-3 sm:gap-4">
      <RegionRing verdict={status} votes={votes} size={56} />
      <div className="min-w-0 flex-1">
        <div className="truncate font-medium">{s.url}</div>
        <div className="mb-2 flex flex-wrap items-center gap-x-2 text-[13px]">
          <VerdictBadge verdict={status} />
          <span className="text-muted">
            {votes.length === 0
              ? "No region is there to look at it."
              : `${spoken} of ${plural(votes.length, "region")} ${spoken === 1 ? "has" : "have"} spoken`}
          </span>
        </div>
        <ul className="flex flex-wrap gap-x-4 gap-y-1 text-[13px]">
          {votes.map((v) => (
            <li key={v.region} className="flex items-center gap-1.5">
              <VerdictGlyph verdict={v.verdict} />
              {v.region}
              <span className="text-muted">{words(told.get(v.region), v.verdict === "pending")}</span>
            </li>
          ))}
        </ul>
      </div>
      <LinkButton small href={`/w/${s.id}`}>
        Open
        <Icon name="chevronRight" size={14} />
      </LinkButton>
    </div>
  );
}

function words(vote: Schema["Vote"] | undefined, waiting: boolean): string {
  if (waiting) return "looks …";
  if (!vote) return "";
  return vote.vote === "pass" || vote.vote === "degraded" ? ms(vote.latency_ms) : reasonWords(vote.reason);
}
