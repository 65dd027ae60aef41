import { type ReactNode, useEffect, useRef } from "react";
import { newStore, useStore } from "@/lib/store";
import { cx } from "@/ui/cx";

/** The title of the tab while a page is shown: "shop – probefleet". */
export function useTitle(title: string) {
  useEffect(() => {
    document.title = title ? `${title} – probefleet` : "probefleet";
  }, [title]);
}

/** Truths about the whole dashboard that a page or the shell has to tell. */
interface BannerEntry {
  key: string;
  node: ReactNode;
}
export const banners = newStore<readonly BannerEntry[]>([]);

/** Shows a Banner above the page while `node` is something; the same key takes its place. */
export function useBanner(key: string, node: ReactNode | null) {
  useEffect(() => {
    if (!node) return;
    banners.set((now) => [...now.filter((b) => b.key !== key), { key, node }]);
    return () => banners.set((now) => now.filter((b) => b.key !== key));
  }, [key, node]);
}

export function BannerSlot() {
  const all = useStore(banners);
  if (all.length === 0) return null;
  return (
    <div className="space-y-2 px-4 pt-4 sm:px-6 print:hidden">
      {all.map((b) => (
        <div key={b.key}>{b.node}</div>
      ))}
    </div>
  );
}

/** A page: its title, what can be done with it, its content. */
export function Page({
  title,
  heading,
  subtitle,
  actions,
  children,
  wide = false,
}: {
  /** Of the tab and, without `heading`, of the page. */ title: string;
  heading?: ReactNode;
  subtitle?: ReactNode;
  actions?: ReactNode;
  children: ReactNode /** All of a wide screen. */;
  wide?: boolean;
}) {
  useTitle(title);
  return (
    <div className={cx("mx-auto w-full px-4 py-4 sm:px-6", wide ? "" : "max-w-7xl")}>
      <header className="mb-4 flex flex-wrap items-start gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-60">
          <PageHeading>{heading ?? title}</PageHeading>
          {subtitle && <div className="mt-1 text-muted">{subtitle}</div>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2 print:hidden">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** Gets the focus when the page changes, so that a screen reader says where one is. */
function PageHeading({ children }: { children: ReactNode }) {
  const ref = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (document.activeElement === document.body) ref.current?.focus({ preventScroll: true });
  }, []);
  return (
    <h1 ref={ref} tabIndex={-1} className="text-xl font-semibold outline-none wrap-anywhere">
      {children}
    </h1>
  );
}
