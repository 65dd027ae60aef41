import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, data, type Schema } from "@/api/client";
import { Button, ErrorState, Loading, Panel, Skeleton, Time, Tooltip, toast } from "@/ui";
import { device } from "./device";

/** Where one is signed in. */
export function Sessions() {
  const sessions = useQuery({
    queryKey: ["sessions"],
    queryFn: ({ signal }) => data(api.GET("/v1/sessions", { signal })),
  });
  return (
    <Panel title="Signed in" flush>
      {sessions.isPending ? (
        <Loading className="space-y-4 p-4">
          <Skeleton className="h-9" />
          <Skeleton className="h-9" />
        </Loading>
      ) : sessions.isError ? (
        <ErrorState
          compact
          error={sessions.error}
          what="the sessions"
          retry={() => void sessions.refetch()}
        />
      ) : (
        <ul aria-label="Sessions">
          {sessions.data.items.map((s) => (
            <One key={s.id} session={s} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function One({ session: s }: { session: Schema["Session"] }) {
  const client = useQueryClient();
  const what = device(s.user_agent);
  const end = useMutation({
    mutationFn: () => data(api.DELETE("/v1/sessions/{id}", { params: { path: { id: s.id } } })),
    onSuccess: () => {
      toast.done(`${what} was signed out`);
      void client.invalidateQueries({ queryKey: ["sessions"] });
    },
    onError: (err) => toast.failed(err, "It is still signed in"),
  });
  return (
    <li className="flex items-center gap-3 border-b border-line px-4 py-3 last:border-0">
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-baseline gap-x-2">
          <Tooltip text={s.user_agent || "It said nothing of itself."}>
            <span tabIndex={0} className="font-medium">
              {what}
            </span>
          </Tooltip>
          {s.current && <span className="text-[13px] text-up">● this one</span>}
        </div>
        <div className="text-[13px] text-muted">
          {s.address} · seen <Time at={s.last_seen_at} /> · since <Time at={s.created_at} absolute /> · ends{" "}
          <Time at={s.expires_at} />
        </div>
      </div>
      {!s.current && (
        <Button
          small
          busy={end.isPending}
          aria-label={`Sign out there: ${what}`}
          onClick={() => end.mutate()}
        >
          Sign out there
        </Button>
      )}
    </li>
  );
}
