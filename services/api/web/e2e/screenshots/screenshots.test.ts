import { mkdirSync, statSync } from "node:fs";
import { fileURLToPath, URL } from "node:url";
import { expect } from "vitest";
import { demo } from "../lib/demo";
import { desk, loaded, phone, scenario } from "../lib/scenario";

const dir = fileURLToPath(new URL("../../../../../docs/images/", import.meta.url));
const mostBytes = 250_000;

const looks = {
  light: { ...desk, colorScheme: "light" },
  dark: { ...desk, colorScheme: "dark" },
  phone: { ...phone, colorScheme: "light", deviceScaleFactor: 1 },
} as const;
const everyLook = Object.keys(looks) as (keyof typeof looks)[];

scenario("pictures of every page", async ({ visit }) => {
  const { website, incident } = await demo();
  const pages: { name: string; path: string; looks: readonly (keyof typeof looks)[] }[] = [
    { name: "overview", path: "/", looks: everyLook },
    { name: "website", path: `/w/${website}`, looks: everyLook },
    { name: "incident", path: `/incidents/${incident}`, looks: everyLook },
    { name: "status-page", path: "/status/status", looks: everyLook },
    { name: "incidents", path: "/incidents", looks: ["dark"] },
    { name: "fleet", path: "/fleet", looks: ["light"] },
    { name: "alerts", path: "/alerts", looks: ["dark"] },
    { name: "settings", path: "/settings", looks: ["light"] },
  ];
  mkdirSync(dir, { recursive: true });
  for (const look of everyLook) {
    const v = await visit(looks[look]);
    for (const { name, path } of pages.filter((p) => p.looks.includes(look))) {
      const page = await v.open(path);
      await loaded(page);
      await page.waitForLoadState("networkidle", { timeout: 3_000 }).catch(() => undefined); // a live page never is
      const file = `${dir}${name}-${look}.png`;
      await page.screenshot({ path: file, animations: "disabled", caret: "hide" });
      expect(statSync(file).size, file).toBeLessThanOrEqual(mostBytes);
      await page.close();
    }
  }
});
