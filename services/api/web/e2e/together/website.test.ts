import { expect } from "vitest";
import { api, becomes, must, until, watch } from "../lib/fleet";
import { live, scenario, seen } from "../lib/scenario";

scenario(
  "a stretch that is dragged over in the chart is in the address, and back again",
  async ({ visit }) => {
    const site = await watch("zoomed");
    await becomes(site.id, "up");
    const v = await visit();
    const page = await v.open(`/w/${site.id}?range=1h`);
    const chart = page.locator(".u-over").first();
    await seen(chart);
    const box = await chart.boundingBox();
    if (!box) throw new Error("the chart has no place");
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width * 0.5, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, y, { steps: 8 });
    await page.mouse.up();

    const span = () => new URL(page.url()).searchParams.get("span");
    const chosen = await until("the address holds the stretch", async () => span());
    const [from = 0, to = 0] = chosen.split("_").map((t) => Date.parse(t));
    // No less than a minute, of the hour that was shown.
    expect(to - from).toBeGreaterThanOrEqual(60_000);
    expect(from).toBeGreaterThan(Date.now() - 2 * 3_600_000);
    expect(to).toBeLessThan(Date.now() + 3_600_000);
    await seen(page.getByRole("button", { name: "Back to 1h" }));

    // Who opens the link sees the same stretch.
    const other = await v.open(page.url());
    await seen(other.getByRole("button", { name: "Back to 1h" }));

    await page.goBack();
    await until("the address without it", async () => span() === null);
    await seen(page.locator(".u-over"));
    await page.goForward();
    await until("the address with it again", async () => span() === chosen);
  },
);

scenario("what is wrong with a monitor's settings is said at the field", async ({ visit }) => {
  const site = await watch("form-errors");
  const v = await visit();
  const page = await v.open(`/w/${site.id}?tab=settings`);
  const timeout = page.getByLabel(/^Timeout/).first();
  await timeout.fill("90000");
  await page.getByRole("button", { name: /^Save/ }).first().click();
  await until(
    "the field says that it is wrong",
    async () => (await timeout.getAttribute("aria-invalid")) === "true",
  );
  const note = await timeout.getAttribute("aria-describedby");
  await seen(page.locator(`#${CSS_escape(note ?? "")}`));
  expect(await page.locator('[aria-invalid="true"]').count()).toBe(1);
  const [monitor] = (await must(api.GET("/v1/websites/{id}", { params: { path: { id: site.id } } })))
    .monitors;
  expect(monitor?.timeout_ms).toBe(2_000);

  await timeout.fill("1500");
  await page.getByRole("button", { name: /^Save/ }).first().click();
  await until("it is saved", async () => {
    const now = await must(api.GET("/v1/websites/{id}", { params: { path: { id: site.id } } }));
    return now.monitors[0]?.timeout_ms === 1_500;
  });
});

scenario("checks come in by themselves, and a paused website says so", async ({ visit }) => {
  const site = await watch("paused");
  await becomes(site.id, "up");
  const v = await visit();
  const page = await v.open(`/w/${site.id}`);
  await live(page);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("menuitem").first().click();
  await seen(page.getByText(/^Paused/));
  await becomes(site.id, "paused");
});

const CSS_escape = (id: string) => id.replaceAll(/[^a-zA-Z0-9_-]/g, (c) => `\\${c}`);
