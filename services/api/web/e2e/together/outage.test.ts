import type { Page } from "playwright-core";
import { expect } from "vitest";
import { api, becomes, must, until, watch } from "../lib/fleet";
import { gone, live, scenario, seen } from "../lib/scenario";

/** Marks a page, to tell later that it was never loaded anew. */
const mark = (page: Page) => page.evaluate(() => Object.assign(window, { marked: true }));
const marked = (page: Page) => page.evaluate(() => "marked" in window);

const row = (page: Page, name: string) =>
  page.getByRole("table", { name: "Websites" }).getByRole("row").filter({ hasText: name });

scenario("an outage appears on every page by itself, and so does its end", async ({ visit }) => {
  const shop = await watch("outage-shop");
  await becomes(shop.id, "up");
  const v = await visit();
  const overview = await v.open("/?q=outage-shop");
  const website = await v.open(`/w/${shop.id}`);
  const incidents = await v.open("/incidents");
  const pages = [overview, website, incidents];
  for (const page of pages) {
    await live(page);
    await mark(page);
  }
  await seen(row(overview, "outage-shop").getByText("Up", { exact: true }));
  await seen(website.getByText(/^Up for/));

  await shop.behave("status 500");
  await seen(row(overview, "outage-shop").getByText("Down", { exact: true }));
  await seen(overview.getByRole("link", { name: "Incident of outage-shop" }));
  await seen(website.getByText(/^Down for/));
  await seen(incidents.getByRole("main").getByRole("link", { name: /outage-shop/ }));

  // The incident's page, by the link that the overview gives.
  await overview.getByRole("link", { name: "outage-shop", exact: true }).first().click();
  await until("the incident's page", async () => /\/incidents\/[0-9a-f-]{36}/.test(overview.url()));
  await seen(overview.getByRole("heading", { level: 1, name: /outage-shop.*down/i }));
  await seen(overview.getByText(/3 of 3 fresh regions failed/));
  for (const region of ["us-east", "eu-west", "ap-south"])
    await seen(overview.getByRole("rowheader", { name: region }));
  await overview.getByRole("button", { name: /^Acknowledge/ }).click();
  await seen(overview.getByText(/acknowledged/i));

  await shop.behave("ok");
  await seen(overview.getByRole("heading", { level: 1, name: /outage-shop was down/i }));
  await seen(website.getByText(/^Up for/));
  await gone(website.getByText(/^Down for/));
  for (const page of pages) expect(await marked(page)).toBe(true);

  // Back on the overview the same tab knows that it is over.
  await overview.goBack();
  await seen(row(overview, "outage-shop").getByText("Up", { exact: true }));
  await gone(overview.getByRole("link", { name: "Incident of outage-shop" }));
  const found = await must(api.GET("/v1/incidents", { params: { query: { website_id: shop.id } } }));
  expect(found.items.map((i) => i.status)).toEqual(["resolved"]);
});
