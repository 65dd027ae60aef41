import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link, useLocation } from "wouter";
import { api, data } from "@/api/client";
import { isProblem } from "@/api/problem";
import { returnPath, setupQuery, signedIn, wantsCode } from "@/api/session";
import { useSubmit } from "@/lib/form";
import { duration } from "@/lib/format";
import { useSearch } from "@/lib/url";
import { Card, Front } from "@/shell/front";
import { Banner, Button, Checkbox, Field, FormError, Input, PasswordInput } from "@/ui";

/** Signing in: address and password, then the second factor's code if there is one. */
export default function SignIn() {
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const search = useSearch();
  const setup = useQuery(setupQuery);
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [remember, setRemember] = useState(false);
  const [second, setSecond] = useState(false);
  const [wrong, setWrong] = useState<string | undefined>();
  const fields = ["email", "password", "code"];
  const form = useSubmit(
    (body: { email: string; password: string; remember: boolean; code?: string }) =>
      data(api.POST("/v1/sessions", { body })).catch((err: unknown) => {
        if (wantsCode(err) && !second) {
          setSecond(true);
          return undefined;
        }
        throw err;
      }),
    {
      fields,
      quiet: true,
      onDone: (me) => {
        if (!me) return;
        signedIn(client, me);
        navigate(returnPath(search), { replace: true });
      },
    },
  );
  const send = (e: FormEvent) => {
    e.preventDefault();
    const missing =
      email.trim() === "" || password === ""
        ? "Both the address and the password are needed."
        : second && code.trim() === ""
          ? "The code is needed."
          : undefined;
    setWrong(missing);
    if (missing === undefined)
      form.submit({
        email: email.trim(),
        password,
        remember,
        ...(second ? { code: code.replaceAll(" ", "") } : {}),
      });
  };
  const next = new URLSearchParams(search).get("next");
  const refused = isProblem(form.failure, 401)
    ? second
      ? "That code is not right, or was used before."
      : "No account has this address and password."
    : form.sentence;
  const wait = isProblem(form.failure, 429) ? form.failure.retryAfterSeconds : undefined;
  return (
    <Front title="Sign in">
      {next && !second && (
        <div className="mb-4">
          <Banner>Sign in to see that page.</Banner>
        </div>
      )}
      <Card
        heading={second ? "Second factor" : "Sign in"}
        note={second && "The six digits that your authenticator app shows, or one of your recovery codes."}
      >
        <form onSubmit={send} noValidate className="space-y-4">
          {!second && (
            <>
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
              <Field label="Password" error={form.error("password")}>
                <PasswordInput
                  name="password"
                  autoComplete="current-password"
                  required
                  value={password}
                  onChange={(e) => setPassword(e.target.value)}
                />
              </Field>
              <Checkbox
                checked={remember}
                onChange={setRemember}
                label="Stay signed in on this device for 30 days"
              />
            </>
          )}
          {second && (
            <Field label="Code" error={form.error("code")}>
              <Input
                name="code"
                autoFocus
                inputMode="numeric"
                autoComplete="one-time-code"
                value={code}
                onChange={(e) => setCode(e.target.value)}
              />
            </Field>
          )}
          <FormError>{wrong ?? refused}</FormError>
          {wait !== undefined && <p className="text-muted">Another try makes sense in {duration(wait)}.</p>}
          <div className="flex items-center justify-between gap-2">
            <Button type="submit" look="primary" busy={form.busy}>
              {second ? "Go on" : "Sign in"}
            </Button>
            {second ? (
              <Button
                look="quiet"
                onClick={() => {
                  setSecond(false);
                  form.reset();
                }}
              >
                Back
              </Button>
            ) : (
              <Link href="/reset" className="text-accent">
                Forgotten the password?
              </Link>
            )}
          </div>
        </form>
      </Card>
      {setup.data && (setup.data.sign_up_open || setup.data.needed) && (
        <p className="mt-4 text-center text-muted">
          No account yet?{" "}
          <Link href="/setup" className="text-accent">
            {setup.data.needed ? "Make the first one" : "Make one"}
          </Link>
        </p>
      )}
    </Front>
  );
}
