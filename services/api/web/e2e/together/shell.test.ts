import { expect } from "vitest";
import { becomes, until, watch } from "../lib/fleet";
import { Line } from "../lib/line";
import { gone, live, phone, scenario, seen } from "../lib/scenario";

scenario("search and commands by Ctrl-K", async ({ visit }) => {
  const site = await watch("palette-target");
  const v = await visit();
  const page = await v.open("/fleet");
  await live(page);
  await page.keyboard.press("Control+k");
  const search = page.getByRole("combobox", { name: "Search websites, pages and actions" });
  await search.fill("palette-tar");
  await seen(page.getByRole("option", { name: /palette-target/, selected: true }));
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/w/${site.id}`);
  await gone(search);

  await page.keyboard.press("Control+k");
  await search.fill("incidents");
  await seen(page.getByRole("option", { name: "Incidents", selected: true }));
  await page.keyboard.press("Enter");
  await page.waitForURL("**/incidents");
  await page.keyboard.press("Control+k");
  await seen(search);
  await page.keyboard.press("Escape");
  await gone(search);
});

scenario("the theme of choice stays", async ({ visit }) => {
  const v = await visit({ colorScheme: "light" });
  const page = await v.open("/");
  const dark = async () =>
    (await page.evaluate(() => getComputedStyle(document.body).backgroundColor)) === "rgb(13, 16, 21)";
  await live(page);
  expect(await dark()).toBe(false);
  await page.getByRole("button", { name: "Theme: system" }).click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  await until("the page is dark", dark);
  await page.reload();
  await seen(page.getByRole("button", { name: "Theme: dark" }));
  expect(await dark()).toBe(true);
  // As the system: it is light here.
  await page.getByRole("button", { name: "Theme: dark" }).click();
  await page.getByRole("menuitemradio", { name: "As the system" }).click();
  await until("the page is light", async () => !(await dark()));
});

scenario("j, k and Enter go through the list", async ({ visit }) => {
  const sites = [await watch("keys-a"), await watch("keys-b")];
  for (const s of sites) await becomes(s.id, "up");
  const v = await visit();
  const page = await v.open("/?q=keys-&sort=name");
  const rows = page.getByRole("table", { name: "Websites" }).locator("[data-index]");
  await seen(rows.nth(1));
  const focused = (i: number) =>
    until(`row ${i} has the focus`, () => rows.nth(i).evaluate((e) => e === document.activeElement));
  await page.keyboard.press("j");
  await focused(0);
  await page.keyboard.press("j");
  await focused(1);
  await page.keyboard.press("k");
  await focused(0);
  await page.keyboard.press("j");
  await focused(1);
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/w/${sites[1]?.id}`);
  await page.keyboard.press("?");
  await seen(page.getByRole("dialog", { name: "Keyboard shortcuts" }));
});

scenario("without a connection the page says so, and comes back by itself", async ({ visit }) => {
  const line = await new Line().join();
  const site = await watch("behind-a-line");
  await becomes(site.id, "up");
  const v = await visit({ baseURL: line.url });
  const page = await v.open("/?q=behind-a-line");
  await live(page);
  const row = page
    .getByRole("table", { name: "Websites" })
    .getByRole("row")
    .filter({ hasText: "behind-a-line" });
  await seen(row.getByText("Up", { exact: true }));
  await line.cut();
  await gone(page.locator('[data-testid="connection"][data-state="live"]'));
  await seen(page.getByTestId("connection").getByText(/reconnecting|offline/));
  await seen(page.getByText("The API cannot be reached."));
  // What happens meanwhile is there once the connection is.
  await site.behave("status 500");
  await becomes(site.id, "down");
  expect(await row.getByText("Down", { exact: true }).count()).toBe(0);
  await line.join();
  await live(page);
  await gone(page.getByText("The API cannot be reached."));
  await seen(row.getByText("Down", { exact: true }));
  await line.cut();
});

scenario("on a phone everything is reached, and nothing is wider than the screen", async ({ visit }) => {
  await watch("a-website-with-a-name-that-is-much-longer-than-the-screen-of-any-phone-is-wide");
  const v = await visit(phone);
  const page = await v.open("/");
  const nav = page.getByRole("navigation", { name: "Main" });
  for (const name of ["Overview", "Incidents", "Fleet", "Alerts", "Status", "Settings"]) {
    await nav.getByRole("link", { name: new RegExp(`^${name}`) }).tap();
    await seen(nav.locator('[aria-current="page"]').filter({ hasText: name }));
    await seen(page.getByRole("heading", { level: 1 }));
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(beyond, name).toBeLessThanOrEqual(0);
  }
});
