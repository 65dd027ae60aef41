import type { ReactNode } from "react";
import * as format from "@/lib/format";
import { CopyButton } from "@/ui";
import { comparisons, sources } from "./form/words";

type Json = Record<string, unknown>;

const isObject = (v: unknown): v is Json => typeof v === "object" && v !== null && !Array.isArray(v);

/** Names and values; what is not there is left out. */
export function Facts({ title, facts }: { title: string; facts: [name: string, value: ReactNode][] }) {
  const shown = facts.filter(([, v]) => v !== undefined && v !== null && v !== "");
  if (shown.length === 0) return null;
  return (
    <section>
      <h3 className="mb-2 font-semibold">{title}</h3>
      <dl className="grid grid-cols-[minmax(96px,160px)_minmax(0,1fr)] gap-x-4 gap-y-1">
        {shown.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-muted wrap-anywhere">{name}</dt>
            <dd className="wrap-anywhere">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/**
 * What else a probe saw. The parts that are known have their shape; later versions may
 * add others, which are shown as they are.
 */
export function Evidence({ evidence }: { evidence: Json }) {
  const { failures, header, excerpt, ...rest } = evidence;
  const keys = Object.keys(evidence);
  if (keys.length === 0)
    return <p className="text-muted">The probe saw nothing else: there was no answer to look at.</p>;
  return (
    <div className="space-y-6">
      {Array.isArray(failures) && failures.length > 0 && <Failed list={failures} />}
      {Object.entries(rest).map(([name, value]) =>
        isObject(value) ? (
          <Facts
            key={name}
            title={title(name)}
            facts={Object.entries(value).map(([k, v]) => [title(k), plain(v)])}
          />
        ) : (
          <Facts key={name} title={title(name)} facts={[["", plain(value)]]} />
        ),
      )}
      {isObject(header) && (
        <Facts title="Headers" facts={Object.entries(header).map(([k, v]) => [k, plain(v)])} />
      )}
      {typeof excerpt === "string" && excerpt !== "" && (
        <section>
          <div className="mb-2 flex items-center">
            <h3 className="flex-1 font-semibold">Beginning of the answer</h3>
            <CopyButton text={excerpt} />
          </div>
          <pre
            tabIndex={0}
            className="max-h-80 overflow-auto rounded border border-line bg-sunken p-3 font-mono text-[13px] whitespace-pre-wrap wrap-anywhere"
          >
            {excerpt}
          </pre>
        </section>
      )}
    </div>
  );
}

/** Assertions that did not hold: what was expected, and what was there. */
function Failed({ list }: { list: unknown[] }) {
  return (
    <section>
      <h3 className="mb-2 font-semibold">Assertions that failed</h3>
      <ul className="space-y-2">
        {list.map((one, i) => {
          if (!isObject(one)) return <li key={i}>{plain(one)}</li>;
          return (
            <li key={i} className="rounded border border-line px-3 py-2">
              <div className="font-medium wrap-anywhere">{assertionWords(one)}</div>
              <div className="text-muted wrap-anywhere">
                was <b className="text-text">{plain(one.actual)}</b>
                {one.severity === "degraded" && " · counts as degraded only"}
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** "Header Content-Type contains json". */
export function assertionWords(a: Json): string {
  const word = (words: Record<string, string>, v: unknown) => words[String(v)] ?? String(v);
  return [
    word(sources, a.source),
    a.property ? String(a.property) : "",
    word(comparisons, a.comparison),
    a.expected === undefined ? "" : plain(a.expected),
  ]
    .filter(Boolean)
    .join(" ");
}

const title = (s: string) => {
  const words = s.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
};

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

/** Any value as text: times as times, lists one after the other. */
export function plain(v: unknown): string {
  if (v === null || v === undefined) return "–";
  if (typeof v === "string") return time.test(v) ? format.absolute(format.instant(v), "utc") : v;
  if (Array.isArray(v)) return v.map(plain).join(", ");
  if (isObject(v))
    return Object.entries(v)
      .map(([k, x]) => `${k} ${plain(x)}`)
      .join(", ");
  return String(v);
}
