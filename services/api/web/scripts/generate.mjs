// Writes what the dashboard knows of the API from its OpenAPI document: the types in
// src/api/schema.gen.ts, and the settings that the form of monitors is made of.
// With --check it writes nothing and fails if a file is not current.
import { readFileSync, writeFileSync } from "node:fs";
import yaml from "js-yaml";
import openapi, { astToString } from "openapi-typescript";
import { settingsModule } from "./settings.mjs";

const source = new URL("../../openapi.yaml", import.meta.url);
const head = "// Code generated from openapi.yaml by npm run generate. DO NOT EDIT.\n\n";

const files = {
  "src/api/schema.gen.ts":
    head + astToString(await openapi(source, { alphabetize: false, defaultNonNullable: false })),
  "src/pages/website/form/spec.gen.ts": head + settingsModule(yaml.load(readFileSync(source, "utf8"))),
};

for (const [name, want] of Object.entries(files)) {
  const target = new URL(`../${name}`, import.meta.url);
  if (!process.argv.includes("--check")) {
    writeFileSync(target, want);
  } else if (readFileSync(target, "utf8") !== want) {
    console.error(`${name} is not what openapi.yaml makes: npm run generate`);
    process.exitCode = 1;
  }
}
