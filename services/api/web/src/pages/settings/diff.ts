/** What a change of the audit log changed, field by field. Pure. */

export interface Change {
  /** "policy.quorum.mode" */
  path: string;
  before: string | undefined;
  after: string | undefined;
  changed: boolean;
}

type Json = unknown;

const isObject = (v: Json): v is Record<string, Json> =>
  typeof v === "object" && v !== null && !Array.isArray(v);

function flat(v: Json, path: string, out: Map<string, string>) {
  if (isObject(v) && Object.keys(v).length > 0) {
    for (const [key, inner] of Object.entries(v)) flat(inner, path ? `${path}.${key}` : key, out);
    return;
  }
  out.set(path, typeof v === "string" ? v : JSON.stringify(v));
}

/** The fields of both states: those that changed first, each group by name. */
export function changes(before: Json, after: Json): Change[] {
  const was = new Map<string, string>();
  const is = new Map<string, string>();
  if (isObject(before)) flat(before, "", was);
  if (isObject(after)) flat(after, "", is);
  const paths = [...new Set([...was.keys(), ...is.keys()])].sort();
  const all = paths.map((path) => {
    const [b, a] = [was.get(path), is.get(path)];
    return { path, before: b, after: a, changed: b !== a };
  });
  return [...all.filter((c) => c.changed), ...all.filter((c) => !c.changed)];
}
