import { useQuery } from "@tanstack/react-query";
import { Link, useLocation, useParams } from "wouter";
import { useMay } from "@/api/session";
import { plural } from "@/lib/format";
import { useHotkeys, usePageKeys } from "@/lib/keys";
import { Page } from "@/shell/page";
import { EmptyState, ErrorState, LinkButton, Loading, Panel, Skeleton, Time } from "@/ui";
import { pagesQuery, type StatusPage } from "./data";
import { Edit } from "./edit";
import { Links } from "./links";

const keys = [{ keys: "n", does: "New status page" }];

/** What the public sees of the websites. */
export default function StatusPages() {
  const { "*": path = "" } = useParams<{ "*"?: string }>();
  const id = path.split("/", 1)[0] ?? "";
  return id === "" ? <List /> : <Edit key={id} id={id} />;
}

function List() {
  const may = useMay("write");
  const [, navigate] = useLocation();
  const pages = useQuery(pagesQuery);
  useHotkeys(may ? { n: () => navigate("/status-pages/new") } : {});
  usePageKeys(keys);
  const add = (
    <LinkButton look="primary" icon="plus" href="/status-pages/new">
      New status page
    </LinkButton>
  );
  return (
    <Page
      title="Status pages"
      subtitle="What the public sees: light, without an account, and honest about what is not known."
      actions={
        may ? (
          add
        ) : (
          <p className="max-w-64 text-[13px] text-muted">
            As a viewer you see the pages; editors make and change them.
          </p>
        )
      }
    >
      {pages.isPending ? (
        <Panel flush>
          <Loading label="The status pages load">
            {[0, 1, 2].map((i) => (
              <div key={i} className="space-y-2 border-b border-line p-4 last:border-0">
                <Skeleton className="h-4 w-48" />
                <Skeleton className="h-3.5 w-72 max-w-full" />
              </div>
            ))}
          </Loading>
        </Panel>
      ) : pages.isError && !pages.data ? (
        <ErrorState error={pages.error} what="the status pages" retry={() => void pages.refetch()} />
      ) : (pages.data ?? []).length === 0 ? (
        <Panel>
          <EmptyState icon="status" title="The public sees nothing yet" action={may && add}>
            A status page tells everybody what is up, without an account. Choose its websites and what they
            are called there.
          </EmptyState>
        </Panel>
      ) : (
        <Panel flush>
          <ul aria-label="Status pages">
            {pages.data?.map((p) => (
              <One key={p.id} page={p} may={may} />
            ))}
          </ul>
        </Panel>
      )}
    </Page>
  );
}

function One({ page: p, may }: { page: StatusPage; may: boolean }) {
  return (
    <li
      className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line p-4 last:border-0"
      aria-label={p.title}
    >
      <div className="min-w-0 flex-1 basis-64">
        <div className="flex flex-wrap items-baseline gap-x-3">
          {may ? (
            <Link href={`/status-pages/${p.id}`} className="font-semibold hover:underline wrap-anywhere">
              {p.title}
            </Link>
          ) : (
            <span className="font-semibold wrap-anywhere">{p.title}</span>
          )}
          <Published page={p} />
        </div>
        <div className="text-[13px] text-muted">
          /status/{p.slug} · {plural(p.websites.length, "website")} · changed <Time at={p.updated_at} />
        </div>
      </div>
      <div className="flex flex-wrap items-center gap-2">
        <Links page={p} />
        {may && (
          <LinkButton small icon="edit" href={`/status-pages/${p.id}`}>
            Edit
          </LinkButton>
        )}
      </div>
    </li>
  );
}

export function Published({ page: p }: { page: Pick<StatusPage, "published"> }) {
  return p.published ? (
    <span className="text-[13px] text-up">
      <span aria-hidden="true">●</span> published
    </span>
  ) : (
    <span className="text-[13px] text-paused">
      <span aria-hidden="true">‖</span> not published
    </span>
  );
}
