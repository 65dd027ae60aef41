import { useEffect, useRef } from "react";
import { Link, useParams } from "wouter";
import { isProblem } from "@/api/problem";
import { useMay } from "@/api/session";
import { oneOf, setParams, text, useUrlState } from "@/lib/url";
import { Page } from "@/shell/page";
import { EmptyState, ErrorState, Loading, Skeleton, setFavicon, Tabs, useNow } from "@/ui";
import { Actions } from "./actions";
import { Checks } from "./checks";
import { lastChecked, ringVotes, useLost, useVotes, useWebsite, type Website, websiteRing } from "./data";
import { DowntimePanel, IncidentsPanel } from "./downtime";
import { Settings } from "./form/settings";
import { Heading, Notices, Subtitle } from "./header";
import { Heartbeat } from "./heartbeat";
import { Monitors } from "./monitors";
import { useRange } from "./range-picker";
import { Response } from "./response";
import { TestPanel, useTestNow } from "./testing";
import { Uptime } from "./uptime";

const tabs = oneOf("overview", "settings");

export default function WebsitePage() {
  const { id = "" } = useParams<{ id: string }>();
  const website = useWebsite(id);
  if (!website.data) {
    return (
      <Page title="Website">
        {isProblem(website.error, 404) ? (
          <EmptyState
            icon="search"
            title="There is no such website"
            action={
              <Link href="/" className="font-medium text-accent">
                All websites
              </Link>
            }
          >
            It was removed, or belongs to another organisation.
          </EmptyState>
        ) : website.error ? (
          <ErrorState what="the website" error={website.error} retry={() => void website.refetch()} />
        ) : (
          <PageSkeleton />
        )}
      </Page>
    );
  }
  return <Shown key={id} website={website.data} />;
}

function Shown({ website }: { website: Website }) {
  const [tab, setTab] = useUrlState<"overview" | "settings">("tab", "overview", tabs, { push: true });
  const [wanted] = useUrlState("m", "", text);
  const may = useMay("write");
  const monitor = website.monitors.find((m) => m.id === wanted) ?? website.monitors[0];
  const adding = wanted === "new" && tab === "settings";
  const { votes } = useVotes(website.monitors);
  const lost = useLost();
  const clock = useNow(15_000);
  // Nothing stays green that nobody can see.
  const now = lost ? Number.POSITIVE_INFINITY : clock;
  const ring = websiteRing(website.monitors.map((m) => ringVotes(m, votes.get(m.id) ?? [], now)));
  const test = useTestNow(website);
  const range = useRange();
  const below = useRef<HTMLDivElement>(null);
  useRingIcon(website, ring);
  const start = () => {
    test.mutate(website.id);
    window.scrollTo({ top: 0 });
  };
  return (
    <Page
      title={website.name}
      heading={<Heading website={website} ring={ring} />}
      subtitle={<Subtitle website={website} checked={lastChecked(votes)} />}
      actions={
        <Actions
          website={website}
          monitor={monitor}
          testing={test.isPending}
          onTest={start}
          onEdit={() => {
            setTab("settings");
            // Once it is there.
            requestAnimationFrame(() => below.current?.scrollIntoView({ block: "start" }));
          }}
        />
      }
    >
      <Notices website={website} />
      <TestPanel website={website} votes={votes} test={test} />
      <Monitors
        monitors={website.monitors}
        chosen={adding ? undefined : monitor?.id}
        votes={votes}
        onChoose={(m) => setParams({ m, check: null, in: null, phases: null }, true)}
        onAdd={
          may
            ? () => {
                setParams({ m: "new", tab: "settings" }, true);
                requestAnimationFrame(() => below.current?.scrollIntoView({ block: "start" }));
              }
            : undefined
        }
      />
      <div ref={below} className="scroll-mt-16" />
      <Tabs
        label="About this website"
        value={tab}
        onChange={setTab}
        tabs={[
          {
            key: "overview",
            label: "Overview",
            content: monitor && (
              <>
                {monitor.kind === "heartbeat" ? (
                  <Heartbeat monitor={monitor} />
                ) : (
                  <Response key={`response ${monitor.id}`} monitor={monitor} range={range} />
                )}
                <div className="mb-4 grid gap-4 lg:grid-cols-2">
                  <Uptime websiteId={website.id} />
                  <DowntimePanel website={website} />
                </div>
                <IncidentsPanel website={website} />
                <Checks key={`checks ${monitor.id}`} monitor={monitor} range={range} />
              </>
            ),
          },
          {
            key: "settings",
            label: "Settings",
            content: <Settings website={website} monitor={adding ? undefined : monitor} />,
          },
        ]}
      />
    </Page>
  );
}

/** The tab's icon is the ring: who keeps the page open sees it change. */
function useRingIcon(website: Website, ring: ReturnType<typeof websiteRing>) {
  const state = JSON.stringify([website.status, ring.map((v) => [v.verdict, v.excluded])]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn anew only when it looks different
  useEffect(() => setFavicon(website.status, ring), [state]);
}

function PageSkeleton() {
  return (
    <Loading label="The website loads" className="space-y-4">
      <div className="flex items-center gap-3">
        <Skeleton className="size-9" />
        <Skeleton className="h-6 w-64" />
      </div>
      <Skeleton className="h-20" />
      <div className="grid grid-cols-2 gap-3 lg:grid-cols-5">
        {["p50", "p95", "p99", "checks", "uptime"].map((k) => (
          <Skeleton key={k} className="h-20" />
        ))}
      </div>
      <Skeleton className="h-72" />
      <div className="grid gap-4 lg:grid-cols-2">
        <Skeleton className="h-56" />
        <Skeleton className="h-56" />
      </div>
    </Loading>
  );
}
