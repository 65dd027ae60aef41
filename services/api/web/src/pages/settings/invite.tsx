import { useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { api, data, type Schema } from "@/api/client";
import { isProblem } from "@/api/problem";
import { type Role, useMe } from "@/api/session";
import { useSubmit } from "@/lib/form";
import { Button, Dialog, Field, FormError, Input, Select } from "@/ui";
import { LinkOnce } from "./link-once";
import { assignable, roleWords } from "./roles";

/** Invites somebody by address; the link is shown once afterwards. */
export function Invite({ close }: { close: () => void }) {
  const id = useId();
  const me = useMe();
  const client = useQueryClient();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("editor");
  const [made, setMade] = useState<Schema["InvitationShown"] | undefined>();
  const form = useSubmit((body: Schema["InvitationCreate"]) => data(api.POST("/v1/invitations", { body })), {
    fields: ["email", "role"],
    onDone: (shown) => {
      void client.invalidateQueries({ queryKey: ["invitations"] });
      setMade(shown);
    },
  });
  if (made) return <LinkOnce invitation={made} close={close} />;
  const conflict = isProblem(form.failure, 409) ? form.failure.message : undefined;
  return (
    <Dialog
      open
      onOpenChange={(o) => !o && close()}
      title="Invite somebody"
      footer={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" form={id} look="primary" busy={form.busy}>
            Invite
          </Button>
        </>
      }
    >
      <form
        id={id}
        noValidate
        className="space-y-4"
        onSubmit={form.on(() => ({ email: email.trim(), role }))}
      >
        <Field label="E-mail address" error={form.error("email") ?? conflict}>
          <Input type="email" autoComplete="off" value={email} onChange={(e) => setEmail(e.target.value)} />
        </Field>
        <Field label="Role" hint={`May do: ${roleWords[role].may}.`} error={form.error("role")}>
          <Select
            value={role}
            onChange={setRole}
            options={assignable(me.role).map((r) => ({ value: r, label: roleWords[r].label }))}
          />
        </Field>
        {!conflict && <FormError>{form.sentence}</FormError>}
      </form>
    </Dialog>
  );
}
