import { QueryClientProvider, useQuery } from "@tanstack/react-query";
import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { App } from "@/app";
import { TooltipProvider } from "@/ui/tooltip";
import { api, data } from "./client";
import { explain, Problem, Unreachable } from "./problem";
import { newQueryClient } from "./query";
import { reach } from "./reach";
import { meQuery, returnPath, watchSession } from "./session";

type Answer = (request: Request) => Response | Error;

/** The API as a test has it; what is not named is missing. */
function serve(answers: Record<string, Answer>): Request[] {
  const asked: Request[] = [];
  vi.stubGlobal("fetch", async (input: Request | string, init?: RequestInit) => {
    const request = input instanceof Request ? input : new Request(new URL(input, location.origin), init);
    asked.push(request.clone());
    const answer = answers[`${request.method} ${new URL(request.url).pathname}`]?.(request) ?? problem(404);
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return asked;
}
const json = (body: unknown, status = 200) => Response.json(body, { status });
const problem = (status: number, more: object = {}) =>
  Response.json(
    {
      type: "urn:probefleet:problem:x",
      title: "Wrong",
      status,
      detail: "it is wrong",
      request_id: "r1",
      ...more,
    },
    { status, headers: { "Content-Type": "application/problem+json", "Retry-After": "7" } },
  );

afterEach(() => {
  vi.unstubAllGlobals();
  reach.answered();
  history.replaceState(null, "", "/");
});

const failure = (p: Promise<unknown>) =>
  p.then(
    () => expect.fail("it worked"),
    (err: unknown) => err,
  );

test("a problem carries its sentence and what is wrong with each field", async () => {
  const asked = serve({
    "GET /v1/me": () =>
      problem(422, { errors: [{ pointer: "#/policy/quorum/count", detail: "must be 1 at least" }] }),
  });
  const err = await failure(data(api.GET("/v1/me")));
  expect(err).toBeInstanceOf(Problem);
  expect(err).toMatchObject({
    message: "It is wrong.",
    status: 422,
    requestId: "r1",
    retryAfterSeconds: 7,
    fields: { "policy/quorum/count": "Must be 1 at least." },
  });
  expect(asked[0]?.headers.get("X-Requested-With")).toBe("probefleet");
});

test.each<[string, Answer]>([
  ["no network", () => new TypeError("failed to fetch")],
  [
    "a gateway's page",
    () => new Response("<h1>Bad gateway", { status: 502, headers: { "Content-Type": "text/html" } }),
  ],
])("%s is an API that cannot be reached", async (_name, answer) => {
  serve({ "GET /v1/me": answer });
  const err = await failure(data(api.GET("/v1/me")));
  expect(err).toBeInstanceOf(Unreachable);
  expect(reach.awaySince()).toBeDefined();
  expect(explain(err).title).toBe("The API cannot be reached");
  serve({ "GET /v1/me": () => json({}) });
  await data(api.GET("/v1/me"));
  expect(reach.awaySince()).toBeUndefined();
});

test.each([
  ["?next=/w/1%3Ftab%3Dchecks", "/w/1?tab=checks"],
  ["?next=//evil.example", "/"],
  ["?next=/%5Cevil.example", "/"],
  ["?next=https://evil.example", "/"],
  ["?next=/sign-in", "/"],
  ["", "/"],
])("after signing in at %s one goes to %s", (search, want) => expect(returnPath(search)).toBe(want));

const me = {
  account: {
    id: "a",
    email: "ada@example.com",
    name: "Ada",
    totp: true,
    recovery_codes_left: 8,
    created_at: "2026-01-01T00:00:00Z",
  },
  key: null,
  organisation: { id: "o", slug: "acme", name: "Acme", role: "owner" },
  role: "owner",
  scopes: ["admin"],
  organisations: [],
};
const setup = { needed: false, sign_up_open: false, mail: true, version: "1" };

function open(path: string) {
  history.replaceState(null, "", path);
  const client = newQueryClient();
  watchSession(client);
  render(
    <QueryClientProvider client={client}>
      <TooltipProvider>
        <App />
      </TooltipProvider>
    </QueryClientProvider>,
  );
  return client;
}

test("signing in asks for a code where there is one, and returns to where one wanted to go", async () => {
  const user = userEvent.setup();
  let signedIn = false;
  const codes: unknown[] = [];
  serve({
    "GET /v1/me": () => (signedIn ? json(me) : problem(401)),
    "GET /v1/setup": () => json(setup),
    "POST /v1/sessions": () => {
      if (codes.length === 0) {
        codes.push("asked");
        return problem(401, { type: "urn:probefleet:problem:second-factor" });
      }
      signedIn = true;
      return json(me, 201);
    },
  });
  open("/nowhere?tab=x&q=a%26b");
  await user.type(await screen.findByLabelText("E-mail address", {}, { timeout: 30_000 }), "ada@example.com");
  expect(location.pathname + location.search).toBe("/sign-in?next=%2Fnowhere%3Ftab%3Dx%26q%3Da%2526b");
  await user.type(screen.getByLabelText("Password"), "a password");
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  await user.type(await screen.findByLabelText("Code", {}, { timeout: 30_000 }), "123 456");
  await user.click(screen.getByRole("button", { name: "Go on" }));
  await screen.findByText("There is no such page", {}, { timeout: 30_000 });
  expect(location.pathname + location.search).toBe("/nowhere?tab=x&q=a%26b");
});

test("a fleet without accounts begins with the first, and shows what is wrong beside each field", async () => {
  const user = userEvent.setup();
  serve({
    "GET /v1/me": () => problem(401),
    "GET /v1/setup": () => json({ ...setup, needed: true }),
    "POST /v1/setup": () =>
      problem(422, { errors: [{ pointer: "#/email", detail: "is no e-mail address" }] }),
  });
  open("/");
  await user.click(await screen.findByRole("button", { name: "Set up" }, { timeout: 30_000 }));
  const email = screen.getByLabelText("E-mail address");
  await waitFor(() => expect(email).toHaveAccessibleDescription(/Is no e-mail address/), { timeout: 30_000 });
  expect(email).toBeInvalid();
});

test("a session that the server ended leads to the sign-in", async () => {
  serve({ "GET /v1/me": () => problem(401), "GET /v1/fleet": () => problem(401) });
  const client = newQueryClient();
  watchSession(client);
  client.setQueryData(meQuery.queryKey, me as never);
  function Asks() {
    useQuery({ queryKey: ["fleet"], queryFn: () => data(api.GET("/v1/fleet")) });
    return null;
  }
  render(
    <QueryClientProvider client={client}>
      <Asks />
    </QueryClientProvider>,
  );
  await waitFor(() => expect(client.getQueryData(meQuery.queryKey)).toBeNull(), { timeout: 30_000 });
});
