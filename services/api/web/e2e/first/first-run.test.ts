import { expect } from "vitest";
import { api, must, owner, target, until } from "../lib/fleet";
import { live, scenario, seen } from "../lib/scenario";

scenario("an empty fleet: the first account, the first website, its first results", async ({ visit }) => {
  const site = await target("first");
  const v = await visit({}, null);
  const page = await v.open("/");

  // Nobody has an account: every way leads to the set-up. What is wrong is said at the field.
  await seen(page.getByRole("heading", { name: "Welcome" }));
  await page.getByLabel("E-mail address").fill(owner.email);
  await page.getByLabel("Password", { exact: true }).fill("short");
  await page.getByRole("button", { name: "Set up" }).click();
  await seen(page.getByRole("alert").filter({ hasText: "10" }));
  expect(await page.getByLabel("Password", { exact: true }).getAttribute("aria-invalid")).toBe("true");
  expect(await page.getByLabel("E-mail address").getAttribute("aria-invalid")).toBeNull();
  await page.getByLabel("Password", { exact: true }).fill(owner.password);
  await page.getByRole("button", { name: "Set up" }).click();

  // An empty state in which pasting an address is all there is to do.
  await seen(page.getByRole("heading", { name: "What should be watched?" }));
  await live(page);
  await page.getByLabel("Addresses").fill(site.url);
  await page.getByLabel("Addresses").press("Enter");
  const results = page.getByRole("list", { name: "First results" });
  await seen(results.getByText("3 of 3 regions have spoken"));
  for (const region of ["us-east", "eu-west", "ap-south"]) await seen(results.getByText(region));
  await seen(results.getByText("Up", { exact: true }));

  const { items } = await must(api.GET("/v1/websites", { params: { query: { q: "first" } } }));
  expect(items.map((w) => w.url)).toEqual([site.url]);
  await results.getByRole("link", { name: "Open" }).click();
  await until("the website's page", async () => page.url().includes(`/w/${items[0]?.id}`));
});
