// What a form has to know of the settings of every kind of monitor and of assertions, as
// the OpenAPI document has it: the content of src/pages/website/form/spec.gen.ts.
const units = [
  [/_seconds$/, "s"],
  [/_ms$/, "ms"],
  [/_days$/, "days"],
  [/^size$/, "bytes"],
];

const unitOf = (name) => units.find(([pattern]) => pattern.test(name))?.[1];

/** Only what is there: { a: 1, b: undefined } becomes { a: 1 }. */
const present = (o) => Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined));

function field(name, schema, required, resolve) {
  const common = present({
    name,
    doc: schema.description,
    required: required.includes(name) || undefined,
  });
  if (schema.enum)
    return { ...common, type: "choice", ...present({ options: schema.enum, default: schema.default }) };
  switch (schema.type) {
    case "boolean":
      return { ...common, type: "flag", ...present({ default: schema.default }) };
    case "integer":
    case "number":
      return {
        ...common,
        type: "number",
        ...present({
          min: schema.minimum,
          max: schema.maximum,
          default: schema.default,
          unit: unitOf(name),
        }),
      };
    case "object":
      return { ...common, type: "group", fields: fields(schema, resolve) };
    case "array":
      return list(common, schema, resolve);
    case "string":
      return {
        ...common,
        type: "text",
        ...present({
          max: schema.maxLength,
          default: schema.default,
          secret: schema["x-secret"],
          secretIf: schema["x-secret-if"],
        }),
      };
    default:
      throw new Error(`no field for ${name}: ${JSON.stringify(schema)}`);
  }
}

function list(common, schema, resolve) {
  const more = present({ max: schema.maxItems, default: schema.default });
  if (schema.items.oneOf) {
    const sources = schema.items.oneOf.map((one) => variants(resolve(one))[0].properties.source.enum[0]);
    return { ...common, type: "assertions", ...more, sources };
  }
  if (schema.items.type === "object")
    return { ...common, type: "rows", ...more, fields: fields(schema.items, resolve) };
  return { ...common, type: "texts", ...more };
}

const fields = (schema, resolve) =>
  Object.entries(schema.properties).map(([name, one]) => field(name, one, schema.required ?? [], resolve));

/** An assertion is one shape or, where what is compared decides about the target, several. */
const variants = (schema) => schema.oneOf ?? [schema];

function assertion(schema) {
  const shapes = variants(schema);
  const property = shapes[0].properties.property;
  return {
    doc: schema.description,
    ...(property
      ? { property: present({ options: property.enum, default: property.default, max: property.maxLength }) }
      : {}),
    severities: shapes[0].properties.severity.enum,
    comparisons: Object.fromEntries(
      shapes.flatMap((s) => s.properties.comparison.enum.map((c) => [c, target(s.properties.target)])),
    ),
  };
}

function target(schema) {
  if (!schema) return { type: "none" };
  if (schema.anyOf) return { type: "value" };
  if (schema.type === "string")
    return present({ type: "text", max: schema.maxLength, doc: schema.description });
  return present({
    type: "number",
    whole: schema.type === "integer" || undefined,
    min: schema.minimum,
    max: schema.maximum,
  });
}

/** The text of spec.gen.ts. */
export function settingsModule(document) {
  const schemas = document.components.schemas;
  const resolve = (s) => (s.$ref ? schemas[s.$ref.split("/").at(-1)] : s);
  const kinds = schemas.MonitorKind.enum;
  const settings = Object.fromEntries(
    kinds.map((kind) => [kind, fields(schemas[`Settings${kind}`], resolve)]),
  );
  const assertions = Object.fromEntries(
    schemas.Assertion.oneOf.map(resolve).map((s) => [variants(s)[0].properties.source.enum[0], assertion(s)]),
  );
  return [
    'import type { AssertionSpec, FieldSpec } from "./spec";',
    "",
    `export const kinds = ${JSON.stringify(kinds)} as const;`,
    "",
    `export const settings: Record<(typeof kinds)[number], readonly FieldSpec[]> = ${JSON.stringify(settings, null, 1)};`,
    "",
    `export const assertions: Record<string, AssertionSpec> = ${JSON.stringify(assertions, null, 1)};`,
    "",
  ].join("\n");
}
