import type { Monitor } from "../data";
import type { FieldSpec } from "./spec";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Stands for a secret that is kept as it was. */
export const mask = "***";

export const isObject = (v: unknown): v is JsonObject =>
  typeof v === "object" && v !== null && !Array.isArray(v);

/** What a form of a monitor holds. */
export interface Draft {
  kind: string;
  name: string;
  target: string;
  settings: JsonObject;
  interval_seconds: number;
  /** Empty: as the API has it by default. */
  timeout_ms: number | undefined;
  /** null: every region. */
  regions: string[] | null;
  policy: {
    quorum: { mode: string; count?: number | undefined };
    confirmation_seconds: number;
    recovery_rounds: number;
  };
  paused: boolean;
}

export function draftOf(m: Monitor): Draft {
  return {
    kind: m.kind,
    name: m.name,
    target: m.target,
    settings: (m.settings ?? {}) as JsonObject,
    interval_seconds: m.interval_seconds,
    timeout_ms: m.kind === "heartbeat" ? undefined : m.timeout_ms,
    regions: m.regions,
    policy: m.policy,
    paused: m.paused,
  };
}

/** A setting at its default, or with nothing in it, is left out. */
export function put(into: JsonObject, spec: FieldSpec, value: Json | undefined): JsonObject {
  const { [spec.name]: _, ...rest } = into;
  if (value === undefined || value === "" || atDefault(spec, value)) return rest;
  if (Array.isArray(value) && value.length === 0) return rest;
  if (spec.type === "group" && isObject(value) && Object.keys(value).length === 0 && !needs(spec))
    return rest;
  return { ...into, [spec.name]: value };
}

function atDefault(spec: FieldSpec, value: Json): boolean {
  if (spec.type === "flag") return value === (spec.default ?? false);
  return "default" in spec && JSON.stringify(spec.default) === JSON.stringify(value);
}

/** A group that cannot be empty is there or not. */
export const needs = (spec: FieldSpec): boolean =>
  spec.type === "group" && spec.fields.some((f) => f.required);

/**
 * The JSON merge patch (RFC 7396) that makes `after` of `before`: what is gone is null, a
 * list is given as a whole. undefined if nothing changes.
 */
export function mergePatch(before: Json | undefined, after: Json): Json | undefined {
  if (!isObject(before) || !isObject(after))
    return JSON.stringify(before) === JSON.stringify(after) ? undefined : after;
  const patch: JsonObject = {};
  for (const key of Object.keys(before)) if (!(key in after)) patch[key] = null;
  for (const [key, value] of Object.entries(after)) {
    const change = mergePatch(before[key], value);
    if (change !== undefined) patch[key] = change;
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}

/** What differs between two drafts, as a change of the monitor. */
export function changes(base: Draft, draft: Draft): JsonObject {
  const { kind: _, ...b } = toJson(base);
  const { kind: __, ...d } = toJson(draft);
  const patch = mergePatch(b, d);
  return isObject(patch) ? patch : {};
}

/** A draft as the API takes it, without what is not set. */
export function toJson(d: Draft): JsonObject {
  const heartbeat = d.kind === "heartbeat";
  const { mode, count } = d.policy.quorum;
  return {
    kind: d.kind,
    name: d.name.trim(),
    ...(heartbeat ? {} : { target: d.target.trim() }),
    settings: d.settings,
    interval_seconds: d.interval_seconds,
    ...(heartbeat || d.timeout_ms === undefined ? {} : { timeout_ms: d.timeout_ms }),
    ...(heartbeat ? {} : { regions: d.regions }),
    policy: {
      ...d.policy,
      quorum: mode === "count" ? { mode, count: count ?? 1 } : { mode },
    },
    paused: d.paused,
  };
}

/** A new monitor: a name that is empty is none. */
export function toCreate(d: Draft): JsonObject {
  const { paused: _, name, ...rest } = toJson(d);
  return { ...rest, ...(name ? { name } : {}) };
}

/** Whether the form has a field for what the API found wrong. */
export function hasField(specs: readonly FieldSpec[], pointer: string): boolean {
  const [head = "", ...rest] = pointer.split("/");
  if (head !== "settings") {
    return ["name", "target", "interval_seconds", "timeout_ms", "regions", "policy"].includes(head);
  }
  return within(specs, rest);
}

function within(specs: readonly FieldSpec[], path: string[]): boolean {
  const spec = specs.find((s) => s.name === path[0]);
  if (!spec) return false;
  const rest = path.slice(1);
  if (rest.length === 0 || spec.type === "assertions" || spec.type === "texts") return true;
  if (spec.type === "group") return within(spec.fields, rest);
  if (spec.type === "rows") return rest.length === 1 || within(spec.fields, rest.slice(1));
  return false;
}
