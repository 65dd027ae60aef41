import { dump } from "js-yaml";
import type { Monitor, Website } from "./data";

type Json = Record<string, unknown>;

/** What one would say to have the same monitor again; what is at its default is left out. */
export function monitorAsInput(m: Monitor): Json {
  const out: Json = { kind: m.kind };
  if (m.name) out.name = m.name;
  if (m.target) out.target = m.target;
  const settings = m.settings as Json;
  if (Object.keys(settings).length > 0) out.settings = settings;
  out.interval_seconds = m.interval_seconds;
  if (m.timeout_ms > 0) out.timeout_ms = m.timeout_ms;
  if (m.regions) out.regions = m.regions;
  out.policy = m.policy;
  return out;
}

/** A website as an import takes it; secrets stay *** and have to be filled in. */
export function websiteAsInput(w: Website): Json {
  return {
    ...(w.external_id ? { external_id: w.external_id } : {}),
    name: w.name,
    url: w.url,
    ...(w.tags.length > 0 ? { tags: w.tags } : {}),
    monitors: w.monitors.map(monitorAsInput),
  };
}

export const asYaml = (value: unknown): string => dump(value, { lineWidth: 110, noRefs: true });
export const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** In single quotes, so that the shell takes it as it is. */
export const quoted = (s: string): string => `'${s.replaceAll("'", `'\\''`)}'`;

/** A call of the API that asks for the same thing; the key stays in the environment. */
export function asCurl(origin: string, path: string, body?: unknown): string {
  const lines = [`curl -sS -H "Authorization: Bearer $PROBEFLEET_API_KEY"`];
  if (body !== undefined)
    lines.push(`-H 'Content-Type: application/json' -d ${quoted(JSON.stringify(body))}`);
  lines.push(quoted(`${origin}${path}`));
  return lines.join(" \\\n  ");
}
