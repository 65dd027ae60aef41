import { readdirSync, rmSync } from "node:fs";
import { fileURLToPath, URL } from "node:url";
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const dist = fileURLToPath(new URL("../internal/webui/dist", import.meta.url));

/** Removes the build before, just before the new one is written, so that a failed one leaves it alone. */
function clearDist(): Plugin {
  return {
    name: "clear-dist",
    apply: "build",
    // Before Vite copies public/ there, at the same point.
    renderStart: {
      order: "pre",
      sequential: true,
      handler() {
        for (const name of readdirSync(dist)) {
          if (name !== ".gitkeep") rmSync(`${dist}/${name}`, { recursive: true });
        }
      },
    },
  };
}

// The routes that belong to the API. Development passes them on to a running one.
const api = { target: process.env.PROBEFLEET_URL ?? "http://127.0.0.1:3002", changeOrigin: true };

export default defineConfig({
  plugins: [react(), tailwind(), clearDist()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: dist,
    emptyOutDir: false,
    // light-dark(), which every colour is made of, came with these.
    target: ["chrome123", "edge123", "firefox121", "safari17.5"],
    chunkSizeWarningLimit: 500,
    reportCompressedSize: false,
    copyPublicDir: true,
    manifest: false,
    assetsInlineLimit: 0,
  },
  server: {
    host: "127.0.0.1",
    port: 5173,
    proxy: { "/v1": api, "/openapi.json": api, "/status/": api, "/badge": api },
  },
  test: {
    environment: "jsdom",
    setupFiles: ["src/test/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    css: false,
    // A busy machine: wait rather than fail.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    maxWorkers: 2,
  },
});
