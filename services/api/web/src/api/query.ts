import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { Problem } from "./problem";
import { reach } from "./reach";

/** Called once a session has ended on the server: see session.ts. */
let onSignedOut: () => void = () => {};
export function setOnSignedOut(f: () => void) {
  onSignedOut = f;
}

function noticed(err: unknown) {
  if (err instanceof Problem && err.status === 401) onSignedOut();
}

/** The cache of all that the API said. Live events keep it fresh, so that it seldom asks by itself. */
export function newQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: (err, query) => query.meta?.quiet || noticed(err) }),
    mutationCache: new MutationCache({
      onError: (err, _v, _r, mutation) => mutation.meta?.quiet || noticed(err),
    }),
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        gcTime: 10 * 60_000,
        // An answer of the API is an answer; only its absence is worth another try.
        retry: (count, err) => !(err instanceof Problem && err.status < 500) && count < 2,
        retryDelay: (count) => Math.min(500 * 2 ** count, 4_000),
        networkMode: "always",
        refetchOnWindowFocus: true,
      },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}

/** Asks whether an API that was away is back; everything is asked for anew once it is. */
export function watchReach(client: QueryClient): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tries = 0;
  const ask = async () => {
    timer = undefined;
    tries++;
    const answer = await fetch("/v1/setup", { cache: "no-store" }).catch(() => undefined);
    if (answer && ![502, 503, 504].includes(answer.status)) reach.answered();
    else plan();
  };
  const plan = () => {
    timer ??= setTimeout(ask, Math.min(1_000 * 2 ** tries, 15_000));
  };
  const stop = reach.subscribe(() => {
    if (reach.awaySince() !== undefined) return plan();
    tries = 0;
    clearTimeout(timer);
    timer = undefined;
    void client.invalidateQueries();
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}
