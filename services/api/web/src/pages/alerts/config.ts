/**
 * What a form holds of a channel's configuration, and what is sent of it. Values lie flat
 * by the path that the API's errors use: "smtp/host". Pure.
 */

export type Value = string | string[];
export type Values = Readonly<Record<string, Value>>;
type Json = Record<string, unknown>;

/** Stands for a secret wherever the API shows a configuration. */
export const mask = "***";

export interface FieldSpec {
  path: string;
  label: string;
  input: "text" | "url" | "secret" | "list" | "number" | "choice" | "lines";
  hint?: string;
  placeholder?: string;
  optional?: boolean;
  options?: readonly { value: string; label: string }[];
  /** Belongs to a part that can be left out as a whole: "smtp". */
  part?: string;
}

/** A configuration as the API shows it, flat. A whole secret is an empty field. */
export function read(config: Json, fields: readonly FieldSpec[]): Values {
  const out: Record<string, Value> = {};
  for (const f of fields) {
    const v = at(config, f.path);
    if (f.input === "list") out[f.path] = Array.isArray(v) ? v.map(String) : [];
    else if (v === undefined || v === null || v === mask) out[f.path] = "";
    else out[f.path] = String(v);
  }
  return out;
}

/** Whether the API keeps a secret there, which it does not show. */
export const kept = (config: Json, path: string): boolean => at(config, path) === mask;

function at(config: Json, path: string): unknown {
  return path.split("/").reduce<unknown>((o, key) => (o as Json | undefined)?.[key], config);
}

function put(out: Json, path: string, value: unknown) {
  const keys = path.split("/");
  const last = keys.pop() ?? "";
  let o = out;
  for (const key of keys) {
    o[key] ??= {};
    o = o[key] as Json;
  }
  o[last] = value;
}

function sent(f: FieldSpec, v: Value): unknown {
  if (Array.isArray(v)) return v;
  if (f.input === "number") return v.trim() === "" ? undefined : Number(v);
  if (f.input === "secret" || f.input === "lines") return v;
  return v.trim();
}

const empty = (v: Value): boolean => (Array.isArray(v) ? v.length === 0 : v.trim() === "");

/** The configuration of a new channel: what is empty is left to the API's defaults. */
export function created(values: Values, fields: readonly FieldSpec[], parts: ReadonlySet<string>): Json {
  const out: Json = {};
  for (const part of parts) out[part] = {};
  for (const f of fields) {
    const v = values[f.path] ?? "";
    if (f.part && !parts.has(f.part)) continue;
    if (!empty(v) || f.input === "list") put(out, f.path, sent(f, v));
  }
  return out;
}

/**
 * The change of one that there is (RFC 7396): only what was touched, so that secrets stay;
 * null removes. `removed`: secrets that are to go.
 */
export function changed(
  was: Json,
  values: Values,
  fields: readonly FieldSpec[],
  parts: ReadonlySet<string>,
  removed: ReadonlySet<string> = new Set(),
): Json {
  const before = read(was, fields);
  const out: Json = {};
  const had = new Set(fields.flatMap((f) => (f.part && was[f.part] ? [f.part] : [])));
  for (const part of had) if (!parts.has(part)) out[part] = null;
  for (const f of fields) {
    if (f.part && !parts.has(f.part)) continue;
    const v = values[f.path] ?? "";
    const touched = JSON.stringify(v) !== JSON.stringify(before[f.path] ?? "");
    if (removed.has(f.path) && empty(v)) put(out, f.path, null);
    else if (touched) put(out, f.path, empty(v) && f.input !== "list" ? null : sent(f, v));
  }
  for (const part of parts) if (!had.has(part)) out[part] ??= {};
  return out;
}

/** What is wrong with a field, or with an entry of its list. */
export function fieldError(
  error: (path: string) => string | undefined,
  all: Readonly<Record<string, string>>,
  path: string,
): string | undefined {
  const own = error(`config/${path}`);
  if (own) return own;
  const entry = Object.entries(all).find(([key]) => key.startsWith(`config/${path}/`));
  return entry?.[1];
}
