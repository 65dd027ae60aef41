import { type QueryClient, queryOptions, useQuery } from "@tanstack/react-query";
import { api, data, type Schema } from "./client";
import { isProblem, type Problem } from "./problem";
import { setOnSignedOut } from "./query";

export type Me = Schema["Me"];
export type Role = Schema["Role"];
export type Scope = Schema["Scope"];

/** Who is signed in; null: nobody. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: async ({ signal }): Promise<Me | null> => {
    try {
      return await data(api.GET("/v1/me", { signal }));
    } catch (err) {
      if (isProblem(err, 401)) return null;
      throw err;
    }
  },
  staleTime: 5 * 60_000,
});

/** What anybody may know: whether the first account is still to be made, and such. */
export const setupQuery = queryOptions({
  queryKey: ["setup"],
  queryFn: ({ signal }) => data(api.GET("/v1/setup", { signal })),
  staleTime: 5 * 60_000,
});

/** Who looks at the page, inside of pages that need somebody to be signed in. */
export function useMe(): Me {
  const { data: me } = useQuery(meQuery);
  if (!me) throw new Error("no one is signed in");
  return me;
}

/**
 * Whether the viewer may do what needs a scope: hide or disable what would be refused.
 * viewers read, editors write, admins and owners admin.
 */
export function useMay(scope: Scope): boolean {
  const { data: me } = useQuery(meQuery);
  return me?.scopes.some((s) => rank[s] >= rank[scope]) ?? false;
}

/** Owners of an organisation may make others, and everybody where sign-up is open. */
export function useMayMakeOrganisations(): boolean {
  const me = useMe();
  const { data: setup } = useQuery(setupQuery);
  return (
    me.account !== null &&
    ((setup?.sign_up_open ?? false) || me.organisations.some((o) => o.role === "owner"))
  );
}

const rank: Record<Scope, number> = { read: 0, write: 1, admin: 2 };

/** Takes the answer of signing in: whatever was cached belonged to somebody else. */
export function signedIn(client: QueryClient, me: Me) {
  client.clear();
  client.setQueryData(meQuery.queryKey, me);
}

export async function signOut(client: QueryClient): Promise<void> {
  try {
    await data(api.DELETE("/v1/session"));
  } catch (err) {
    if (!isProblem(err, 401)) throw err;
  }
  client.clear();
  client.setQueryData(meQuery.queryKey, null);
}

export async function switchOrganisation(client: QueryClient, id: string): Promise<void> {
  signedIn(client, await data(api.PATCH("/v1/session", { body: { organisation_id: id } })));
}

/** A session that the server has ended: pages go to the sign-in by themselves. */
export function watchSession(client: QueryClient) {
  setOnSignedOut(() => {
    if (client.getQueryData(meQuery.queryKey)) client.setQueryData(meQuery.queryKey, null);
  });
}

/** The password was right, and a code is asked for. */
export const wantsCode = (err: unknown): err is Problem =>
  isProblem(err, 401) && err.type.endsWith(":second-factor");

/** Where to go after signing in: only into this dashboard, never to another site. */
export function returnPath(search: string): string {
  const next = new URLSearchParams(search).get("next") ?? "/";
  return /^\/(?![/\\])/.test(next) && !/^\/(sign-in|setup)\b/.test(next) ? next : "/";
}
