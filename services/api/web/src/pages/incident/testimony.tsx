import { useState } from "react";
import * as format from "@/lib/format";
import { reasonWords } from "@/lib/reasons";
import { CopyButton, Icon, useZone, VerdictGlyph } from "@/ui";
import { verdictOf } from "./grid";
import type { Failure } from "./record";

/** What each failing region saw: a line each, the whole of it when opened. */
export function Testimonies({ failures }: { failures: readonly Failure[] }) {
  return (
    <ul>
      {failures.map((f) => (
        <li key={`${f.region} ${f.due}`} className="border-b border-line last:border-b-0">
          <One failure={f} />
        </li>
      ))}
    </ul>
  );
}

function One({ failure: f }: { failure: Failure }) {
  const [open, setOpen] = useState(false);
  const zone = useZone();
  return (
    <details onToggle={(e) => setOpen(e.currentTarget.open)} className="group print:break-inside-avoid">
      <summary className="flex min-h-11 list-none flex-wrap items-center gap-x-3 gap-y-0.5 px-4 py-2 hover:bg-hover">
        <Icon name="chevronRight" size={14} className="text-muted group-open:rotate-90 print:hidden" />
        <span className="flex items-center gap-1.5 font-medium">
          <VerdictGlyph verdict={verdictOf(f.outcome)} label={f.outcome} />
          {f.region}
        </span>
        <span className="min-w-0 flex-1 basis-48 wrap-anywhere text-muted">
          {[reasonWords(f.reason), f.detail].filter(Boolean).join(": ")}
        </span>
        <span className="text-[13px] text-muted">
          <time dateTime={f.due} title={format.absolute(format.instant(f.due), zone)}>
            {format.clock(format.instant(f.due), zone)}
          </time>
        </span>
      </summary>
      {open && <Whole failure={f} />}
    </details>
  );
}

const phases = [
  ["DNS", "dns_ms"],
  ["connect", "connect_ms"],
  ["TLS", "tls_ms"],
  ["first byte", "ttfb_ms"],
  ["transfer", "transfer_ms"],
] as const;

function Whole({ failure: f }: { failure: Failure }) {
  const seen = f.evidence as Record<string, unknown>;
  const header = headerLines(seen.header);
  const excerpt = typeof seen.excerpt === "string" ? seen.excerpt : "";
  const others = Object.entries(seen).filter(([k]) => k !== "header" && k !== "excerpt");
  const rows: [string, string][] = [
    ["Status", f.status_code === null ? "" : String(f.status_code)],
    ["Address", f.resolved_ip ?? ""],
    ["Took", format.ms(f.latency_ms)],
    [
      "Phases",
      phases
        .filter(([, k]) => f[k] >= 0.05)
        .map(([word, k]) => `${word} ${format.ms(f[k])}`)
        .join(" · "),
    ],
    ["Attempts", String(f.attempts)],
    ["Worker", f.worker],
  ];
  return (
    <div className="space-y-4 border-t border-line bg-bg px-4 py-3">
      <dl className="grid grid-cols-[max-content_1fr] gap-x-4 gap-y-1">
        {rows
          .filter(([, v]) => v !== "")
          .map(([k, v]) => (
            <div key={k} className="contents">
              <dt className="text-muted">{k}</dt>
              <dd className="wrap-anywhere">{v}</dd>
            </div>
          ))}
      </dl>
      {others.map(([k, v]) => (
        <Part key={k} title={titles[k] ?? k.replaceAll("_", " ")} value={v} />
      ))}
      {header !== "" && <Block title="Headers of the answer" text={header} />}
      {excerpt !== "" && <Block title="Begin of the body" text={excerpt} />}
    </div>
  );
}

const titles: Record<string, string> = {
  certificate: "Certificate",
  registration: "Registration",
  failures: "Failed assertions",
  packets: "Packets",
  answers: "Answers",
};

/** Whatever a kind of monitor has seen: names and values, as they came. */
function Part({ title, value }: { title: string; value: unknown }) {
  if (value === null || value === undefined || value === "") return null;
  const items = Array.isArray(value) ? value : [value];
  return (
    <div>
      <h4 className="mb-1 font-medium">{title}</h4>
      {items.map((item, n) =>
        typeof item === "object" && item !== null ? (
          <dl key={n} className="mb-2 grid grid-cols-[max-content_1fr] gap-x-4 gap-y-1 last:mb-0">
            {Object.entries(item).map(([k, v]) => (
              <div key={k} className="contents">
                <dt className="text-muted">{k.replaceAll("_", " ")}</dt>
                <dd className="wrap-anywhere">
                  {Array.isArray(v) && v.every((e) => typeof e !== "object")
                    ? v.join(", ")
                    : typeof v === "object"
                      ? JSON.stringify(v)
                      : String(v)}
                </dd>
              </div>
            ))}
          </dl>
        ) : (
          <div key={n} className="wrap-anywhere">
            {String(item)}
          </div>
        ),
      )}
    </div>
  );
}

function Block({ title, text }: { title: string; text: string }) {
  return (
    <div>
      <div className="mb-1 flex items-center gap-2">
        <h4 className="font-medium">{title}</h4>
        <span className="print:hidden">
          <CopyButton text={text} />
        </span>
      </div>
      <pre
        className="max-h-80 overflow-auto rounded border border-line bg-surface p-3 font-mono text-xs whitespace-pre-wrap wrap-anywhere print:max-h-none"
        tabIndex={0}
        role="group"
        aria-label={title}
      >
        {text}
      </pre>
    </div>
  );
}

function headerLines(header: unknown): string {
  if (typeof header !== "object" || header === null) return "";
  return Object.entries(header)
    .flatMap(([k, v]) => (Array.isArray(v) ? v : [v]).map((one) => `${k}: ${String(one)}`))
    .join("\n");
}
