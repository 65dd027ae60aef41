// Writes src/api/schema.gen.ts, the types of the API, from its OpenAPI document.
// With --check it writes nothing and fails if the file is not current.
import { readFileSync, writeFileSync } from "node:fs";
import openapi, { astToString } from "openapi-typescript";

const source = new URL("../../openapi.yaml", import.meta.url);
const target = new URL("../src/api/schema.gen.ts", import.meta.url);
const head = "// Code generated from openapi.yaml by npm run generate. DO NOT EDIT.\n\n";

const want = head + astToString(await openapi(source, { alphabetize: false, defaultNonNullable: false }));
if (!process.argv.includes("--check")) {
  writeFileSync(target, want);
} else if (readFileSync(target, "utf8") !== want) {
  console.error("src/api/schema.gen.ts is not what openapi.yaml makes: npm run generate");
  process.exit(1);
}
