import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, data, type Schema } from "@/api/client";
import { isProblem } from "@/api/problem";
import { meQuery, useMe } from "@/api/session";
import { useSubmit } from "@/lib/form";
import { Button, EmptyState, Field, FormError, Input, Panel, PasswordInput, toast } from "@/ui";
import { ProofDialog } from "./proof";
import { SecondFactor } from "./second-factor";
import { Sessions } from "./sessions";

/** One's own account. */
export default function Profile() {
  const me = useMe();
  if (!me.account) {
    return (
      <EmptyState icon="key" title="No account">
        This is an API key at work, which has no profile.
      </EmptyState>
    );
  }
  return (
    <div className="space-y-6">
      <Name account={me.account} />
      <Address account={me.account} />
      <NewPassword />
      <SecondFactor account={me.account} />
      <Sessions />
      <Farewell account={me.account} />
    </div>
  );
}

/** Sends a change of the account and keeps what is known of it. */
function useChange(fields: string[], said: string, after?: () => void) {
  const client = useQueryClient();
  return useSubmit((body: Schema["MeUpdate"]) => data(api.PATCH("/v1/me", { body })), {
    fields,
    onDone: (me) => {
      client.setQueryData(meQuery.queryKey, me);
      void client.invalidateQueries({ queryKey: ["sessions"] });
      void client.invalidateQueries({ queryKey: ["members"] });
      toast.done(said);
      after?.();
    },
  });
}

function Name({ account }: { account: Schema["Account"] }) {
  const [name, setName] = useState(account.name);
  const form = useChange(["name"], "Your name was changed");
  return (
    <Panel title="Name">
      <form onSubmit={form.on(() => ({ name: name.trim() }))} noValidate className="max-w-md space-y-4">
        <Field label="Your name" hint="As others see it beside what you did." error={form.error("name")}>
          <Input autoComplete="name" maxLength={200} value={name} onChange={(e) => setName(e.target.value)} />
        </Field>
        <FormError>{form.sentence}</FormError>
        <Button type="submit" busy={form.busy} disabled={name.trim() === account.name}>
          Save the name
        </Button>
      </form>
    </Panel>
  );
}

function Address({ account }: { account: Schema["Account"] }) {
  const [email, setEmail] = useState(account.email);
  const [password, setPassword] = useState("");
  const form = useChange(["email", "password"], "Your address was changed", () => setPassword(""));
  const changes = email.trim() !== account.email;
  const taken = isProblem(form.failure, 409) ? "Another account has this address." : undefined;
  return (
    <Panel title="E-mail address">
      <form
        onSubmit={form.on(() => ({ email: email.trim(), password }))}
        noValidate
        className="max-w-md space-y-4"
      >
        <Field label="Address" hint="You sign in with it." error={form.error("email") ?? taken}>
          <Input type="email" autoComplete="email" value={email} onChange={(e) => setEmail(e.target.value)} />
        </Field>
        {changes && (
          <Field label="Your password" error={form.error("password")}>
            <PasswordInput
              autoComplete="current-password"
              value={password}
              onChange={(e) => setPassword(e.target.value)}
            />
          </Field>
        )}
        {!taken && <FormError>{form.sentence}</FormError>}
        <Button type="submit" busy={form.busy} disabled={!changes}>
          Save the address
        </Button>
      </form>
    </Panel>
  );
}

function NewPassword() {
  const [password, setPassword] = useState("");
  const [next, setNext] = useState("");
  const form = useChange(["new_password", "password"], "Your password was changed", () => {
    setPassword("");
    setNext("");
  });
  return (
    <Panel title="Password">
      <form
        onSubmit={form.on(() => ({ password, new_password: next }))}
        noValidate
        className="max-w-md space-y-4"
      >
        <Field label="The present one" error={form.error("password")}>
          <PasswordInput
            autoComplete="current-password"
            value={password}
            onChange={(e) => setPassword(e.target.value)}
          />
        </Field>
        <Field
          label="The new one"
          hint="At least 10 characters. It ends every other session."
          error={form.error("new_password")}
        >
          <PasswordInput autoComplete="new-password" value={next} onChange={(e) => setNext(e.target.value)} />
        </Field>
        <FormError>{form.sentence}</FormError>
        <Button type="submit" busy={form.busy} disabled={password === "" || next === ""}>
          Change the password
        </Button>
      </form>
    </Panel>
  );
}

function Farewell({ account }: { account: Schema["Account"] }) {
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const [asking, setAsking] = useState(false);
  return (
    <Panel title="Delete the account">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="min-w-0 flex-1 basis-64 text-muted">
          You leave every organisation. One that has no other owner must be handed over or deleted first.
        </p>
        <Button icon="trash" onClick={() => setAsking(true)}>
          Delete the account
        </Button>
      </div>
      <ProofDialog
        open={asking}
        close={() => setAsking(false)}
        title={`Delete ${account.email}?`}
        action="Delete the account"
        danger
        send={(body) => data(api.DELETE("/v1/me", { body }))}
        onDone={() => {
          client.clear();
          client.setQueryData(meQuery.queryKey, null);
          navigate("/");
        }}
      >
        <p>The account cannot come back. What it did stays in the audit logs.</p>
      </ProofDialog>
    </Panel>
  );
}
