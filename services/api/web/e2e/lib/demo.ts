import { api, becomes, must, until, watch } from "./fleet";
import { given } from "./given";

interface Site {
  name: string;
  ms: number;
  tags: string[];
  behaviour?: string;
  outages?: Outage[];
}
interface Outage {
  hours_ago: number;
  minutes: number;
  reason: string;
  code: number;
  sentence: string;
}

const down = (hours_ago: number, minutes: number, reason: string, words: string, code = 0): Outage => ({
  hours_ago,
  minutes,
  reason,
  code,
  sentence: `Down: 3 of 3 fresh regions failed, ${words}`,
});

const sites: Site[] = [
  {
    name: "Shop",
    ms: 84,
    tags: ["production", "shop"],
    outages: [down(410, 6, "status", "unexpected status 502", 502)],
  },
  {
    name: "Checkout",
    ms: 120,
    tags: ["production", "shop"],
    outages: [down(52, 11, "timeout", "no answer in time")],
  },
  { name: "Search", ms: 46, tags: ["production", "shop"] },
  { name: "Accounts", ms: 65, tags: ["production"] },
  {
    name: "Payments",
    ms: 150,
    tags: ["production"],
    outages: [
      down(9.5, 14, "connect_timeout", "connect timeout"),
      down(2.2, 5, "status", "unexpected status 503", 503),
    ],
  },
  { name: "CDN", ms: 22, tags: ["production", "edge"], behaviour: "region ap-south; status 503; ok" },
  { name: "Blog", ms: 210, tags: ["marketing"], outages: [down(120, 32, "dns", "the name did not resolve")] },
  { name: "Reports", ms: 900, tags: ["internal"] },
  { name: "Documentation", ms: 58, tags: ["marketing"] },
  {
    name: "Staging",
    ms: 95,
    tags: ["staging"],
    outages: [down(16, 47, "status", "unexpected status 500", 500)],
  },
  { name: "Mail gateway", ms: 31, tags: ["internal"] },
  { name: "Warehouse", ms: 130, tags: ["internal"] },
];

const far = { "us-east": 1, "eu-west": 1.35, "ap-south": 2.1 };

/** A small fleet that seems to have run for a month; one of its websites goes down at the end. */
export async function demo() {
  await must(
    api.POST("/v1/channels", {
      body: { name: "On call", kind: "webhook", config: { url: `${given("TARGETS")}/hook` } },
    }),
  );
  const ids = new Map<string, string>();
  const pasts: unknown[] = [];
  const all = await Promise.all(
    sites.map(async (s) => {
      const path = s.name.toLowerCase().replaceAll(" ", "-");
      const how = s.behaviour ?? `delay ${Math.round(s.ms * far["eu-west"])}ms; ok`;
      return {
        s,
        w: await watch(path, { name: s.name, tags: s.tags, interval_seconds: 30, timeout_ms: 3_000 }, how),
      };
    }),
  );
  for (const { s, w } of all) {
    await becomes(w.id, "up");
    ids.set(s.name, w.id);
    const base_ms = Object.fromEntries(Object.entries(far).map(([region, f]) => [region, s.ms * f]));
    const outages = (s.outages ?? []).toSorted((a, b) => b.hours_ago - a.hours_ago);
    pasts.push({ website: w.id, monitor: w.monitor, base_ms, outages });
  }
  const told = await fetch(`${given("CONTROL")}/history`, { method: "POST", body: JSON.stringify(pasts) });
  if (!told.ok) throw new Error(`history: ${await told.text()}`);

  const shown = ["Shop", "Checkout", "Accounts", "Payments", "Blog"];
  const websites = shown.map((name) => ({
    website_id: ids.get(name) ?? "",
    section: name === "Blog" ? "Reading" : "Buying",
  }));
  const body = {
    slug: "status",
    title: "Example services",
    description: "What our customers use.",
    websites,
  };
  await must(api.POST("/v1/status-pages", { body }));

  const payments = all.find(({ s }) => s.name === "Payments");
  if (!payments) throw new Error("no Payments");
  await payments.w.behave("status 503");
  await becomes(payments.w.id, "down");
  const incident = await until("its incident", async () => {
    const found = await must(api.GET("/v1/incidents", { params: { query: { status: "open" } } }));
    return found.items[0]?.id;
  });
  return { website: ids.get("Checkout") ?? "", incident };
}
