import { createHmac } from "node:crypto";
import { expect } from "vitest";
import { account, becomes, watch } from "../lib/fleet";
import { given } from "../lib/given";
import { live, type Person, scenario, seen, type Visit } from "../lib/scenario";

scenario("a viewer is offered nothing that would be refused, and is refused", async ({ visit }) => {
  const site = await watch("seen-by-viewers");
  await becomes(site.id, "up");
  const viewer = await account("viewer", "viewer");
  const v = await visit({}, viewer);
  const page = await v.open("/?q=seen-by-viewers");
  await seen(page.getByRole("table", { name: "Websites" }).getByRole("row").nth(1));
  const never = /^(Add|New|Create|Test|Pause|Resume|Edit|Delete|Remove|Acknowledge|Save|Mute|Invite)\b/;
  expect(await page.getByRole("button", { name: never }).allTextContents()).toEqual([]);
  expect(await page.getByRole("checkbox", { name: /^Select/ }).count()).toBe(0);
  for (const path of [`/w/${site.id}`, `/w/${site.id}?tab=settings`, "/alerts", "/fleet", "/status-pages"]) {
    await page.goto(path);
    await live(page);
    await seen(page.getByRole("heading", { level: 1 }));
    expect(await page.getByRole("button", { name: never }).allTextContents(), path).toEqual([]);
  }
  // Past the pages.
  const answer = await v.context.request.post("/v1/websites", {
    data: { url: "http://127.0.0.1:1/" },
    headers: { Origin: given("URL") },
  });
  expect(answer.status()).toBe(403);
  const gone = await v.context.request.delete(`/v1/websites/${site.id}`, {
    headers: { Origin: given("URL") },
  });
  expect(gone.status()).toBe(403);
});

/** The code that an authenticator app shows (RFC 6238). */
function code(secret: string, now = Date.now()): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replaceAll("=", "")]
    .map((c) => alphabet.indexOf(c).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((b) => Number.parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(now / 30_000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const at = (mac[19] ?? 0) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Gives an account a second factor. */
async function secondFactor(who: Person, visit: (p: Person) => Promise<Visit>): Promise<string> {
  const { context } = await visit(who);
  const headers = { Origin: given("URL") };
  const begun = await context.request.post("/v1/me/totp", { data: { password: who.password }, headers });
  const { secret } = (await begun.json()) as { secret: string };
  // A code counts once: the sign-in that follows needs the next one.
  const before = code(secret, Date.now() - 30_000);
  const done = await context.request.post("/v1/me/totp/confirm", { data: { code: before }, headers });
  expect(done.status(), await done.text()).toBe(200);
  return secret;
}

scenario("signing in with a second factor, and out again", async ({ visit }) => {
  const who = await account("editor", "careful");
  const secret = await secondFactor(who, (p) => visit({}, p));
  const v = await visit({}, null);
  const page = await v.open("/fleet");
  // Where one wanted to go is where one comes to.
  await seen(page.getByText("Sign in to see that page."));
  await page.getByLabel("E-mail address").fill(who.email);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await seen(page.getByText("No account has this address and password."));
  await page.getByLabel("Password", { exact: true }).fill(who.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await seen(page.getByRole("heading", { name: "Second factor" }));
  await page.getByLabel("Code").fill("000000");
  await page.getByRole("button", { name: "Go on" }).click();
  await seen(page.getByText("That code is not right, or was used before."));
  await page.getByLabel("Code").fill(code(secret));
  await page.getByRole("button", { name: "Go on" }).click();
  await page.waitForURL("**/fleet");
  await live(page);

  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await seen(page.getByRole("link", { name: "Sign in" }));
  const me = await v.context.request.get("/v1/me");
  expect(me.status()).toBe(401);
});
