import type { IconName } from "@/ui";
import type { FieldSpec } from "./config";

export interface KindSpec {
  kind: string;
  label: string;
  icon: IconName;
  /** What it is for, in a line. */
  says: string;
  /** How to get what is asked for. */
  steps: readonly string[];
  fields: readonly FieldSpec[];
}

const email: KindSpec = {
  kind: "email",
  label: "E-mail",
  icon: "mail",
  says: "To mailboxes, in plain text and HTML.",
  steps: [
    "Name the mailboxes. Each gets a mail of its own.",
    "Without a mail server here, the fleet's own is used if it has one (SMTP_HOST).",
  ],
  fields: [
    {
      path: "to",
      label: "To",
      input: "list",
      hint: "Enter or a comma adds an address; 50 at most.",
      placeholder: "oncall@example.com",
    },
    { path: "smtp/host", label: "Mail server", input: "text", placeholder: "mail.example.com", part: "smtp" },
    {
      path: "smtp/port",
      label: "Port",
      input: "number",
      optional: true,
      hint: "587 with STARTTLS, 465 with TLS, 25 without.",
      part: "smtp",
    },
    {
      path: "smtp/security",
      label: "Encryption",
      input: "choice",
      options: [
        { value: "starttls", label: "STARTTLS" },
        { value: "tls", label: "TLS" },
        { value: "none", label: "None" },
      ],
      hint: "A password is never sent without.",
      part: "smtp",
    },
    { path: "smtp/user", label: "User", input: "text", optional: true, part: "smtp" },
    { path: "smtp/pass", label: "Password", input: "secret", optional: true, part: "smtp" },
    {
      path: "smtp/from",
      label: "From",
      input: "text",
      optional: true,
      placeholder: "probefleet@example.com",
      hint: "The user, if that is an address.",
      part: "smtp",
    },
  ],
};

const slack: KindSpec = {
  kind: "slack",
  label: "Slack",
  icon: "slack",
  says: "To a channel of Slack, or of what understands the same webhooks.",
  steps: [
    "In Slack open Apps → Manage → Custom integrations, or make an app at api.slack.com/apps.",
    "Turn on Incoming Webhooks and add one to the channel that is to be told.",
    "Copy its URL, which begins with https://hooks.slack.com/services/.",
    "Mattermost, Rocket.Chat and Discord (its webhook's URL with /slack at the end) take the same.",
  ],
  fields: [
    {
      path: "webhook_url",
      label: "Webhook URL",
      input: "url",
      placeholder: "https://hooks.slack.com/services/T…/B…/…",
      hint: "Whoever has it may post there: it is sealed, and never shown again.",
    },
  ],
};

const webhook: KindSpec = {
  kind: "webhook",
  label: "Webhook",
  icon: "webhook",
  says: "JSON to any URL, signed if you like.",
  steps: [
    "Give the URL that takes a POST. Any answer of 200 to 299 means that it was taken.",
    "With a secret each request is signed as Standard Webhooks says: webhook-id, webhook-timestamp, webhook-signature.",
  ],
  fields: [
    {
      path: "url",
      label: "URL",
      input: "url",
      placeholder: "https://example.com/hooks/probefleet",
      hint: "Its user part and the values of its query are kept secret.",
    },
    {
      path: "secret",
      label: "Signing secret",
      input: "secret",
      optional: true,
      placeholder: "whsec_…",
      hint: "whsec_ and the base64 of 24 to 64 random bytes.",
    },
    {
      path: "template",
      label: "Template",
      input: "lines",
      optional: true,
      placeholder: '{"text": {{json .data.title}}}',
      hint: "Takes the place of the usual body. It is tried with every event before it is stored.",
    },
  ],
};

/** The kinds of channels, as pkg/alert/channelspec has them. */
export const kinds: readonly KindSpec[] = [email, slack, webhook];

/** How a kind looks that this dashboard does not know yet. */
export const kindOf = (kind: string): KindSpec =>
  kinds.find((k) => k.kind === kind) ?? {
    kind,
    label: kind,
    icon: "alerts",
    says: "",
    steps: [],
    fields: [],
  };

/** The body that a webhook gets, for who writes a template. */
export const sampleBody = {
  type: "alert.down",
  timestamp: "2026-05-04T12:05:00Z",
  data: {
    key: "0123456789abcdef0123456789abcdef",
    event: "down",
    title: "DOWN shop.example.com — connect timeout from 2 of 3 regions",
    explanation: "DOWN: 2 of 3 fresh regions, connect timeout",
    verdict: "down",
    reason: "connect_timeout",
    since: "2026-05-04T12:00:00Z",
    until: null,
    duration_seconds: 300,
    combined: false,
    number: 0,
    link: "https://status.example.com/incidents/…",
    incident: { id: "…" },
    website: { id: "…", name: "shop.example.com", url: "https://shop.example.com/" },
    monitor: { id: "…" },
    expiry: { subject: "", ends_at: null, days_left: 0, threshold_days: 0 },
    regions: [{ region: "eu-west", outcome: "fail", reason: "connect_timeout", detail: "", counted: true }],
  },
};

/** 32 random bytes as Standard Webhooks writes them. */
export function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return `whsec_${btoa(String.fromCharCode(...bytes))}`;
}
