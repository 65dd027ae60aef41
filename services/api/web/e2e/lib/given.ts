/** What `stack browser` gives its programs, by the environment: PROBEFLEET_<name>. */
export function given(
  name: "URL" | "API_KEY" | "TARGETS" | "CONTROL" | "CHROMIUM" | "KEEP" | "DATABASE",
): string {
  const value = process.env[`PROBEFLEET_${name}`];
  if (!value) throw new Error(`PROBEFLEET_${name} is not set: run this by make test-browser`);
  return value;
}
