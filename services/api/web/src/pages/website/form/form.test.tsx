import { QueryClientProvider } from "@tanstack/react-query";
import { render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { afterEach, expect, test, vi } from "vitest";
import { newQueryClient } from "@/api/query";
import { TooltipProvider } from "@/ui/tooltip";
import type { Monitor, Website } from "../data";
import { MonitorForm } from "./monitor-form";
import { kinds } from "./spec.gen";

afterEach(() => vi.unstubAllGlobals());

const website = { id: "w1", name: "shop", monitors: [] } as unknown as Website;
const monitor = {
  id: "m1",
  website_id: "w1",
  kind: "http",
  name: "",
  target: "http://127.0.0.1/",
  settings: {
    auth: { type: "basic", username: "u", password: "***" },
    headers: [{ name: "X-Key", value: "***", secret: true }],
  },
  interval_seconds: 60,
  timeout_ms: 10_000,
  regions: null,
  policy: { quorum: { mode: "majority" }, confirmation_seconds: 0, recovery_rounds: 2 },
  paused: false,
} as unknown as Monitor;

/** What was sent; every call but those named here is answered with nothing in it. */
function serve(answers: Record<string, () => Response>): { method: string; path: string; body: unknown }[] {
  const sent: { method: string; path: string; body: unknown }[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const path = new URL(request.url).pathname;
    const text = await request.clone().text();
    sent.push({ method: request.method, path, body: text ? JSON.parse(text) : undefined });
    return answers[`${request.method} ${path}`]?.() ?? Response.json({ items: [] });
  });
  return sent;
}

const show = (m: Monitor | undefined, kind = "http") =>
  render(
    <QueryClientProvider client={newQueryClient()}>
      <TooltipProvider>
        <MonitorForm website={website} monitor={m} kind={kind} />
      </TooltipProvider>
    </QueryClientProvider>,
  );

test.each(kinds)("the form of %s has a name for each control", async (kind) => {
  serve({});
  document.title = "Form";
  document.documentElement.lang = "en";
  show(undefined, kind);
  for (const d of document.querySelectorAll("details")) d.open = true;
  const { violations } = await axe.run(document, {
    rules: {
      "color-contrast": { enabled: false },
      region: { enabled: false },
      "page-has-heading-one": { enabled: false },
      "heading-order": { enabled: false },
    },
  });
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`)).toEqual([]);
});

test("secrets stay until they are replaced, and only the change is sent", async () => {
  const user = userEvent.setup();
  const sent = serve({ "PATCH /v1/monitors/m1": () => Response.json({ ...monitor, timeout_ms: 5_000 }) });
  show(monitor);
  expect(screen.queryByDisplayValue("***")).toBeNull();
  expect(screen.getByRole("button", { name: "Save" })).toBeDisabled();
  const timeout = screen.getByLabelText("Timeout");
  await user.clear(timeout);
  await user.type(timeout, "5000");
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(sent.filter((s) => s.method === "PATCH")).toHaveLength(1));
  expect(sent.find((s) => s.method === "PATCH")?.body).toEqual({ timeout_ms: 5_000 });

  const login = screen.getByRole("group", { name: "Log in" });
  await user.click(within(login).getByRole("button", { name: "Replace" }));
  await user.type(within(login).getByLabelText(/^Password/), "new");
  await waitFor(() => expect(screen.getByRole("button", { name: "Save" })).toBeEnabled());
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(sent.filter((s) => s.method === "PATCH")).toHaveLength(2));
  expect(sent.filter((s) => s.method === "PATCH")[1]?.body).toEqual({
    settings: { auth: { password: "new" } },
  });
});

test("what the API finds wrong stands at its field, the rest is a sentence", async () => {
  const user = userEvent.setup();
  serve({
    "POST /v1/websites/w1/monitors": () =>
      Response.json(
        {
          type: "urn:x",
          title: "Invalid",
          status: 422,
          detail: "wrong",
          request_id: "r",
          errors: [
            { pointer: "#/settings/assertions/0/property", detail: "must be a JSONPath" },
            { pointer: "#/settings/tls/min_version", detail: "is not a version" },
            { pointer: "#/settings/later", detail: "goes with nothing" },
          ],
        },
        { status: 422, headers: { "Content-Type": "application/problem+json" } },
      ),
  });
  show(undefined);
  await user.click(screen.getByRole("button", { name: "Add assertion" }));
  await user.click(screen.getByRole("button", { name: "Add monitor" }));
  expect(await screen.findByText(/Must be a JSONPath/)).toBeVisible();
  expect(screen.getByText(/settings\/later: Goes with nothing/)).toBeVisible();
  const version = screen.getByText(/Is not a version/);
  expect(version.closest("details")).toHaveAttribute("open");
});

test("a test runs what stands in the form, with the secrets of the monitor", async () => {
  const user = userEvent.setup();
  const result = {
    region: "eu",
    ok: false,
    outcome: "fail",
    reason: "timeout",
    detail: "",
    status_code: null,
  };
  const sent = serve({
    "POST /v1/monitors/test": () =>
      Response.json({ complete: true, results: [{ ...result, latency_ms: 3 }] }),
  });
  show(monitor);
  await user.click(screen.getByRole("button", { name: "Test now" }));
  expect(await screen.findByText("no answer in time")).toBeVisible();
  expect(sent.find((s) => s.path === "/v1/monitors/test")?.body).toMatchObject({
    kind: "http",
    monitor_id: "m1",
    settings: monitor.settings,
  });
});
