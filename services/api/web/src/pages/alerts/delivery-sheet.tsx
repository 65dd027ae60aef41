import type { ReactNode } from "react";
import { Link } from "wouter";
import { duration } from "@/lib/format";
import { reasonWords } from "@/lib/reasons";
import { asCurl, asJson } from "@/pages/website/copies";
import { asVerdict, CopyButton, cx, Sheet, Time, VerdictBadge, VerdictGlyph } from "@/ui";
import { kindOf } from "./kinds";
import { type Channel, type Delivery, eventWord, outcome, statuses, took } from "./words";

interface Message {
  website?: string;
  monitor?: string;
  url?: string;
  verdict?: string;
  explanation?: string;
  since?: string;
  until?: string;
  number?: number;
  expiry?: { subject: string; ends_at: string; days: number };
  votes?: { region: string; outcome: string; reason?: string; detail?: string; counted: boolean }[];
}

/** One delivery: what it said, how often it was tried, and what was answered. */
export function DeliverySheet({
  delivery: d,
  missing,
  channels,
  close,
}: {
  delivery: Delivery | undefined;
  /** One is asked for that is not among those shown. */
  missing: boolean;
  channels: Channel[];
  close: () => void;
}) {
  if (!d && !missing) return null;
  return (
    <Sheet
      open
      onOpenChange={(o) => !o && close()}
      title={d ? `${eventWord(d.event)}${titleOf(d)}` : "Delivery"}
      {...(d ? { description: statuses[d.status].says } : {})}
      footer={
        d && (
          <>
            <CopyButton
              text={asCurl(location.origin, `/v1/deliveries?channel_id=${d.channel_id}`)}
              label="Copy as curl"
            />
            <CopyButton text={asJson(d)} label="Copy as JSON" />
          </>
        )
      }
    >
      {d ? (
        <Content d={d} channel={channels.find((c) => c.id === d.channel_id)} />
      ) : (
        <p className="text-muted">It is not among the deliveries that are shown: filters may hide it.</p>
      )}
    </Sheet>
  );
}

function titleOf(d: Delivery): string {
  const m = d.message as Message;
  return m.website ? `: ${m.website}` : "";
}

function Content({ d, channel }: { d: Delivery; channel: Channel | undefined }) {
  const m = d.message as Message;
  const s = statuses[d.status];
  const seconds = took(d);
  return (
    <div className="space-y-5">
      <p className="text-base wrap-anywhere">
        <span aria-hidden="true" className={s.colour}>
          {s.mark}{" "}
        </span>
        {outcome(d)}
      </p>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-2">
        <Row name="Channel">{channel ? `${channel.name} (${kindOf(channel.kind).label})` : "–"}</Row>
        <Row name="Happened">
          <Time at={d.created_at} absolute />
        </Row>
        <Row name="Settled">
          {d.finished_at ? (
            <>
              <Time at={d.finished_at} absolute />
              {seconds !== undefined && (
                <span className="text-muted"> · after {duration(Math.round(seconds * 10) / 10)}</span>
              )}
            </>
          ) : (
            "not yet"
          )}
        </Row>
        <Row name="Attempts">{d.attempts}</Row>
        {d.retry_at && (
          <Row name="Held until">
            <Time at={d.retry_at} absolute /> (<Time at={d.retry_at} />)
          </Row>
        )}
        {d.digest_id && <Row name="Told with">another message, of the same story</Row>}
        {d.incident_id && (
          <Row name="Incident">
            <Link href={`/incidents/${d.incident_id}`} className="text-accent">
              Open it
            </Link>
          </Row>
        )}
        {d.website_id && (
          <Row name="Website">
            <Link href={`/w/${d.website_id}`} className="text-accent">
              {m.website || "Open it"}
            </Link>
          </Row>
        )}
      </dl>
      <Says m={m} test={d.event === "test"} />
      <section>
        <h3 className="mb-2 font-semibold">What was answered</h3>
        {d.response ? (
          <pre className="max-h-64 overflow-auto rounded border border-line bg-sunken p-3 font-mono text-[13px] whitespace-pre-wrap wrap-anywhere">
            {d.response.code} {d.response.text}
          </pre>
        ) : (
          <p className="text-muted">Nothing: no answer has come.</p>
        )}
        {d.error && <p className="mt-2 text-down wrap-anywhere">■ {d.error}</p>}
      </section>
      <p className="text-[13px] text-faint wrap-anywhere">
        Idempotency key <span className="font-mono">{d.idempotency_key}</span>: a retry carries the same one.
      </p>
    </div>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 wrap-anywhere">{children}</dd>
    </>
  );
}

function Says({ m, test }: { m: Message; test: boolean }) {
  if (test) return null;
  return (
    <section>
      <h3 className="mb-2 font-semibold">What it says</h3>
      <div className="space-y-2 rounded border border-line p-3">
        {m.verdict && <VerdictBadge verdict={asVerdict(m.verdict)} />}
        {m.explanation && <p className="wrap-anywhere">{m.explanation}</p>}
        {m.url && <p className="text-muted wrap-anywhere">{m.url}</p>}
        {m.expiry && (
          <p>
            The {m.expiry.subject} ends <Time at={m.expiry.ends_at} absolute />.
          </p>
        )}
        {m.since && (
          <p className="text-[13px] text-muted">
            Since <Time at={m.since} absolute />
            {m.until && (
              <>
                {" "}
                until <Time at={m.until} absolute />
              </>
            )}
          </p>
        )}
        {m.votes && m.votes.length > 0 && (
          <ul className="divide-y divide-line border-t border-line pt-1">
            {m.votes.map((v) => (
              <li key={v.region} className={cx("flex gap-2 py-1", !v.counted && "text-muted")}>
                <VerdictGlyph
                  verdict={v.outcome === "ok" ? "up" : v.outcome === "fail" ? "down" : "unknown"}
                />
                <span className="w-28 shrink-0 truncate">{v.region}</span>
                <span className="min-w-0 flex-1 wrap-anywhere">
                  {v.outcome === "ok" ? "up" : reasonWords(v.reason ?? v.outcome)}
                  {!v.counted && " (not counted)"}
                </span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}
