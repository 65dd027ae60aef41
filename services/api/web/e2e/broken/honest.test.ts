import type { Page } from "playwright-core";
import { expect } from "vitest";
import { api, becomes, must, until, watch, without } from "../lib/fleet";
import { gone, live, scenario, seen } from "../lib/scenario";

const paths = ["/incidents", "/fleet", "/alerts", "/status-pages", "/settings"];

scenario("without the api every page says so, and is live again by itself", async ({ visit }) => {
  const site = await watch("honest");
  await becomes(site.id, "up");
  const pages: Page[] = [];
  for (const path of ["/?q=honest", `/w/${site.id}`, ...paths]) {
    // A browser has six connections to a host, and each live page holds one.
    const page = await (await visit()).open(path);
    await live(page);
    pages.push(page);
  }
  await without("api", async () => {
    for (const page of pages) {
      await seen(page.getByText("The API cannot be reached."));
      expect(await page.locator('[data-testid="connection"][data-state="live"]').count()).toBe(0);
    }
  });
  for (const page of pages) {
    await live(page);
    await gone(page.getByText("The API cannot be reached."));
  }
});

scenario("without InfluxDB the figures are away, not the verdicts", async ({ visit }) => {
  const site = await watch("unmeasured");
  await becomes(site.id, "up");
  await without("influxdb", async () => {
    const v = await visit();
    const overview = await v.open("/?q=unmeasured");
    await seen(overview.getByText(/\(InfluxDB\)/));
    await seen(overview.getByRole("table", { name: "Websites" }).getByText("Up", { exact: true }));
    const website = await v.open(`/w/${site.id}`);
    await seen(website.getByText("The measurements are away"));
    await seen(website.getByText(/^Up for/));
    const fleet = await v.open("/fleet");
    await seen(fleet.getByRole("main").getByText(/InfluxDB/));
  });
});

scenario("a region whose worker is gone is told of, and counts no more", async ({ visit }) => {
  const site = await watch("fewer-regions");
  await becomes(site.id, "up");
  const v = await visit();
  const fleet = await v.open("/fleet");
  await live(fleet);
  const website = await v.open(`/w/${site.id}`);
  await live(website);
  await without("worker-ap-south", async () => {
    await until("the API says so", async () => {
      const region = await must(api.GET("/v1/regions/{name}", { params: { path: { name: "ap-south" } } }));
      return region.state === "silent" && region.live_workers === 0;
    });
    await fleet.bringToFront();
    await seen(fleet.getByRole("main").getByText(/no (live )?worker|gone|silent|offline|away/i));
    await website.bringToFront();
    await seen(website.getByRole("img", { name: /ap-south (?!up)/ }));
    expect((await must(api.GET("/v1/websites/{id}", { params: { path: { id: site.id } } }))).status).toBe(
      "up",
    );
  });
});
