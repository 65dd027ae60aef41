import { type ReactNode, useState } from "react";
import {
  Button,
  cx,
  Field,
  IconButton,
  Input,
  PasswordInput,
  Select,
  Switch,
  TagInput,
  Textarea,
} from "@/ui";
import { Assertions } from "./assertions";
import type { FieldSpec, GroupSpec, NumberSpec, RowsSpec, TextSpec, TextsSpec } from "./spec";
import { isObject, type Json, type JsonObject, mask, needs, put } from "./values";
import { fits, label } from "./words";

/** What is wrong with a field, by its JSON pointer. */
export type Errors = (pointer: string) => string | undefined;

interface Props<S extends FieldSpec> {
  spec: S;
  /** Its JSON pointer: settings/headers/0/name. */
  at: string;
  value: Json | undefined;
  /** What stands beside it: whether it is secret hangs on that. */
  beside: JsonObject;
  onChange: (v: Json | undefined) => void;
  errors: Errors;
}

/** All fields of an object. */
export function Fields({
  specs,
  at,
  value,
  onChange,
  errors,
}: {
  specs: readonly FieldSpec[];
  at: string;
  value: JsonObject;
  onChange: (v: JsonObject) => void;
  errors: Errors;
}) {
  return specs.map((spec) => (
    <FieldView
      key={spec.name}
      spec={spec}
      at={`${at}/${spec.name}`}
      value={value[spec.name]}
      beside={value}
      onChange={(v) => onChange(put(value, spec, v))}
      errors={errors}
    />
  ));
}

function FieldView(props: Props<FieldSpec>): ReactNode {
  const { spec, at, value, onChange, errors } = props;
  switch (spec.type) {
    case "text":
      return <TextField {...props} spec={spec} />;
    case "number":
      return <NumberField {...props} spec={spec} />;
    case "texts":
      return <TextsField {...props} spec={spec} />;
    case "group":
      return <Group {...props} spec={spec} />;
    case "rows":
      return <Rows {...props} spec={spec} />;
    case "choice":
      return (
        <Field label={label(spec.name)} hint={spec.doc} error={errors(at)} optional={unset(spec)}>
          <Select
            value={String(value ?? spec.default ?? "*")}
            onChange={(v) => onChange(v === "*" ? undefined : v)}
            options={[
              ...(unset(spec) ? [{ value: "*", label: "as it comes" }] : []),
              ...spec.options.map((o) => ({ value: o, label: o })),
            ]}
          />
        </Field>
      );
    case "flag":
      return (
        <div className="min-w-0 self-center">
          <Switch
            checked={value === undefined ? (spec.default ?? false) : value === true}
            onChange={onChange}
            label={label(spec.name)}
            hint={spec.doc}
          />
          <Wrong>{errors(at)}</Wrong>
        </div>
      );
    case "assertions":
      return (
        <div className="sm:col-span-2">
          <Assertions
            sources={spec.sources}
            max={spec.max ?? 50}
            at={at}
            value={Array.isArray(value) ? value : []}
            onChange={onChange}
            errors={errors}
          />
        </div>
      );
  }
}

const unset = (spec: FieldSpec) => !spec.required && !("default" in spec && spec.default !== undefined);

export function Wrong({ children }: { children: string | undefined }) {
  if (!children) return null;
  return (
    <p role="alert" className="mt-1 text-[13px] text-down">
      ■ {children}
    </p>
  );
}

const long = 4_000; // characters from which a text is rather lines than a word

function TextField({ spec, at, value, beside, onChange, errors }: Props<TextSpec>) {
  const error = errors(at);
  const text = typeof value === "string" ? value : "";
  const secret = spec.secret || (spec.secretIf !== undefined && beside[spec.secretIf] === true);
  const lines =
    (spec.max ?? 0) > long &&
    spec.name !== "password" &&
    spec.name !== "token" &&
    spec.name !== "client_secret" &&
    spec.name !== "value";
  const common = {
    value: text,
    maxLength: spec.max,
    placeholder: spec.default,
    autoComplete: "off",
    spellCheck: false,
    onChange: (e: { target: { value: string } }) => onChange(e.target.value),
  };
  return (
    <Field
      label={label(spec.name)}
      hint={spec.doc}
      error={error}
      optional={!spec.required}
      className={cx(lines && "sm:col-span-2")}
    >
      {text === mask ? (
        <Kept onReplace={() => onChange("")} />
      ) : lines ? (
        <Textarea {...common} rows={4} className="font-mono text-[13px]" />
      ) : secret ? (
        <PasswordInput {...common} autoComplete="new-password" />
      ) : (
        <Input {...common} />
      )}
    </Field>
  );
}

/** A secret that is not shown: it stays as it is until another one is given. */
function Kept({ onReplace }: { onReplace: () => void }) {
  return (
    <div className="flex gap-1">
      <Input readOnly value="••••••••" aria-label="Secret, kept as it is" className="text-muted" />
      <Button onClick={onReplace}>Replace</Button>
    </div>
  );
}

