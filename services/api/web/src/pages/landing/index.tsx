import { useQuery } from "@tanstack/react-query";
import { api, data } from "@/api/client";
import { setupQuery } from "@/api/session";
import { Front } from "@/shell/front";
import {
  ErrorState,
  Icon,
  LinkButton,
  Loading,
  Panel,
  RegionRing,
  type RegionVote,
  Skeleton,
  type Verdict,
} from "@/ui";

/** What somebody sees who is not signed in: what this is, and what is public. */
export default function Landing() {
  const setup = useQuery(setupQuery);
  const pages = useQuery({
    queryKey: ["public-status"],
    queryFn: ({ signal }) => data(api.GET("/v1/public/status", { signal })),
  });
  return (
    <Front title="" wide>
      <section className="py-8">
        <h1 className="text-3xl font-semibold text-balance">Is it down for everyone, or only from there?</h1>
        <p className="mt-4 max-w-2xl text-base text-muted">
          This is a fleet of probes. It looks at websites and services from several regions, decides by their
          votes whether something is down, and keeps the evidence. What it does not know it calls unknown.
        </p>
        <div className="mt-6 flex flex-wrap gap-2">
          <LinkButton look="primary" href="/sign-in">
            Sign in
          </LinkButton>
          {setup.data?.sign_up_open && <LinkButton href="/setup">Make an account</LinkButton>}
        </div>
      </section>
      <Examples />
      <Panel title="Public status pages" flush className="mt-6">
        {pages.isPending ? (
          <Loading className="space-y-3 p-4">
            <Skeleton />
            <Skeleton className="h-4 w-2/3" />
          </Loading>
        ) : pages.isError ? (
          <ErrorState
            compact
            error={pages.error}
            what="the status pages"
            retry={() => void pages.refetch()}
          />
        ) : pages.data.items.length === 0 ? (
          <p className="p-4 text-muted">This fleet has published none.</p>
        ) : (
          <ul>
            {pages.data.items.map((p) => (
              <li key={p.slug} className="border-b border-line last:border-0">
                <a
                  href={`/status/${encodeURIComponent(p.slug)}`}
                  className="flex h-11 items-center gap-2 px-4 hover:bg-hover"
                >
                  <span className="flex-1 truncate">{p.title}</span>
                  <Icon name="chevronRight" className="text-muted" />
                </a>
              </li>
            ))}
          </ul>
        )}
      </Panel>
      {setup.data && <p className="mt-6 text-[13px] text-faint">probefleet {setup.data.version}</p>}
    </Front>
  );
}

const vote = (region: string, verdict: Verdict, excluded?: string): RegionVote => ({
  region,
  verdict,
  excluded,
});

const examples: { verdict: Verdict; votes: RegionVote[]; title: string; text: string }[] = [
  {
    verdict: "up",
    votes: [vote("us-east", "up"), vote("eu-west", "up"), vote("ap-south", "up"), vote("sa-east", "up")],
    title: "Up",
    text: "Every region agrees.",
  },
  {
    verdict: "up",
    votes: [vote("us-east", "up"), vote("eu-west", "up"), vote("ap-south", "down"), vote("sa-east", "up")],
    title: "Up, partly",
    text: "One region fails: said, but nobody is woken.",
  },
  {
    verdict: "down",
    votes: [
      vote("us-east", "down"),
      vote("eu-west", "down"),
      vote("ap-south", "unknown", "sick"),
      vote("sa-east", "down"),
    ],
    title: "Down",
    text: "A quorum of fresh regions fails; a sick one has no vote.",
  },
  {
    verdict: "unknown",
    votes: [
      vote("us-east", "unknown"),
      vote("eu-west", "unknown"),
      vote("ap-south", "unknown"),
      vote("sa-east", "up"),
    ],
    title: "Unknown",
    text: "Too few have looked lately to say.",
  },
];

/** How to read the ring. */
function Examples() {
  return (
    <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-4">
      {examples.map((e) => (
        <li key={e.title} className="flex gap-3 rounded border border-line bg-surface p-4">
          <RegionRing verdict={e.verdict} votes={e.votes} size={40} tooltip={false} />
          <div>
            <div className="font-semibold">{e.title}</div>
            <div className="text-[13px] text-muted">{e.text}</div>
          </div>
        </li>
      ))}
    </ul>
  );
}
