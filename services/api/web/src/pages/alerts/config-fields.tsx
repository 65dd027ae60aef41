import { type ReactNode, useState } from "react";
import { asJson } from "@/pages/website/copies";
import { Button, CopyButton, Field, Input, PasswordInput, Select, Switch, TagInput, Textarea } from "@/ui";
import { type FieldSpec, fieldError, kept, type Value, type Values } from "./config";
import { type KindSpec, newSecret, sampleBody } from "./kinds";

interface Props {
  kind: KindSpec;
  was: Record<string, unknown>;
  values: Values;
  onChange: (path: string, v: Value) => void;
  /** Parts that are used; see FieldSpec.part. */
  parts: ReadonlySet<string>;
  onPart: (part: string, on: boolean) => void;
  /** One that cannot be left out. */
  fixedPart: string | undefined;
  /** Secrets that are to go. */
  removed: ReadonlySet<string>;
  onRemove: (path: string, gone: boolean) => void;
  errors: Readonly<Record<string, string>>;
}

/** What a kind of channel asks for, with how to get it. */
export function ConfigFields(p: Props) {
  const own = p.kind.fields.filter((f) => !f.part);
  const server = p.kind.fields.filter((f) => f.part === "smtp");
  return (
    <div className="space-y-4">
      {p.kind.steps.length > 0 && (
        <details
          className="rounded border border-line px-3 py-2"
          open={p.kind.kind === "slack" && !p.was.webhook_url}
        >
          <summary className="font-medium">How to get what is asked for</summary>
          <ol className="mt-2 list-decimal space-y-1 pl-5 text-muted">
            {p.kind.steps.map((s) => (
              <li key={s}>{s}</li>
            ))}
          </ol>
        </details>
      )}
      {own.map((f) => (
        <One key={f.path} f={f} p={p} />
      ))}
      {server.length > 0 && (
        <div className="space-y-4 rounded border border-line p-4">
          <Switch
            checked={p.parts.has("smtp")}
            disabled={p.fixedPart === "smtp"}
            onChange={(on) => p.onPart("smtp", on)}
            label="A mail server of its own"
            hint={
              p.fixedPart === "smtp"
                ? "This fleet has none (SMTP_HOST is not set), so one is needed here."
                : "Instead of the fleet's."
            }
          />
          {p.errors["config/smtp"] && <p className="text-[13px] text-down">■ {p.errors["config/smtp"]}</p>}
          {p.parts.has("smtp") && (
            <div className="grid gap-4 sm:grid-cols-2">
              {server.map((f) => (
                <One key={f.path} f={f} p={p} />
              ))}
            </div>
          )}
        </div>
      )}
    </div>
  );
}

function One({ f, p }: { f: FieldSpec; p: Props }) {
  const v = p.values[f.path] ?? (f.input === "list" ? [] : "");
  const set = (next: Value) => p.onChange(f.path, next);
  const isKept = kept(p.was, f.path);
  const error = fieldError((key) => p.errors[key], p.errors, f.path);
  return (
    <Field
      label={f.label}
      optional={f.optional ?? false}
      {...(f.hint ? { hint: hintOf(f, isKept) } : {})}
      error={error}
      className={f.input === "lines" ? "sm:col-span-2" : ""}
    >
      <Control f={f} v={v} set={set} p={p} isKept={isKept} />
    </Field>
  );
}

function hintOf(f: FieldSpec, isKept: boolean): ReactNode {
  return isKept ? `${f.hint} The one that is stored stays unless you type another.` : f.hint;
}

function Control({
  f,
  v,
  set,
  p,
  isKept,
}: {
  f: FieldSpec;
  v: Value;
  set: (v: Value) => void;
  p: Props;
  isKept: boolean;
}) {
  const s = typeof v === "string" ? v : "";
  switch (f.input) {
    case "list":
      return (
        <TagInput
          value={Array.isArray(v) ? v : []}
          onChange={set}
          max={50}
          {...(f.placeholder ? { placeholder: f.placeholder } : {})}
        />
      );
    case "choice":
      return <Select value={s} onChange={set} options={[...(f.options ?? [])]} placeholder="Choose" />;
    case "secret":
      return <Secret f={f} value={s} set={set} p={p} isKept={isKept} />;
    case "lines":
      return <Template value={s} set={set} placeholder={f.placeholder} />;
    default:
      return (
        <Input
          type="text"
          inputMode={f.input === "number" ? "numeric" : f.input === "url" ? "url" : "text"}
          value={s}
          placeholder={f.placeholder}
          autoComplete="off"
          spellCheck={false}
          onChange={(e) => set(f.input === "number" ? e.target.value.replace(/\D/g, "") : e.target.value)}
        />
      );
  }
}

function Secret({
  f,
  value,
  set,
  p,
  isKept,
}: {
  f: FieldSpec;
  value: string;
  set: (v: Value) => void;
  p: Props;
  isKept: boolean;
}) {
  const gone = p.removed.has(f.path);
  return (
    <>
      <PasswordInput
        value={value}
        autoComplete="new-password"
        placeholder={isKept ? (gone ? "Will be removed" : "•••••••• stored") : f.placeholder}
        onChange={(e) => set(e.target.value)}
      />
      <div className="mt-1 flex gap-2 empty:hidden">
        {f.path === "secret" && (
          <Button small look="quiet" icon="key" onClick={() => set(newSecret())}>
            Make one
          </Button>
        )}
        {f.path === "secret" && value && <CopyButton text={value} label="Copy it" />}
        {isKept && f.optional && (
          <Button small look="quiet" onClick={() => p.onRemove(f.path, !gone)}>
            {gone ? "Keep it" : "Remove it"}
          </Button>
        )}
      </div>
    </>
  );
}

function Template({
  value,
  set,
  placeholder,
}: {
  value: string;
  set: (v: Value) => void;
  placeholder: string | undefined;
}) {
  const [shown, setShown] = useState(false);
  return (
    <>
      <Textarea
        rows={4}
        value={value}
        placeholder={placeholder}
        spellCheck={false}
        className="font-mono text-[13px]"
        onChange={(e) => set(e.target.value)}
      />
      <Button small look="quiet" aria-expanded={shown} onClick={() => setShown(!shown)}>
        {shown ? "Hide the body" : "What the body is, and what a template may use"}
      </Button>
      {shown && (
        <div className="mt-1 space-y-2 text-[13px]">
          <p className="text-muted">
            Go's text/template over the names below, with json, upper, lower, len, index, the comparisons, if,
            with and range. A test alert shows what comes out of it.
          </p>
          <pre
            className="max-h-72 overflow-auto rounded border border-line bg-sunken p-3 font-mono"
            tabIndex={0}
          >
            {asJson(sampleBody)}
          </pre>
        </div>
      )}
    </>
  );
}
