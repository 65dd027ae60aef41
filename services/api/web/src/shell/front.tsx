import type { ReactNode } from "react";
import { Link } from "wouter";
import { Logo } from "./logo";
import { useTitle } from "./page";
import { ThemeMenu } from "./shell";

/** The frame of pages that need nobody to be signed in: a form in the middle. */
export function Front({
  title,
  children,
  wide = false,
}: {
  title: string;
  children: ReactNode;
  wide?: boolean;
}) {
  useTitle(title);
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="flex h-12 items-center justify-between px-4">
        <Link href="/" className="flex items-center gap-2 font-semibold">
          <Logo /> probefleet
        </Link>
        <ThemeMenu />
      </header>
      <main
        id="main"
        className={
          wide
            ? "mx-auto w-full max-w-4xl flex-1 px-4 py-8"
            : "mx-auto w-full max-w-md flex-1 px-4 pt-[6vh] pb-12"
        }
      >
        {children}
      </main>
    </div>
  );
}

/** A form in a frame, with its heading. */
export function Card({
  heading,
  children,
  note,
}: {
  heading: string;
  children: ReactNode;
  note?: ReactNode;
}) {
  return (
    <div className="rounded border border-line bg-surface p-6">
      <h1 className="text-xl font-semibold">{heading}</h1>
      {note && <div className="mt-1 text-muted">{note}</div>}
      <div className="mt-5">{children}</div>
    </div>
  );
}
