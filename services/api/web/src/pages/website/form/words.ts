/** Labels where the name of a setting with spaces would not do. */
const labels: Record<string, string> = {
  ip_version: "IP version",
  http_version: "HTTP version",
  tls: "TLS",
  ca: "Authorities (PEM)",
  certificate: "Client certificate (PEM)",
  key: "Client key (PEM)",
  skip_verify: "Accept any certificate",
  upside_down: "Upside down",
  min_version: "Oldest TLS version",
  helo: "Name to greet with",
  rcode: "Response code",
  dnssec: "DNSSEC",
  nameserver: "Name server",
  auth: "Log in",
  starttls: "STARTTLS",
  interval_ms: "Time between packets",
  grace_seconds: "Grace",
  max_run_seconds: "Longest run",
  min_days: "Warn with fewer days",
  token_url: "Token URL",
  client_id: "Client id",
  pins: "Pinned keys",
  expected_status: "Good statuses",
  recursion: "Ask for recursion",
};

export function label(name: string): string {
  const known = labels[name];
  if (known) return known;
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The settings of each kind that most people want; all others are folded away. */
const basics: Record<string, readonly string[]> = {
  http: ["method", "expected_status", "headers", "body", "auth", "assertions"],
  tcp: ["security", "steps", "assertions"],
  udp: ["send", "encoding", "expect", "assertions"],
  dns: ["record", "nameserver", "expect", "rcode", "assertions"],
  tls: ["pins", "assertions"],
  icmp: ["count", "assertions"],
  grpc: ["service", "security", "metadata", "assertions"],
  websocket: ["send", "encoding", "expect", "headers", "assertions"],
  smtp: ["security", "auth", "assertions"],
  domain: ["min_days"],
  heartbeat: ["grace_seconds", "max_run_seconds"],
};

export const basicsOf = (kind: string): readonly string[] => basics[kind] ?? [];

/** Which fields of a group make sense with the type that it has. */
export function fits(group: string, field: { name: string; doc?: string }, type: unknown): boolean {
  if (group === "auth") {
    const of = /^Of (\w+)/.exec(field.doc ?? "")?.[1];
    return of === undefined || of === type;
  }
  if (group === "body") {
    if (field.name === "fields") return type === "form";
    if (field.name === "text" || field.name === "secret") return type !== "form";
  }
  return true;
}

export const sources: Record<string, string> = {
  status: "Status",
  header: "Header",
  body: "Body",
  json: "JSON path",
  latency: "Response time",
  certificate: "Days of the certificate",
  dns: "Answers",
  payload: "What comes back",
  rtt: "Round trip",
  loss: "Lost packets",
};

export const comparisons: Record<string, string> = {
  equals: "is",
  not_equals: "is not",
  contains: "contains",
  not_contains: "does not contain",
  matches: "matches",
  not_matches: "does not match",
  less_than: "is less than",
  greater_than: "is more than",
  exists: "is there",
  empty: "is empty",
};

export const units: Record<string, string> = {
  latency: "ms",
  rtt: "ms",
  loss: "%",
  certificate: "days",
};
