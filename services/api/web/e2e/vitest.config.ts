import { fileURLToPath, URL } from "node:url";
import { defineConfig } from "vitest/config";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// The tests one group after the other: an empty fleet; then all that can share one, at
// once; then what breaks parts of it. bench and screenshots are programs of their own.
const projects = ["first", "together", "broken", "bench", "screenshots"];

/** What drives a browser; `stack browser` runs it. */
export default defineConfig({
  root: at(".."),
  resolve: { alias: { "@": at("../src") } },
  test: {
    environment: "node",
    globalSetup: ["e2e/lib/chromium.ts"],
    // Everything waits for a condition; these only end what hangs.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    teardownTimeout: 20_000,
    disableConsoleIntercept: true,
    maxWorkers: 4,
    projects: projects.map((name, groupOrder) => ({
      extends: true,
      test: { name, include: [`e2e/${name}/*.test.ts`], sequence: { groupOrder } },
    })),
  },
});
