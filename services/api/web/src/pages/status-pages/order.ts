import type { Schema } from "@/api/client";

/** A website on a page: `key` keeps its place while it is moved. */
export interface Entry {
  website_id: string;
  title: string;
  section: string;
}

export const entriesOf = (websites: readonly Schema["StatusPageWebsite"][]): Entry[] =>
  websites.map((w) => ({ website_id: w.website_id, title: w.title ?? "", section: w.section ?? "" }));

/** Moves one entry to another place. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const out = [...list];
  const at = Math.max(0, Math.min(to, list.length - 1));
  const [one] = out.splice(from, 1);
  if (one !== undefined) out.splice(at, 0, one);
  return out;
}

/** The sections in the order in which the page shows them; entries without one have "". */
export const sectionsOf = (entries: readonly Entry[]): string[] => [
  ...new Set(entries.map((e) => e.section.trim())),
];

/** A section that is interrupted by another one: the page would show it in two parts. */
export function brokenSection(entries: readonly Entry[]): string | undefined {
  const ended = new Set<string>();
  let present: string | undefined;
  for (const e of entries) {
    const section = e.section.trim();
    if (section === present) continue;
    if (ended.has(section)) return section;
    if (present !== undefined) ended.add(present);
    present = section;
  }
  return undefined;
}

/** The same entries with those of a section side by side, sections by where they begin. */
export function gathered(entries: readonly Entry[]): Entry[] {
  return sectionsOf(entries).flatMap((s) => entries.filter((e) => e.section.trim() === s));
}

/** A slug out of a title. */
export function slugOf(title: string): string {
  return title
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 63)
    .replace(/-+$/, "");
}

/** Markdown of the badge, which leads to the page. */
export function badgeMarkdown(url: string, title: string): string {
  const name = title.replace(/[[\]\\]/g, "\\$&");
  return `[![${name}](${url.replace(/\/$/, "")}/badge.svg)](${url})`;
}
