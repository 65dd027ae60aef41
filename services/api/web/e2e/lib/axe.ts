import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type axe from "axe-core";
import type { BrowserContextOptions, Page } from "playwright-core";
import { loaded, type Stage } from "./scenario";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong with a page as it is, one line each. */
function violations(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const { axe: a } = window as unknown as { axe: typeof axe };
    const { violations } = await a.run(document, { resultTypes: ["violations"] });
    return violations.flatMap((v) =>
      v.nodes.map((n) => `${v.id}: ${n.target.join(" ")}: ${n.failureSummary ?? v.help}`),
    );
  });
}

/** Opens pages, and returns what axe finds wrong with them in both themes. */
export async function look(
  { visit }: Stage,
  options: BrowserContextOptions,
  paths: { signedIn: readonly string[]; signedOut: readonly string[] },
): Promise<string[]> {
  const found: string[] = [];
  const visits = [
    { v: await visit(options), of: paths.signedIn },
    { v: await visit(options, null), of: paths.signedOut },
  ];
  for (const { v, of } of visits) {
    await v.context.addInitScript({ content: source });
    for (const path of of) {
      const page = await v.open(path);
      await loaded(page);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        // Without motion a change of colours still takes a frame for each generation.
        await page.waitForFunction(() => document.getAnimations().every((a) => a.playState !== "running"));
        for (const wrong of await violations(page)) found.push(`${path}, ${colorScheme}: ${wrong}`);
      }
      await page.close();
    }
  }
  return found;
}
