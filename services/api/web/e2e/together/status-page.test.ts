import { expect } from "vitest";
import { api, becomes, must, until, watch } from "../lib/fleet";
import { scenario, seen } from "../lib/scenario";

scenario("a status page is read without scripts, and tells an outage", async ({ visit }) => {
  const [up, down] = [await watch("public-up"), await watch("public-down", {}, "status 503")];
  await becomes(up.id, "up");
  await becomes(down.id, "down");
  const body = {
    slug: "public",
    title: "Public services",
    websites: [
      { website_id: up.id, title: "The shop" },
      { website_id: down.id, title: "The forum" },
    ],
  };
  await must(api.POST("/v1/status-pages", { body }));
  const v = await visit({ javaScriptEnabled: false }, null);
  const page = await v.open("/status/public");
  await seen(page.getByRole("heading", { level: 1, name: "Public services" }));
  const words = async () => (await page.locator("main, body").first().innerText()).replaceAll(/\s+/g, " ");
  await until("both are told", async () => {
    await page.reload();
    return /The shop.*\bUp\b|The forum.*\bDown\b/i.test(await words());
  });
  expect(await page.locator("script").count()).toBe(0);
  // Those who are not signed in find it on the front page, whose list is some seconds old at most.
  const other = await visit({}, null);
  const front = await other.open("/");
  const link = front.getByRole("link", { name: /Public services/ });
  await until("the front page has it", async () => {
    await front.reload();
    await seen(front.getByRole("heading", { name: "Public status pages" }));
    await front.waitForLoadState("networkidle");
    return (await link.count()) > 0;
  });
});
