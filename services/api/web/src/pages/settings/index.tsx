import { type ComponentType, lazy, Suspense } from "react";
import { Link, Redirect, useParams } from "wouter";
import { type Scope, useMay, useMe } from "@/api/session";
import { Page } from "@/shell/page";
import { cx, EmptyState, Icon, type IconName, Loading, Skeleton } from "@/ui";

interface Section {
  key: string;
  label: string;
  icon: IconName;
  /** What one must be allowed to see it. */
  needs: Scope;
  content: ComponentType;
}

const sections: readonly Section[] = [
  { key: "profile", label: "Profile", icon: "user", needs: "read", content: lazy(() => import("./profile")) },
  {
    key: "appearance",
    label: "Appearance",
    icon: "sun",
    needs: "read",
    content: lazy(() => import("./appearance")),
  },
  {
    key: "organisation",
    label: "Organisation",
    icon: "building",
    needs: "read",
    content: lazy(() => import("./organisation")),
  },
  {
    key: "users",
    label: "Users and roles",
    icon: "users",
    needs: "admin",
    content: lazy(() => import("./users")),
  },
  { key: "keys", label: "API keys", icon: "key", needs: "admin", content: lazy(() => import("./keys")) },
  { key: "audit", label: "Audit log", icon: "list", needs: "admin", content: lazy(() => import("./audit")) },
];

/** One's account, how things look, and for admins the organisation, its people and keys. */
export default function Settings() {
  const { "*": path = "" } = useParams<{ "*"?: string }>();
  const me = useMe();
  const admin = useMay("admin");
  const key = path.split("/", 1)[0] ?? "";
  if (key === "") return <Redirect to="/settings/profile" replace />;
  const section = sections.find((s) => s.key === key);
  const allowed = section && (section.needs !== "admin" || admin);
  const Content = section?.content;
  return (
    <Page title={section ? `${section.label} – Settings` : "Settings"} heading="Settings">
      <div className="gap-8 md:grid md:grid-cols-[176px_minmax(0,1fr)]">
        <nav aria-label="Settings" className="mb-4 md:mb-0">
          <ul className="-mx-4 flex gap-1 overflow-x-auto px-4 pb-1 md:sticky md:top-16 md:mx-0 md:block md:space-y-1 md:px-0">
            {sections
              .filter((s) => s.needs !== "admin" || admin)
              .map((s) => (
                <li key={s.key}>
                  <Link
                    href={`/settings/${s.key}`}
                    aria-current={s.key === key ? "page" : undefined}
                    ref={s.key === key ? intoSight : undefined}
                    className={cx(
                      "flex h-9 items-center gap-2.5 whitespace-nowrap rounded px-2.5",
                      s.key === key
                        ? "bg-hover font-medium text-text"
                        : "text-muted hover:bg-hover hover:text-text",
                    )}
                  >
                    <Icon name={s.icon} className={s.key === key ? "text-accent" : ""} />
                    {s.label}
                  </Link>
                </li>
              ))}
          </ul>
          {!admin && (
            <p className="mt-3 hidden px-2.5 text-[13px] text-muted md:block">
              Users, API keys and the audit log are for admins and owners; you are {article(me.role)}.
            </p>
          )}
        </nav>
        <div className="min-w-0 max-w-4xl">
          {allowed && Content ? (
            <Suspense fallback={<SectionSkeleton />}>
              <Content />
            </Suspense>
          ) : section ? (
            <EmptyState icon="shield" title="For admins and owners">
              You are {article(me.role)} of {me.organisation?.name ?? "no organisation"}. Ask one of them if
              you need this.
            </EmptyState>
          ) : (
            <EmptyState icon="settings" title="There are no such settings">
              Choose another part.
            </EmptyState>
          )}
        </div>
      </div>
    </Page>
  );
}

/** On a phone the parts stand in a row that scrolls. */
const intoSight = (link: HTMLAnchorElement | null) =>
  link?.scrollIntoView?.({ block: "nearest", inline: "center" });

const article = (role: string | null) =>
  role === null ? "a guest" : `${/^[aeo]/.test(role) ? "an" : "a"} ${role}`;

function SectionSkeleton() {
  return (
    <Loading className="space-y-4">
      <Skeleton className="h-48" />
      <Skeleton className="h-64" />
    </Loading>
  );
}
