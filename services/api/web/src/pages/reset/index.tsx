import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useParams } from "wouter";
import { api, data } from "@/api/client";
import { isProblem } from "@/api/problem";
import { setupQuery } from "@/api/session";
import { useSubmit } from "@/lib/form";
import { Card, Front } from "@/shell/front";
import { Button, Field, FormError, Input, LinkButton, PasswordInput } from "@/ui";

/** A forgotten password: asking for a link, and what the link opens. */
export default function Reset() {
  const { token } = useParams<{ token?: string }>();
  return <Front title="New password">{token ? <Choose token={token} /> : <Ask />}</Front>;
}

function Ask() {
  const setup = useQuery(setupQuery);
  const [email, setEmail] = useState("");
  const form = useSubmit((body: { email: string }) => data(api.POST("/v1/password-resets", { body })), {
    fields: ["email"],
    quiet: true,
  });
  if (setup.data && !setup.data.mail) {
    return (
      <Card
        heading="This fleet sends no mail"
        note="So it cannot send you a link. Whoever runs it can give you a new password on the server."
      >
        <LinkButton href="/sign-in">Back</LinkButton>
      </Card>
    );
  }
  if (form.done) {
    return (
      <Card
        heading="Look into your mail"
        note={`If ${email} has an account, a link to choose a new password is on its way. It works for a short time only.`}
      >
        <LinkButton href="/sign-in">Back to sign in</LinkButton>
      </Card>
    );
  }
  return (
    <Card heading="Forgotten the password" note="A link to choose a new one is sent to your address.">
      <form onSubmit={form.on(() => ({ email: email.trim() }))} noValidate className="space-y-4">
        <Field label="E-mail address" error={form.error("email")}>
          <Input
            type="email"
            name="email"
            autoComplete="username"
            required
            value={email}
            onChange={(e) => setEmail(e.target.value)}
          />
        </Field>
        <FormError>{form.sentence}</FormError>
        <div className="flex gap-2">
          <Button type="submit" look="primary" busy={form.busy}>
            Send the link
          </Button>
          <LinkButton look="quiet" href="/sign-in">
            Back
          </LinkButton>
        </div>
      </form>
    </Card>
  );
}

function Choose({ token }: { token: string }) {
  const [password, setPassword] = useState("");
  const form = useSubmit(
    (body: { password: string }) =>
      data(api.POST("/v1/password-resets/{token}", { params: { path: { token } }, body })),
    { fields: ["password"], quiet: true },
  );
  if (form.done) {
    return (
      <Card
        heading="The password is changed"
        note="Every session has ended. The second factor, if you have one, stays."
      >
        <LinkButton look="primary" href="/sign-in">
          Sign in
        </LinkButton>
      </Card>
    );
  }
  if (isProblem(form.failure, 404)) {
    return (
      <Card heading="This link does not work any more" note="It was used, or is too old.">
        <LinkButton look="primary" href="/reset">
          Ask for a new one
        </LinkButton>
      </Card>
    );
  }
  return (
    <Card heading="Choose a new password">
      <form onSubmit={form.on(() => ({ password }))} noValidate className="space-y-4">
        <Field label="New password" error={form.error("password")} hint="At least 10 characters.">
          <PasswordInput
            name="password"
            autoComplete="new-password"
            required
            value={password}
            onChange={(e) => setPassword(e.target.value)}
          />
        </Field>
        <FormError>{form.sentence}</FormError>
        <Button type="submit" look="primary" busy={form.busy}>
          Change it
        </Button>
      </form>
    </Card>
  );
}
