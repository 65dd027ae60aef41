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
    <div className="min-w-0">
      <Field
        label={f.label}
        optional={f.optional ?? false}
        {...(f.hint ? { hint: hintOf(f, isKept) } : {})}
        error={error}
      >
        <Control f={f} v={v} set={set} p={p} isKept={isKept} />
      </Field>
      {f.input === "secret" && <SecretButtons f={f} value={String(v)} set={set} p={p} isKept={isKept} />}
      {f.input === "lines" && <TemplateHelp />}
    </div>
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
      return (
        <PasswordInput
          value={s}
          autoComplete="new-password"
          placeholder={
            isKept ? (p.removed.has(f.path) ? "Will be removed" : "•••••••• stored") : f.placeholder
          }
          onChange={(e) => set(e.target.value)}
        />
      );
    case "lines":
      return (
        <Textarea
          rows={4}
          value={s}
          placeholder={f.placeholder}
          spellCheck={false}
          className="font-mono text-[13px]"
          onChange={(e) => set(e.target.value)}
        />
      );
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

function SecretButtons({
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
  const signs = f.path === "secret";
  return (
    <div className="-ml-2 mt-1 flex gap-1 empty:hidden">
      {signs && (
        <Button small look="quiet" icon="key" onClick={() => set(newSecret())}>
          Make one
        </Button>
      )}
      {signs && value && <CopyButton text={value} label="Copy it" />}
      {isKept && f.optional && (
        <Button small look="quiet" onClick={() => p.onRemove(f.path, !gone)}>
          {gone ? "Keep it" : "Remove it"}
        </Button>
      )}
    </div>
  );
}

/** What stands to a template's disposal. */
function TemplateHelp() {
  const [shown, setShown] = useState(false);
  return (
    <>
      <Button
        small
        look="quiet"
        icon={shown ? "chevronDown" : "chevronRight"}
        className="-ml-2 mt-1"
        aria-expanded={shown}
        onClick={() => setShown(!shown)}
      >
        What the body is, and what a template may use
      </Button>
      {shown && (
        <div className="mt-1 space-y-2 text-[13px]">
          <p className="text-muted">
            Go's text/template over the names below, with json, upper, lower, len, index, the comparisons, if,
            with and range. A test alert sends what comes out of it.
          </p>
          <pre
            tabIndex={0}
            className="max-h-72 overflow-auto rounded border border-line bg-sunken p-3 font-mono"
          >
            {asJson(sampleBody)}
          </pre>
        </div>
      )}
    </>
  );
}
