import createClient, { type Middleware } from "openapi-fetch";
import { Problem, problemOf, Unreachable } from "./problem";
import { reach } from "./reach";
import type { components, paths } from "./schema.gen";

/** The schemas of the API: `Schema["Website"]`. */
export type Schema = components["schemas"];

/** Says that a page of ours made the request: forms of other sites cannot set it. */
export const requestedWith = { "X-Requested-With": "probefleet" } as const;

const failures: Middleware = {
  async onResponse({ response }) {
    if (response.ok) {
      reach.answered();
      return;
    }
    const problem = await problemOf(response.clone());
    if (problem instanceof Unreachable) reach.missed();
    else reach.answered();
    throw problem;
  },
  onError({ error }) {
    if (error instanceof Problem || error instanceof Unreachable) return error;
    if (error instanceof DOMException && error.name === "AbortError") return error;
    reach.missed();
    return new Unreachable(error);
  },
};

/**
 * The API, typed by its OpenAPI document. Pass a call to {@link data}:
 *
 *     data(api.GET("/v1/websites/{id}", { params: { path: { id } }, signal }))
 */
export const api = createClient<paths>({
  baseUrl: typeof location === "undefined" ? "" : location.origin,
  credentials: "same-origin",
  headers: requestedWith,
  // Looked up at each call, so that a test can stand in for it.
  fetch: (request) => globalThis.fetch(request),
});
api.use(failures);

/** The body of a success. Anything else is thrown: {@link Problem} or {@link Unreachable}. */
export async function data<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw error instanceof Error ? error : new Problem(response.status, {});
  return data as T;
}
