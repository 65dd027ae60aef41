import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation, useParams } from "wouter";
import { api, data, type Schema } from "@/api/client";
import { isProblem } from "@/api/problem";
import { meQuery, signedIn, signOut } from "@/api/session";
import { useSubmit } from "@/lib/form";
import { Card, Front } from "@/shell/front";
import {
  Button,
  ErrorState,
  Field,
  FormError,
  Input,
  LinkButton,
  Loading,
  PasswordInput,
  Skeleton,
  Time,
} from "@/ui";

/** What an invitation's link opens: who invites whom to what, and the way in. */
export default function Invited() {
  const { token = "" } = useParams<{ token: string }>();
  const invited = useQuery({
    queryKey: ["invited", token],
    queryFn: ({ signal }) => data(api.GET("/v1/invited/{token}", { params: { path: { token } }, signal })),
  });
  const me = useQuery(meQuery);
  return (
    <Front title="Invitation">
      {invited.isPending || me.isPending ? (
        <Loading>
          <Skeleton className="h-72" />
        </Loading>
      ) : isProblem(invited.error, 404) ? (
        <Card
          heading="This invitation is not there any more"
          note="It was used, taken back, or has expired. Ask who invited you for a new link."
        >
          <LinkButton href="/sign-in">Sign in</LinkButton>
        </Card>
      ) : invited.isError ? (
        <ErrorState error={invited.error} what="the invitation" retry={() => void invited.refetch()} />
      ) : (
        <Invitation token={token} invited={invited.data} address={me.data?.account?.email} />
      )}
    </Front>
  );
}

function Invitation({
  token,
  invited,
  address,
}: {
  token: string;
  invited: Schema["Invited"];
  address: string | undefined;
}) {
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const own = address?.toLowerCase() === invited.email.toLowerCase();
  const form = useSubmit(
    (body: Schema["InvitationAccept"]) =>
      data(api.POST("/v1/invited/{token}", { params: { path: { token } }, body })),
    {
      fields: own ? [] : ["name", "password"],
      quiet: true,
      onDone: (me) => {
        signedIn(client, me);
        navigate("/", { replace: true });
      },
    },
  );
  const signIn = `/sign-in?next=${encodeURIComponent(`/invited/${token}`)}`;
  const leave = useMutation({
    mutationFn: () => signOut(client),
    onSuccess: () => navigate(signIn),
  });
  // The address got an account, or this browser another one, since the page was opened.
  const other = isProblem(form.failure, 409) ? form.failure : undefined;
  const note = (
    <>
      <b className="text-text">{invited.invited_by}</b> invites <b className="text-text">{invited.email}</b>{" "}
      to <b className="text-text">{invited.organisation}</b> as {invited.role}. The invitation ends{" "}
      <Time at={invited.expires_at} />.
    </>
  );
  if (invited.has_account && !own) {
    return (
      <Card heading="You are invited" note={note}>
        <p className="mb-4">
          {address
            ? `You are signed in as ${address}: sign out first, then in as ${invited.email}.`
            : "This address has an account: sign in with it, and you come back here."}
        </p>
        {address ? (
          <Button look="primary" busy={leave.isPending} onClick={() => leave.mutate()}>
            Sign out and go on
          </Button>
        ) : (
          <LinkButton look="primary" href={signIn}>
            Sign in
          </LinkButton>
        )}
      </Card>
    );
  }
  return (
    <Card heading="You are invited" note={note}>
      <form
        onSubmit={form.on(() => (own ? {} : { password, ...(name.trim() ? { name: name.trim() } : {}) }))}
        noValidate
        className="space-y-4"
      >
        {!own && (
          <>
            <Field label="Your name" optional error={form.error("name")}>
              <Input name="name" autoComplete="name" value={name} onChange={(e) => setName(e.target.value)} />
            </Field>
            <Field label="Choose a password" error={form.error("password")} hint="At least 10 characters.">
              <PasswordInput
                name="password"
                autoComplete="new-password"
                required
                value={password}
                onChange={(e) => setPassword(e.target.value)}
              />
            </Field>
          </>
        )}
        <FormError>{form.sentence}</FormError>
        {other?.type.endsWith(":sign-in-first") && <LinkButton href={signIn}>Sign in</LinkButton>}
        {other?.type.endsWith(":other-address") && (
          <Button busy={leave.isPending} onClick={() => leave.mutate()}>
            Sign out and go on
          </Button>
        )}
        <Button type="submit" look="primary" busy={form.busy}>
          Join {invited.organisation}
        </Button>
      </form>
    </Card>
  );
}
