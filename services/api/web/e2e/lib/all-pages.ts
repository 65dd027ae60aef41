import { api, becomes, must, until, watch } from "./fleet";

/** A website that is down, with all that belongs to it, and the addresses of every page that shows some of it. */
export async function everyPage(name: string) {
  const site = await watch(name, { tags: [name] }, "status 500");
  await becomes(site.id, "down");
  const incident = await until("its incident", async () => {
    const found = await must(api.GET("/v1/incidents", { params: { query: { website_id: site.id } } }));
    return found.items[0]?.id;
  });
  await must(
    api.POST("/v1/status-pages", { body: { slug: name, title: name, websites: [{ website_id: site.id }] } }),
  );
  await must(api.POST("/v1/channels", { body: { name, kind: "webhook", config: { url: site.url } } }));
  return {
    signedIn: [
      "/",
      "/?add=1",
      "/?view=map",
      "/?group=1",
      `/w/${site.id}?range=1h`,
      `/w/${site.id}?tab=settings`,
      "/incidents",
      `/incidents/${incident}`,
      "/fleet",
      "/alerts",
      "/status-pages",
      "/settings",
      "/wall",
      "/nowhere",
    ],
    signedOut: ["/", "/sign-in", "/reset", `/status/${name}`],
  };
}
