import { chromium } from "playwright-core";
import type { TestProject } from "vitest/node";
import { given } from "./given";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where the one browser of a run is driven from. */
    browser: string;
  }
}

/** One browser for all files: each of their scenarios has a profile of its own in it. */
export default async function setup(project: TestProject) {
  const server = await chromium.launchServer({
    executablePath: given("CHROMIUM"),
    args: [
      "--no-sandbox", // root cannot have it, and only our own pages are loaded
      "--disable-dev-shm-usage",
      "--disable-gpu",
      "--enable-precise-memory-info",
      "--js-flags=--expose-gc",
      // Nothing is looked up or fetched for the browser itself.
      "--disable-background-networking",
      "--disable-component-update",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ],
  });
  project.provide("browser", server.wsEndpoint());
  return () => server.close();
}
