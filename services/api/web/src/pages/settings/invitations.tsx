import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, type Schema } from "@/api/client";
import { useMe } from "@/api/session";
import { Button, ErrorState, Loading, Panel, Skeleton, Time, toast } from "@/ui";
import { LinkOnce } from "./link-once";
import { everyPage } from "./pages";
import { roleWords } from "./roles";

/** Who was invited and has not come yet. */
export function Invitations() {
  const [shown, setShown] = useState<Schema["InvitationShown"] | undefined>();
  const invitations = useQuery({
    queryKey: ["invitations"],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        data(
          api.GET("/v1/invitations", {
            params: { query: { limit: 1_000, ...(cursor ? { cursor } : {}) } },
            signal,
          }),
        ),
      ),
  });
  return (
    <Panel title="Invitations" flush>
      {invitations.isPending ? (
        <Loading className="p-4">
          <Skeleton className="h-9" />
        </Loading>
      ) : invitations.isError ? (
        <ErrorState
          compact
          error={invitations.error}
          what="the invitations"
          retry={() => void invitations.refetch()}
        />
      ) : invitations.data.length === 0 ? (
        <p className="px-4 py-3 text-muted">Nobody is expected.</p>
      ) : (
        <ul aria-label="Invitations">
          {invitations.data.map((i) => (
            <One key={i.id} invitation={i} onLink={setShown} />
          ))}
        </ul>
      )}
      {shown && <LinkOnce invitation={shown} close={() => setShown(undefined)} />}
    </Panel>
  );
}

function One({
  invitation: i,
  onLink,
}: {
  invitation: Schema["Invitation"];
  onLink: (shown: Schema["InvitationShown"]) => void;
}) {
  const me = useMe();
  const client = useQueryClient();
  const params = { path: { id: i.id } };
  const again = () => client.invalidateQueries({ queryKey: ["invitations"] });
  const resend = useMutation({
    mutationFn: () => data(api.POST("/v1/invitations/{id}/resend", { params })),
    onSuccess: (shown) => {
      onLink(shown);
      void again();
    },
    onError: (err) => toast.failed(err, "No new link was made"),
  });
  const takeBack = useMutation({
    mutationFn: () => data(api.DELETE("/v1/invitations/{id}", { params })),
    onSuccess: () => {
      toast.done(`The invitation of ${i.email} was taken back`);
      void again();
    },
    onError: (err) => toast.failed(err, "The invitation still stands"),
  });
  const mine = i.role !== "owner" || me.role === "owner";
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line px-4 py-3 last:border-0">
      <div className="min-w-0 flex-1 basis-56">
        <div className="truncate font-medium">{i.email}</div>
        <div className="text-[13px] text-muted">
          {roleWords[i.role].label} · by {i.invited_by} <Time at={i.created_at} /> · ends{" "}
          <Time at={i.expires_at} />
        </div>
      </div>
      {mine && (
        <div className="flex gap-2">
          <Button
            small
            icon="link"
            busy={resend.isPending}
            aria-label={`New link for ${i.email}`}
            onClick={() => resend.mutate()}
          >
            New link
          </Button>
          <Button
            small
            look="quiet"
            busy={takeBack.isPending}
            aria-label={`Take back the invitation of ${i.email}`}
            onClick={() => takeBack.mutate()}
          >
            Take back
          </Button>
        </div>
      )}
    </li>
  );
}
