import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, data } from "@/api/client";
import { isProblem } from "@/api/problem";
import { setupQuery, signedIn } from "@/api/session";
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
} from "@/ui";

const leastPassword = 10;

/** The first account of a fleet, or one of one's own where anybody may have one. */
export default function SetUp() {
  const setup = useQuery(setupQuery);
  if (setup.isPending) {
    return (
      <Front title="Set up">
        <Loading>
          <Skeleton className="h-96" />
        </Loading>
      </Front>
    );
  }
  if (setup.isError) {
    return (
      <Front title="Set up">
        <ErrorState error={setup.error} retry={() => void setup.refetch()} />
      </Front>
    );
  }
  if (!setup.data.needed && !setup.data.sign_up_open) {
    return (
      <Front title="Set up">
        <Card
          heading="This fleet is set up"
          note="Accounts are made by invitation here: ask somebody who has one."
        >
          <LinkButton look="primary" href="/sign-in">
            Sign in
          </LinkButton>
        </Card>
      </Front>
    );
  }
  return <Form first={setup.data.needed} />;
}

function Form({ first }: { first: boolean }) {
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const [values, setValues] = useState({ name: "", email: "", password: "", organisation: "" });
  const set = (key: keyof typeof values) => (e: { target: { value: string } }) =>
    setValues({ ...values, [key]: e.target.value });
  const form = useSubmit(
    (v: typeof values) => {
      const body = {
        email: v.email.trim(),
        password: v.password,
        ...(v.name.trim() ? { name: v.name.trim() } : {}),
        ...(v.organisation.trim() ? { organisation: v.organisation.trim() } : {}),
      };
      return data(first ? api.POST("/v1/setup", { body }) : api.POST("/v1/sign-up", { body }));
    },
    {
      fields: Object.keys(values),
      quiet: true,
      onDone: (me) => {
        signedIn(client, me);
        void client.invalidateQueries({ queryKey: setupQuery.queryKey });
        navigate("/", { replace: true });
      },
    },
  );
  const late =
    isProblem(form.failure) && /:(set-up|sign-up-closed)$/.test(form.failure.type) ? form.failure : undefined;
  if (late) {
    return (
      <Front title="Set up">
        <Card
          heading={first ? "Somebody was quicker" : "This fleet takes no new accounts"}
          note={late.message}
        >
          <LinkButton look="primary" href="/sign-in">
            Sign in
          </LinkButton>
        </Card>
      </Front>
    );
  }
  const taken = isProblem(form.failure, 409) ? form.failure.message : undefined;
  const short =
    values.password !== "" && values.password.length < leastPassword
      ? `${leastPassword - values.password.length} more to go.`
      : `At least ${leastPassword} characters; a few words are easy to remember.`;
  return (
    <Front title="Set up">
      <Card
        heading={first ? "Welcome" : "Make an account"}
        note={
          first
            ? "Nobody has an account on this fleet yet. The first one owns it and can invite others."
            : "It comes with an organisation of its own."
        }
      >
        <form onSubmit={form.on(() => values)} noValidate className="space-y-4">
          <Field label="Your name" optional error={form.error("name")}>
            <Input name="name" autoComplete="name" value={values.name} onChange={set("name")} />
          </Field>
          <Field label="E-mail address" error={form.error("email") ?? taken}>
            <Input
              type="email"
              name="email"
              autoComplete="username"
              required
              value={values.email}
              onChange={set("email")}
            />
          </Field>
          <Field label="Password" error={form.error("password")} hint={short}>
            <PasswordInput
              name="password"
              autoComplete="new-password"
              required
              value={values.password}
              onChange={set("password")}
            />
          </Field>
          <Field
            label="Organisation"
            optional
            error={form.error("organisation")}
            hint="Your team or company. It can be changed later."
          >
            <Input
              name="organisation"
              autoComplete="organization"
              value={values.organisation}
              onChange={set("organisation")}
            />
          </Field>
          {!taken && <FormError>{form.sentence}</FormError>}
          <Button type="submit" look="primary" busy={form.busy} className="w-full">
            {first ? "Set up" : "Make the account"}
          </Button>
        </form>
      </Card>
    </Front>
  );
}
