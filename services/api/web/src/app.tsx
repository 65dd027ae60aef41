import { useQuery } from "@tanstack/react-query";
import { Component, type ComponentType, lazy, type ReactNode, Suspense } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { meQuery, returnPath, setupQuery } from "@/api/session";
import { useSearch } from "@/lib/url";
import { LiveProvider } from "@/live";
import { Shell } from "@/shell/shell";
import { Button, ErrorState, Loading, Skeleton } from "@/ui";

type Page = () => Promise<{ default: ComponentType }>;
const page = (load: Page) => lazy(load);

const Landing = page(() => import("@/pages/landing"));
const SignIn = signedOut(page(() => import("@/pages/sign-in")));
const SetUp = signedOut(page(() => import("@/pages/setup")));
const Invited = page(() => import("@/pages/invited"));
const Reset = page(() => import("@/pages/reset"));
const Homeless = page(() => import("@/pages/settings/homeless"));
const NotFound = page(() => import("@/pages/not-found"));
const Overview = page(() => import("@/pages/overview"));
const Website = page(() => import("@/pages/website"));
const Incidents = page(() => import("@/pages/incidents"));
const Incident = page(() => import("@/pages/incident"));
const Fleet = page(() => import("@/pages/fleet"));
const Alerts = page(() => import("@/pages/alerts"));
const StatusPages = page(() => import("@/pages/status-pages"));
const Settings = page(() => import("@/pages/settings"));
const Wall = page(() => import("@/pages/wall"));

/** Which page an address is, and who may see it. */
export function App() {
  const [path] = useLocation();
  return (
    <Fence at={path}>
      <Suspense fallback={<PageSkeleton />}>
        <Switch>
          <Route path="/sign-in" component={SignIn} />
          <Route path="/setup" component={SetUp} />
          <Route path="/invited/:token" component={Invited} />
          <Route path="/reset" component={Reset} />
          <Route path="/reset/:token" component={Reset} />
          <Route>
            <SignedInPages />
          </Route>
        </Switch>
      </Suspense>
    </Fence>
  );
}

/** A page for those who are not signed in; others are where they wanted to go. */
function signedOut(Inner: ComponentType): ComponentType {
  return function OnlySignedOut() {
    const { data: me } = useQuery(meQuery);
    const search = useSearch();
    return me ? <Redirect to={returnPath(search)} replace /> : <Inner />;
  };
}

function SignedInPages() {
  const me = useQuery(meQuery);
  const setup = useQuery({ ...setupQuery, enabled: me.data === null });
  const [path] = useLocation();
  const search = useSearch();
  if (me.data === undefined) {
    return me.isError ? (
      <main className="pt-[20vh]">
        <ErrorState error={me.error} retry={() => void me.refetch()} />
      </main>
    ) : (
      <PageSkeleton />
    );
  }
  if (me.data === null) {
    if (setup.data?.needed) return <Redirect to="/setup" replace />;
    if (path === "/") return <Landing />;
    return <Redirect to={`/sign-in?next=${encodeURIComponent(path + search)}`} replace />;
  }
  if (me.data.account && !me.data.organisation) return <Homeless />;
  return (
    <LiveProvider>
      <Switch>
        <Route path="/wall" component={Wall} />
        <Route>
          <Shell>
            <Fence at={path}>
              <Suspense fallback={<PageSkeleton />}>
                <Switch>
                  <Route path="/" component={Overview} />
                  <Route path="/w/:id" component={Website} />
                  <Route path="/incidents" component={Incidents} />
                  <Route path="/incidents/:id" component={Incident} />
                  <Route path="/fleet/*?" component={Fleet} />
                  <Route path="/alerts/*?" component={Alerts} />
                  <Route path="/status-pages/*?" component={StatusPages} />
                  <Route path="/settings/*?" component={Settings} />
                  <Route component={NotFound} />
                </Switch>
              </Suspense>
            </Fence>
          </Shell>
        </Route>
      </Switch>
    </LiveProvider>
  );
}

function PageSkeleton() {
  return (
    <Loading label="The page loads" className="mx-auto w-full max-w-7xl px-4 py-4 sm:px-6">
      <Skeleton className="mb-6 h-7 w-48" />
      <Skeleton className="mb-3 h-24" />
      <Skeleton className="h-64" />
    </Loading>
  );
}

/** A page that breaks leaves the rest of the dashboard standing. */
class Fence extends Component<{ children: ReactNode; at: string }, { error: unknown }> {
  override state: { error: unknown } = { error: undefined };
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  override componentDidUpdate(before: { at: string }) {
    if (before.at !== this.props.at && this.state.error !== undefined) this.setState({ error: undefined });
  }
  override render() {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    // After an upgrade of the api the parts of the old dashboard are gone.
    const old =
      error instanceof Error && /dynamically imported module|Importing a module/.test(error.message);
    return (
      <div className="px-4 pt-[12vh]">
        {old ? (
          <div role="alert" className="mx-auto max-w-md text-center">
            <p className="mb-3 font-semibold">The dashboard was upgraded, or the API is away.</p>
            <Button look="primary" icon="refresh" onClick={() => location.reload()}>
              Load it anew
            </Button>
          </div>
        ) : (
          <ErrorState error={error} retry={() => this.setState({ error: undefined })} />
        )}
      </div>
    );
  }
}
