/** How this page says what the API names. */

const reasons: Record<string, string> = {
  dns: "DNS failure",
  connect_refused: "connection refused",
  connect_timeout: "connect timeout",
  connect: "cannot connect",
  tls: "TLS failure",
  timeout: "no answer in time",
  reset: "connection broke",
  protocol: "answer is not of the protocol",
  status: "unexpected status",
  assertion: "assertion failed",
  body_too_large: "body too large",
  header_too_large: "headers too large",
  redirect: "bad redirect",
  blocked_target: "address denied by the worker's guard",
  unsupported: "this worker cannot run this kind of check",
  panic: "the probe itself failed",
  expired: "came too late to be run",
  invalid: "cannot be run as it is",
  no_worker: "no live worker in the region",
  silent: "the heartbeat did not come",
  nxdomain: "no such host",
  servfail: "name server failure",
  certificate_expired: "certificate expired",
  certificate_not_yet_valid: "certificate not yet valid",
  certificate_name: "certificate for another name",
  certificate_untrusted: "untrusted certificate",
  certificate_pin: "certificate not pinned",
  tls_version: "no common TLS version",
  auth: "credentials refused",
  domain_expired: "domain expired",
  registry: "registry not reachable",
  reported: "the job itself reported a failure",
};

/** "connect timeout"; a reason of a later version is said as it is. */
export const reasonWords = (reason: string): string => reasons[reason] ?? reason.replaceAll("_", " ");

export interface KindLook {
  name: string;
  /** What its target is, as a label and as an example. */
  target: string;
  example: string;
  does: string;
  /** Of a check, in seconds, and what it is by default. */
  interval: { min: number; default: number; max: number };
}

const day = 86_400;
const usual = { min: 5, default: 60, max: day };

export const kindLooks: Record<string, KindLook> = {
  http: {
    name: "HTTP",
    target: "URL",
    example: "https://shop.example.org/health",
    does: "Asks for a page and looks at its status, headers and body",
    interval: usual,
  },
  tcp: {
    name: "TCP",
    target: "Host and port",
    example: "db.example.org:5432",
    does: "Opens a port and may hold a dialogue",
    interval: usual,
  },
  udp: {
    name: "UDP",
    target: "Host and port",
    example: "time.example.org:123",
    does: "Sends a datagram and waits for the answer",
    interval: usual,
  },
  dns: {
    name: "DNS",
    target: "Name",
    example: "example.org",
    does: "Asks a name server and looks at the answers",
    interval: usual,
  },
  tls: {
    name: "TLS",
    target: "Host",
    example: "example.org:443",
    does: "Looks at the certificate: its names, its issuer, its days left",
    interval: { min: 5, default: 300, max: 7 * day },
  },
  icmp: {
    name: "Ping",
    target: "Host",
    example: "router.example.org",
    does: "Sends echo requests: losses and round trips",
    interval: usual,
  },
  grpc: {
    name: "gRPC",
    target: "Host and port",
    example: "api.example.org:443",
    does: "Asks the health service",
    interval: usual,
  },
  websocket: {
    name: "WebSocket",
    target: "URL",
    example: "wss://chat.example.org/socket",
    does: "Opens a socket, may send and expect a message",
    interval: usual,
  },
  smtp: {
    name: "SMTP",
    target: "Host",
    example: "mail.example.org:25",
    does: "Greets a mail server, with STARTTLS and login",
    interval: usual,
  },
  domain: {
    name: "Domain",
    target: "Registered domain",
    example: "example.org",
    does: "Asks the registry when the registration ends",
    interval: { min: 3_600, default: day, max: 7 * day },
  },
  heartbeat: {
    name: "Heartbeat",
    target: "",
    example: "",
    does: "Waits for a job to call in, and alerts when it does not",
    interval: { min: 5, default: 60, max: 366 * day },
  },
};

const later: KindLook = { name: "", target: "Target", example: "", does: "", interval: usual };

/** A kind of a later version is shown under its own name. */
export const kindLook = (kind: string): KindLook => kindLooks[kind] ?? { ...later, name: kind };

/** What a monitor is called beside others: its own name or what it does. */
export function monitorTitle(m: { name: string; kind: string; target: string }): string {
  return (
    m.name ||
    (m.target ? `${kindLook(m.kind).name} ${m.target.replace(/^\w+:\/\//, "")}` : kindLook(m.kind).name)
  );
}
