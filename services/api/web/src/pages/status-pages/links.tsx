import { CopyButton, LinkButton } from "@/ui";
import type { StatusPage } from "./data";
import { badgeMarkdown } from "./order";

/** The ways out of a page that is published: itself, its address, its badge. */
export function Links({ page: p }: { page: StatusPage }) {
  if (!p.published) return null;
  return (
    <>
      <CopyButton text={badgeMarkdown(p.url, p.title)} label="Copy badge" />
      <CopyButton text={p.url} label="Copy link" />
      <LinkButton small icon="external" href={`/status/${encodeURIComponent(p.slug)}`}>
        Open
      </LinkButton>
    </>
  );
}
