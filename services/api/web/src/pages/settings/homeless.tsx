import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { signOut, switchOrganisation, useMayMakeOrganisations, useMe } from "@/api/session";
import { Card, Front } from "@/shell/front";
import { Button, toast } from "@/ui";
import { NewOrganisation } from "./new-organisation";

/** For an account that works in no organisation: it was removed, or has left. */
export default function Homeless() {
  const me = useMe();
  const client = useQueryClient();
  const mayMake = useMayMakeOrganisations();
  const [making, setMaking] = useState(false);
  const change = useMutation({
    mutationFn: (id: string) => switchOrganisation(client, id),
    onError: (err) => toast.failed(err, "The organisation was not changed"),
  });
  const some = me.organisations.length > 0;
  return (
    <Front title="No organisation">
      <Card
        heading={some ? "Where do you want to work?" : "You belong to no organisation"}
        note={
          some
            ? "The one that you worked in is gone, or you are no longer in it."
            : "Somebody has to invite you: ask an owner or admin for a link."
        }
      >
        <div className="flex flex-wrap gap-2">
          {me.organisations.map((o) => (
            <Button
              key={o.id}
              look="primary"
              busy={change.isPending && change.variables === o.id}
              onClick={() => change.mutate(o.id)}
            >
              {o.name}
            </Button>
          ))}
          {mayMake && (
            <Button icon="plus" onClick={() => setMaking(true)}>
              New organisation
            </Button>
          )}
          <Button
            look="quiet"
            icon="signOut"
            onClick={() => void signOut(client).catch((err) => toast.failed(err, "You are still signed in"))}
          >
            Sign out
          </Button>
        </div>
      </Card>
      {making && <NewOrganisation close={() => setMaking(false)} />}
    </Front>
  );
}
