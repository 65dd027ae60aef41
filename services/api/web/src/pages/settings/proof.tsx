import type { ReactNode } from "react";
import { useId, useState } from "react";
import type { Schema } from "@/api/client";
import { useMe } from "@/api/session";
import { useSubmit } from "@/lib/form";
import { Button, Dialog, Field, FormError, Input, PasswordInput } from "@/ui";

/** Asks for the password, and for a code where there is a second factor, before something weighty. */
export function ProofDialog<Out>({
  open,
  title,
  children,
  action,
  danger = false,
  send,
  onDone,
  close,
}: {
  open: boolean;
  title: string;
  children?: ReactNode;
  action: string;
  danger?: boolean;
  send: (proof: Schema["PasswordProof"]) => Promise<Out>;
  onDone: (out: Out) => void;
  close: () => void;
}) {
  if (!open) return null;
  return (
    <Inner title={title} action={action} danger={danger} send={send} onDone={onDone} close={close}>
      {children}
    </Inner>
  );
}

function Inner<Out>({
  title,
  children,
  action,
  danger,
  send,
  onDone,
  close,
}: {
  title: string;
  children?: ReactNode;
  action: string;
  danger: boolean;
  send: (proof: Schema["PasswordProof"]) => Promise<Out>;
  onDone: (out: Out) => void;
  close: () => void;
}) {
  const me = useMe();
  const id = useId();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const second = me.account?.totp ?? false;
  const form = useSubmit(send, { fields: ["password", "code"], onDone });
  return (
    <Dialog
      open
      onOpenChange={(o) => !o && close()}
      title={title}
      footer={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" form={id} look={danger ? "danger" : "primary"} busy={form.busy}>
            {action}
          </Button>
        </>
      }
    >
      <form
        id={id}
        noValidate
        className="space-y-4"
        onSubmit={form.on(() => ({ password, ...(second ? { code: code.replaceAll(" ", "") } : {}) }))}
      >
        {children}
        <ProofFields
          password={password}
          onPassword={setPassword}
          code={code}
          onCode={setCode}
          error={form.error}
        />
        <FormError>{form.sentence}</FormError>
      </form>
    </Dialog>
  );
}

export function ProofFields({
  password,
  onPassword,
  code,
  onCode,
  error,
}: {
  password: string;
  onPassword: (v: string) => void;
  code: string;
  onCode: (v: string) => void;
  error: (field: string) => string | undefined;
}) {
  const me = useMe();
  return (
    <>
      <Field label="Your password" error={error("password")}>
        <PasswordInput
          autoComplete="current-password"
          value={password}
          onChange={(e) => onPassword(e.target.value)}
        />
      </Field>
      {me.account?.totp && (
        <Field label="Code" hint="Of your authenticator app, or a recovery code." error={error("code")}>
          <Input
            inputMode="numeric"
            autoComplete="one-time-code"
            value={code}
            onChange={(e) => onCode(e.target.value)}
          />
        </Field>
      )}
    </>
  );
}
