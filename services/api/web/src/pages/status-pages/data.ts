import { queryOptions } from "@tanstack/react-query";
import { api, data, type Schema } from "@/api/client";

export type StatusPage = Schema["StatusPage"];

/** Every status page of the organisation. */
export const pagesQuery = queryOptions({
  queryKey: ["status-pages"],
  queryFn: async ({ signal }): Promise<StatusPage[]> => {
    const all: StatusPage[] = [];
    let cursor: string | undefined;
    do {
      const page = await data(
        api.GET("/v1/status-pages", {
          params: { query: { limit: 1_000, ...(cursor ? { cursor } : {}) } },
          signal,
        }),
      );
      all.push(...page.items);
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
    return all;
  },
});

export const pageQuery = (id: string) =>
  queryOptions({
    queryKey: ["status-page", id],
    queryFn: ({ signal }) => data(api.GET("/v1/status-pages/{id}", { params: { path: { id } }, signal })),
  });
