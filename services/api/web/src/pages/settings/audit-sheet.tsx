import { type ReactNode, useState } from "react";
import { Link } from "wouter";
import { asCurl, asJson } from "@/pages/website/copies";
import { Button, CopyButton, cx, Sheet, Time } from "@/ui";
import { type Entry, kindWords, objectHref, objectName, verb } from "./audit-words";
import { type Change, changes } from "./diff";

/** One change: by whom, from where, and what each field was before. */
export function AuditSheet({
  entry: e,
  names,
  close,
  onObject,
}: {
  entry: Entry | undefined;
  /** Of accounts and keys, by id. */
  names: Readonly<Record<string, string>>;
  close: () => void;
  onObject: (id: string) => void;
}) {
  if (!e) return null;
  const href = objectHref(e);
  return (
    <Sheet
      open
      wide
      onOpenChange={(o) => !o && close()}
      title={`${kindWords[e.object_kind]} ${verb(e.action)}: ${objectName(e, names)}`}
      footer={
        <>
          <CopyButton
            text={asCurl(location.origin, `/v1/audit?object_id=${encodeURIComponent(e.object_id)}`)}
            label="Copy as curl"
          />
          <CopyButton text={asJson(e)} label="Copy as JSON" />
        </>
      }
    >
      <div className="space-y-6">
        <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-2">
          <Row name="Who">
            {e.actor.name || "–"} <span className="text-muted">({e.actor.kind.replace("_", " ")})</span>
          </Row>
          <Row name="When">
            <Time at={e.at} absolute />
          </Row>
          <Row name="From">{e.address || "–"}</Row>
          <Row name="By">
            <span className="font-mono text-[13px]">{e.operation}</span>
          </Row>
          <Row name="Object">
            {href ? (
              <Link href={href} className="text-accent">
                {objectName(e, names)}
              </Link>
            ) : (
              objectName(e, names)
            )}
          </Row>
          <Row name="Request">
            <span className="font-mono text-[13px]">{e.request_id || "–"}</span>
          </Row>
        </dl>
        <Button small icon="filter" onClick={() => onObject(e.object_id)}>
          All changes of it
        </Button>
        <Fields entry={e} />
      </div>
    </Sheet>
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

function Fields({ entry: e }: { entry: Entry }) {
  const [all, setAll] = useState(false);
  const fields = changes(e.before, e.after);
  const shown = all ? fields : fields.filter((c) => c.changed);
  const same = fields.length - fields.filter((c) => c.changed).length;
  return (
    <section>
      <h3 className="mb-2 font-semibold">What changed</h3>
      {shown.length === 0 && <p className="text-muted">No field differs.</p>}
      <ul className="divide-y divide-line rounded border border-line empty:hidden">
        {shown.map((c) => (
          <Field key={c.path} change={c} />
        ))}
      </ul>
      {same > 0 && (
        <Button small look="quiet" className="mt-2" onClick={() => setAll(!all)}>
          {all ? "Only what changed" : `${same} more that stayed`}
        </Button>
      )}
    </section>
  );
}

function Field({ change: c }: { change: Change }) {
  return (
    <li className="px-3 py-2">
      <div className="text-[13px] text-muted wrap-anywhere">{c.path}</div>
      <div className="font-mono text-[13px] wrap-anywhere">
        {c.changed && c.before !== undefined && (
          <del className="block no-underline">
            <span aria-hidden="true" className="text-down">
              −{" "}
            </span>
            <span className="sr-only">before: </span>
            {c.before || "(empty)"}
          </del>
        )}
        {c.after !== undefined && (
          <ins className={cx("block no-underline", !c.changed && "text-muted")}>
            {c.changed && (
              <>
                <span aria-hidden="true" className="text-up">
                  +{" "}
                </span>
                <span className="sr-only">after: </span>
              </>
            )}
            {c.after || "(empty)"}
          </ins>
        )}
      </div>
    </li>
  );
}
