import { Button, IconButton, Input, Select } from "@/ui";
import { type Errors, NumberInput, Wrong } from "./fields";
import type { TargetSpec } from "./spec";
import { assertions } from "./spec.gen";
import { isObject, type Json, type JsonObject } from "./values";
import { comparisons, sources as sourceWords, units } from "./words";

/** A new assertion of a source: its first comparison, with nothing to compare with yet. */
export function begin(source: string): JsonObject {
  const spec = assertions[source];
  const comparison =
    source === "latency" || source === "rtt" || source === "loss" ? "less_than" : firstOf(source);
  return retarget({
    source,
    ...(spec?.property && !spec.property.options ? { property: "" } : {}),
    comparison,
  });
}

const firstOf = (source: string) => {
  if (source === "certificate") return "greater_than";
  return Object.keys(assertions[source]?.comparisons ?? {})[0] ?? "equals";
};

/** Fits the target to the comparison: another type begins anew. */
export function retarget(a: JsonObject): JsonObject {
  const { target, ...rest } = a;
  const spec = targetOf(a);
  switch (spec.type) {
    case "none":
      return rest;
    case "number": {
      const n =
        typeof target === "number" ? target : target === "" ? Number.NaN : Number(target ?? Number.NaN);
      return { ...rest, target: Number.isFinite(n) ? n : null };
    }
    case "text":
      return { ...rest, target: typeof target === "string" ? target : target == null ? "" : String(target) };
    case "value":
      return { ...rest, target: target ?? "" };
  }
}

function targetOf(a: JsonObject): TargetSpec {
  return assertions[String(a.source)]?.comparisons[String(a.comparison)] ?? { type: "text" };
}

/** Conditions on the answer: what is looked at, how it is compared, with what. */
export function Assertions({
  sources,
  max,
  at,
  value,
  onChange,
  errors,
}: {
  sources: readonly string[];
  max: number;
  at: string;
  value: readonly Json[];
  onChange: (v: Json[]) => void;
  errors: Errors;
}) {
  const rows = value.filter(isObject);
  const change = (i: number, row: JsonObject) => onChange(rows.map((r, j) => (j === i ? row : r)));
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1 font-medium">
        Assertions <span className="font-normal text-faint">· optional</span>
      </legend>
      <p className="mb-2 text-[13px] text-muted">
        What must hold of the answer, besides what the check asks for by itself.
      </p>
      <Wrong>{errors(at)}</Wrong>
      <ol className="space-y-2">
        {rows.map((row, i) => (
          <Row
            key={i}
            row={row}
            sources={sources}
            number={i + 1}
            at={`${at}/${i}`}
            errors={errors}
            onChange={(r) => change(i, r)}
            onRemove={() => onChange(rows.filter((_, j) => j !== i))}
          />
        ))}
      </ol>
      {rows.length < max && (
        <Button
          small
          icon="plus"
          className="mt-2"
          onClick={() => onChange([...rows, begin(sources[0] ?? "latency")])}
        >
          Add assertion
        </Button>
      )}
    </fieldset>
  );
}

function Row({
  row,
  sources,
  number,
  at,
  errors,
  onChange,
  onRemove,
}: {
  row: JsonObject;
  sources: readonly string[];
  number: number;
  at: string;
  errors: Errors;
  onChange: (r: JsonObject) => void;
  onRemove: () => void;
}) {
  const source = String(row.source);
  const spec = assertions[source];
  const property = spec?.property;
  const name = `of assertion ${number}`;
  return (
    <li className="rounded border border-line p-3">
      <div className="flex flex-wrap items-center gap-2">
        <Select
          label={`Source ${name}`}
          className="w-44!"
          value={source}
          onChange={(s) => onChange(begin(s))}
          options={sources.map((s) => ({ value: s, label: sourceWords[s] ?? s }))}
        />
        {property?.options && (
          <Select
            label={`Phase ${name}`}
            className="w-32!"
            value={String(row.property ?? property.default)}
            onChange={(p) => onChange(without(row, "property", p === property.default ? undefined : p))}
            options={property.options.map((o) => ({ value: o, label: o }))}
          />
        )}
        {property && !property.options && (
          <Input
            aria-label={`${source === "json" ? "Path" : "Header"} ${name}`}
            className="w-44!"
            spellCheck={false}
            placeholder={source === "json" ? "$.status" : "Content-Type"}
            value={String(row.property ?? "")}
            onChange={(e) => onChange({ ...row, property: e.target.value })}
          />
        )}
        <Select
          label={`Comparison ${name}`}
          className="w-40!"
          value={String(row.comparison)}
          onChange={(c) => onChange(retarget({ ...row, comparison: c }))}
          options={Object.keys(spec?.comparisons ?? {}).map((c) => ({
            value: c,
            label: comparisons[c] ?? c,
          }))}
        />
        <div className="min-w-32 flex-1">
          <Target row={row} spec={targetOf(row)} name={`Value ${name}`} onChange={onChange} />
        </div>
        <Select
          label={`What a failure makes of it, ${name}`}
          className="w-40!"
          value={String(row.severity ?? "down")}
          onChange={(s) => onChange(without(row, "severity", s === "down" ? undefined : s))}
          options={(spec?.severities ?? ["down"]).map((s) => ({ value: s, label: `else ${s}` }))}
        />
        <IconButton small icon="trash" label={`Remove assertion ${number}`} onClick={onRemove} />
      </div>
      <Wrong>
        {["", "/source", "/property", "/comparison", "/target", "/severity"]
          .map((f) => errors(at + f))
          .find(Boolean)}
      </Wrong>
    </li>
  );
}

function without(row: JsonObject, key: string, value: string | undefined): JsonObject {
  const { [key]: _, ...rest } = row;
  return value === undefined ? rest : { ...rest, [key]: value };
}

function Target({
  row,
  spec,
  name,
  onChange,
}: {
  row: JsonObject;
  spec: TargetSpec;
  name: string;
  onChange: (r: JsonObject) => void;
}) {
  if (spec.type === "none") return null;
  if (spec.type === "number") {
    return (
      <NumberInput
        label={name}
        value={typeof row.target === "number" ? row.target : undefined}
        min={spec.min}
        max={spec.max}
        unit={units[String(row.source)]}
        onChange={(n) => onChange({ ...row, target: n ?? null })}
      />
    );
  }
  return (
    <Input
      aria-label={name}
      spellCheck={false}
      placeholder={spec.doc?.includes("RE2") ? "Regular expression" : "Value"}
      maxLength={spec.max}
      value={
        typeof row.target === "string" ? row.target : row.target == null ? "" : JSON.stringify(row.target)
      }
      onChange={(e) => onChange({ ...row, target: e.target.value })}
    />
  );
}