function NumberField({ spec, at, value, onChange, errors }: Props<NumberSpec>) {
  return (
    <Field label={label(spec.name)} hint={spec.doc} error={errors(at)} optional={!spec.required}>
      <NumberInput
        value={typeof value === "number" ? value : undefined}
        onChange={onChange}
        min={spec.min}
        max={spec.max}
        placeholder={spec.default}
        unit={spec.unit}
      />
    </Field>
  );
}

/** A number with its unit; empty is undefined. */
export function NumberInput({
  value,
  onChange,
  min,
  max,
  placeholder,
  unit,
  label: name,
}: {
  value: number | undefined;
  onChange: (v: number | undefined) => void;
  min?: number | undefined;
  max?: number | undefined;
  placeholder?: number | undefined;
  unit?: string | undefined;
  label?: string;
}) {
  return (
    <div className="relative">
      <Input
        type="number"
        inputMode="decimal"
        step="any"
        aria-label={name}
        className={cx(unit && "pr-14!")}
        value={value ?? ""}
        min={min}
        max={max}
        placeholder={placeholder === undefined ? undefined : String(placeholder)}
        onChange={(e) => onChange(e.target.value === "" ? undefined : Number(e.target.value))}
      />
      {unit && (
        <span className="pointer-events-none absolute inset-y-0 right-3 flex items-center text-muted">
          {unit}
        </span>
      )}
    </div>
  );
}

function TextsField({ spec, at, value, onChange, errors }: Props<TextsSpec>) {
  const now = Array.isArray(value) ? value.map(String) : [];
  const first = now.map((_, i) => errors(`${at}/${i}`)).find(Boolean);
  // Answers of DNS may hold commas and spaces: one a line.
  const lines = spec.name === "values";
  return (
    <Field
      label={label(spec.name)}
      hint={lines ? `${spec.doc ?? ""}. One a line.` : spec.doc}
      error={errors(at) ?? first}
      optional={!spec.required}
      className={cx(lines && "sm:col-span-2")}
    >
      {lines ? (
        <LinesInput value={now} onChange={onChange} />
      ) : (
        <TagInput
          value={now}
          onChange={onChange}
          max={spec.max ?? 50}
          placeholder={spec.default ? spec.default.join(", ") : "Enter adds one"}
        />
      )}
    </Field>
  );
}

function LinesInput({ value, onChange }: { value: string[]; onChange: (v: string[]) => void }) {
  const [text, setText] = useState(value.join("\n"));
  return (
    <Textarea
      rows={3}
      className="font-mono text-[13px]"
      value={text}
      onChange={(e) => {
        setText(e.target.value);
        onChange(
          e.target.value
            .split("\n")
            .map((l) => l.trim())
            .filter(Boolean),
        );
      }}
    />
  );
}

/** Settings that belong together; those that cannot be empty are switched on. */
function Group({ spec, at, value, onChange, errors }: Props<GroupSpec>) {
  const optional = needs(spec);
  const there = isObject(value);
  const now = there ? value : {};
  const specs = spec.fields.filter((f) => f.name === "type" || fits(spec.name, f, now.type));
  const ordered = [...specs].sort((a, b) => rank(a) - rank(b));
  const begin = () => {
    const first = spec.fields.find((f) => f.required && f.type === "choice");
    return first?.type === "choice" ? { [first.name]: first.options[0] ?? "" } : {};
  };
  return (
    <fieldset className="min-w-0 rounded border border-line p-4 sm:col-span-2">
      <legend className="px-1 font-medium">{label(spec.name)}</legend>
      {optional ? (
        <Switch
          checked={there}
          onChange={(on) => onChange(on ? begin() : undefined)}
          label={spec.doc ?? label(spec.name)}
        />
      ) : (
        spec.doc && <p className="text-[13px] text-muted">{spec.doc}</p>
      )}
      <Wrong>{errors(at)}</Wrong>
      {(there || !optional) && (
        <div className="mt-3 grid gap-4 sm:grid-cols-2">
          <Fields
            specs={ordered}
            at={at}
            value={now}
            onChange={(v) => onChange(v.type === now.type ? v : fitting(spec, v))}
            errors={errors}
          />
        </div>
      )}
    </fieldset>
  );
}

/** With another type, what belonged to the one before goes. */
export function fitting(spec: GroupSpec, value: JsonObject): JsonObject {
  const keep = new Set(spec.fields.filter((f) => fits(spec.name, f, value.type)).map((f) => f.name));
  return Object.fromEntries(Object.entries(value).filter(([name]) => keep.has(name)));
}

// What is needed comes first, long texts and lists last.
const rank = (f: FieldSpec): number =>
  f.required ? 0 : f.type === "rows" ? 3 : f.type === "text" && (f.max ?? 0) > long * 4 ? 2 : 1;

