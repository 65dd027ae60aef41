import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, data, type Schema } from "@/api/client";
import { plural } from "@/lib/format";
import { toast } from "@/ui";
import { useRefetchRows } from "./rows";

type Bulk = Schema["Bulk"];

const did: Record<Bulk["action"], string> = {
  pause: "Paused",
  resume: "Resumed",
  mute: "Muted",
  unmute: "Unmuted",
  check: "Checking",
  tag: "Tagged",
  untag: "Took tags from",
  delete: "Deleted",
};
const undo: Partial<Record<Bulk["action"], Bulk["action"]>> = {
  pause: "resume",
  resume: "pause",
  mute: "unmute",
  unmute: "mute",
  tag: "untag",
  untag: "tag",
};

/** Does something to websites at once, says what was done and offers to undo it. */
export function useBulk() {
  const client = useQueryClient();
  const refetch = useRefetchRows();
  const m = useMutation({
    mutationFn: (body: Bulk & { ids: string[] }) => data(api.POST("/v1/websites/bulk", { body })),
    onSuccess: (result, body) => {
      const back = undo[body.action];
      const title = `${did[body.action]} ${plural(result.changed, "website")}`;
      const kept = result.matched - result.changed;
      toast.done(title, {
        ...(kept > 0 && body.action !== "check" ? { detail: `${plural(kept, "other")} already so.` } : {}),
        // Undoing for those that were so already would do more than undo.
        ...(back && kept === 0 && result.changed > 0
          ? { action: { label: "Undo", run: () => m.mutate({ ...body, action: back }) } }
          : {}),
      });
      refetch(body.ids);
      for (const key of ["overview", "tags"]) void client.invalidateQueries({ queryKey: [key] });
    },
    onError: (err) => toast.failed(err),
  });
  return m;
}

/** Checks one website now, in every region, and says what was seen. */
export function useCheckNow() {
  const refetch = useRefetchRows();
  return useMutation({
    mutationFn: ({ id }: { id: string; name: string }) =>
      data(api.POST("/v1/websites/{id}/check", { params: { path: { id } } })),
    onMutate: ({ name }) => toast.info(`Checking ${name} in every region`),
    onSuccess: (report, { id, name }) => {
      const good = report.results.filter((r) => r.ok).length;
      const bad = report.results.filter((r) => !r.ok).map((r) => `${r.region}: ${r.detail || r.reason}`);
      const title = `${name}: ${good} of ${plural(report.results.length, "answer")} good`;
      const detail = [...bad, ...(report.complete ? [] : ["Not every region has answered in time."])].join(
        "; ",
      );
      if (bad.length > 0) toast.info(title, { detail });
      else toast.done(title, detail ? { detail } : {});
      refetch([id]);
    },
    onError: (err, { name }) => toast.failed(err, `${name} was not checked`),
  });
}
