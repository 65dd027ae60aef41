import createClient from "openapi-fetch";
import type { components, paths } from "@/api/schema.gen";
import { given } from "./given";

export type Schema = components["schemas"];

/** How long something that must happen may take: a busy machine is slow. */
export const patienceMs = 60_000;

/** The API under the administrator's key. */
export const api = createClient<paths>({
  baseUrl: given("URL"),
  headers: { Authorization: `Bearer ${given("API_KEY")}` },
});

/** The answer of a call that must succeed. */
export async function must<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${JSON.stringify(error)}`);
  return data as T;
}

/** Polls until something is told, or says what was waited for. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | null | false>,
  patience = patienceMs,
): Promise<T> {
  const end = Date.now() + patience;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`still not after ${patience / 1000} s: ${what}`);
    await new Promise((f) => setTimeout(f, 100));
  }
}

/** A page on loopback that behaves as it is told, in the words of package targets. */
export async function target(path: string, behaviour = "ok") {
  const behave = async (how: string) => {
    const answer = await fetch(`${given("TARGETS")}/-/set/${path}`, { method: "PUT", body: how });
    if (!answer.ok) throw new Error(`${how}: ${await answer.text()}`);
  };
  await behave(behaviour);
  return { url: `${given("TARGETS")}/${path}`, behave };
}

/** Has the fleet watch a page, as often as it can. */
export async function watch(path: string, more: Partial<Schema["WebsiteCreate"]> = {}, behaviour = "ok") {
  const page = await target(path, behaviour);
  const body = { url: page.url, name: path, interval_seconds: 5, timeout_ms: 2_000, ...more };
  const website = await must(api.POST("/v1/websites", { body }));
  return { ...page, id: website.id, monitor: website.monitors[0]?.id ?? "" };
}

export const statusOf = async (id: string) =>
  (await must(api.GET("/v1/websites/{id}", { params: { path: { id } } }))).status;

/** Waits until the fleet says so of a website. */
export const becomes = (id: string, status: Schema["Website"]["status"]) =>
  until(`website ${id} is ${status}`, async () => (await statusOf(id)) === status);

/** Names of the fleet's processes, as `stack browser` knows them. */
export type Process = "api" | "influxdb" | "worker-us-east" | "worker-eu-west" | "worker-ap-south";

async function control(what: "halt" | "again", name: Process) {
  const answer = await fetch(`${given("CONTROL")}/${what}/${name}`, { method: "POST" });
  if (!answer.ok) throw new Error(`${what} ${name}: ${await answer.text()}`);
}

/** Stops one of the fleet's processes while something is looked at. */
export async function without(name: Process, look: () => Promise<void>) {
  await control("halt", name);
  try {
    await look();
  } finally {
    await control("again", name);
  }
}

/** Makes an account with a role in the fleet's organisation. */
export async function account(role: Schema["Role"], name: string) {
  const who = { email: `${name}@example.com`, password: "correct horse battery" };
  const invitation = await must(api.POST("/v1/invitations", { body: { email: who.email, role } }));
  const token = new URL(invitation.url).pathname.split("/").pop() ?? "";
  const body = { name, password: who.password };
  await must(api.POST("/v1/invited/{token}", { params: { path: { token } }, body }));
  return who;
}

/** The first account, which the set-up makes. */
export const owner = { email: "owner@example.com", password: "staple of a correct horse" };

/** Makes that account unless it is there. */
export async function ownerIsThere() {
  const setup = await must(api.GET("/v1/setup"));
  if (!setup.needed) return;
  const { response } = await api.POST("/v1/setup", { body: owner });
  if (!response.ok && response.status !== 409) throw new Error(`set up: ${response.status}`); // 409: others were first
}