// As a dialogue reads: what comes, what is sent, and how.
const stepOrder = ["expect", "starttls", "send", "encoding", "secret"];
const inStep = (f: FieldSpec) => (stepOrder.indexOf(f.name) + stepOrder.length) % stepOrder.length;

/** A list of objects: headers, fields of a form, steps of a dialogue. */
function Rows({ spec, at, value, onChange, errors }: Props<RowsSpec>) {
  const rows = Array.isArray(value) ? value.filter(isObject) : [];
  const max = spec.max ?? 50;
  const steps = spec.name === "steps";
  const change = (i: number, row: JsonObject) => onChange(rows.map((r, j) => (j === i ? row : r)));
  const swap = (i: number, j: number) => {
    const next = [...rows];
    [next[i], next[j]] = [rows[j] as JsonObject, rows[i] as JsonObject];
    onChange(next);
  };
  return (
    <fieldset className="min-w-0 sm:col-span-2">
      <legend className="mb-1 font-medium">
        {label(spec.name)} <span className="font-normal text-faint">· optional</span>
      </legend>
      {spec.doc && <p className="mb-2 text-[13px] text-muted">{spec.doc}</p>}
      <Wrong>{errors(at)}</Wrong>
      <ol className="space-y-2">
        {rows.map((row, i) => (
          <li
            key={i}
            className={cx(
              "flex gap-2 rounded border border-line p-3",
              steps ? "items-start" : "items-center",
            )}
          >
            {steps && <span className="w-5 pt-1 text-right text-muted">{i + 1}</span>}
            <div className="min-w-0 flex-1">
              {steps ? (
                <div className="grid gap-3 sm:grid-cols-2">
                  <Fields
                    specs={[...spec.fields].sort((a, b) => inStep(a) - inStep(b))}
                    at={`${at}/${i}`}
                    value={row}
                    onChange={(r) => change(i, r)}
                    errors={errors}
                  />
                </div>
              ) : (
                <Pair
                  spec={spec}
                  at={`${at}/${i}`}
                  row={row}
                  onChange={(r) => change(i, r)}
                  errors={errors}
                />
              )}
              <Wrong>{errors(`${at}/${i}`)}</Wrong>
            </div>
            {steps && i > 0 && (
              <IconButton
                small
                icon="chevronUp"
                label={`Step ${i + 1} earlier`}
                onClick={() => swap(i, i - 1)}
              />
            )}
            <IconButton
              small
              icon="trash"
              label={`Remove ${typeof row.name === "string" && row.name ? row.name : `number ${i + 1}`}`}
              onClick={() => onChange(rows.filter((_, j) => j !== i))}
            />
          </li>
        ))}
      </ol>
      {rows.length < max && (
        <Button
          small
          icon="plus"
          className="mt-2"
          onClick={() => onChange([...rows, steps ? {} : { name: "", value: "" }])}
        >
          Add {one(spec.name)}
        </Button>
      )}
    </fieldset>
  );
}

const one = (name: string) => (name === "metadata" ? "metadata" : name.replace(/s$/, ""));

/** A name and its value side by side, which may be secret. */
function Pair({
  spec,
  at,
  row,
  onChange,
  errors,
}: {
  spec: RowsSpec;
  at: string;
  row: JsonObject;
  onChange: (r: JsonObject) => void;
  errors: Errors;
}) {
  const value = typeof row.value === "string" ? row.value : "";
  const secret = row.secret === true;
  const input = {
    "aria-label": "Value",
    placeholder: "Value",
    value,
    autoComplete: "off",
    onChange: (e: { target: { value: string } }) => onChange({ ...row, value: e.target.value }),
  };
  return (
    <>
      <div className="grid items-center gap-2 sm:grid-cols-[minmax(0,2fr)_minmax(0,3fr)_auto]">
        <Input
          aria-label={`Name of the ${one(spec.name)}`}
          aria-invalid={errors(`${at}/name`) !== undefined}
          placeholder="Name"
          spellCheck={false}
          autoComplete="off"
          value={typeof row.name === "string" ? row.name : ""}
          onChange={(e) => onChange({ ...row, name: e.target.value })}
        />
        {value === mask ? (
          <Kept onReplace={() => onChange({ ...row, value: "" })} />
        ) : secret ? (
          <PasswordInput {...input} autoComplete="new-password" />
        ) : (
          <Input {...input} />
        )}
        <Switch
          checked={secret}
          onChange={(on) => {
            const { secret: _, ...rest } = row;
            onChange(on ? { ...rest, secret: true } : rest);
          }}
          label="Secret"
        />
      </div>
      <Wrong>{errors(`${at}/name`) ?? errors(`${at}/value`) ?? errors(`${at}/secret`)}</Wrong>
    </>
  );
}
