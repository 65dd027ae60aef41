import type { Schema } from "@/api/client";

export type Entry = Schema["AuditEntry"];
export type Kind = Schema["AuditKind"];

export const kindWords: Record<Kind, string> = {
  website: "Website",
  monitor: "Monitor",
  region: "Region",
  channel: "Channel",
  incident: "Incident",
  api_key: "API key",
  organisation: "Organisation",
  member: "Member",
  invitation: "Invitation",
  account: "Account",
  status_page: "Status page",
};

const verbs: Record<Entry["action"], string> = { create: "made", update: "changed", delete: "removed" };

/** "changed", "made", "removed". */
export const verb = (action: Entry["action"]): string => verbs[action];

/** What the object is called, as far as its states or the names of accounts tell. */
export function objectName(e: Entry, names: Readonly<Record<string, string>> = {}): string {
  for (const state of [e.after, e.before] as (Record<string, unknown> | null)[]) {
    for (const key of ["name", "title", "email", "url", "target", "slug"]) {
      const v = state?.[key];
      if (typeof v === "string" && v !== "") return v;
    }
  }
  return names[e.object_id] ?? e.object_id;
}

/** Where the dashboard shows the object; undefined: nowhere, or it is gone. */
export function objectHref(e: Entry): string | undefined {
  if (e.action === "delete") return undefined;
  switch (e.object_kind) {
    case "website":
      return `/w/${e.object_id}`;
    case "monitor": {
      const of = (e.after as Record<string, unknown> | null)?.website_id;
      return typeof of === "string" ? `/w/${of}` : undefined;
    }
    case "incident":
      return `/incidents/${e.object_id}`;
    case "channel":
      return `/alerts?edit=${e.object_id}`;
    case "status_page":
      return `/status-pages/${e.object_id}`;
    default:
      return undefined;
  }
}

/** The beginning of a range that ends now; undefined: from the beginning. */
export function since(range: string, now: number): string | undefined {
  const days = { "24h": 1, "7d": 7, "30d": 30, "90d": 90 }[range];
  return days === undefined ? undefined : new Date(now - days * 86_400_000).toISOString();
}
