import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, type Schema } from "@/api/client";
import { meQuery } from "@/api/session";
import { useSubmit } from "@/lib/form";
import { Banner, Button, CopyButton, Dialog, Field, FormError, Input, Panel, toast } from "@/ui";
import { ProofDialog } from "./proof";

type Asking = "begin" | "remove" | "codes" | undefined;

const few = 3;

/** An authenticator app's codes beside the password. */
export function SecondFactor({ account }: { account: Schema["Account"] }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState<Asking>();
  const [secret, setSecret] = useState<Schema["TotpSecret"] | undefined>();
  const [codes, setCodes] = useState<string[] | undefined>();
  const refresh = () => void client.invalidateQueries({ queryKey: meQuery.queryKey });
  return (
    <Panel title="Second factor">
      {account.totp ? (
        <div className="space-y-4">
          <p>
            <span aria-hidden="true" className="text-up">
              ●{" "}
            </span>
            A code of your authenticator app is asked for at sign-in.{" "}
            <span className={account.recovery_codes_left <= few ? "text-degraded" : "text-muted"}>
              {account.recovery_codes_left} recovery codes are left.
            </span>
          </p>
          <div className="flex flex-wrap gap-2">
            <Button icon="refresh" onClick={() => setAsking("codes")}>
              New recovery codes
            </Button>
            <Button icon="trash" onClick={() => setAsking("remove")}>
              Remove it
            </Button>
          </div>
        </div>
      ) : (
        <div className="flex flex-wrap items-center justify-between gap-3">
          <p className="min-w-0 flex-1 basis-64 text-muted">
            <span aria-hidden="true">○ </span>
            Off: the password alone is asked for. With a second factor a stolen password is not enough.
          </p>
          <Button icon="shield" onClick={() => setAsking("begin")}>
            Set it up
          </Button>
        </div>
      )}
      <ProofDialog
        open={asking === "begin"}
        close={() => setAsking(undefined)}
        title="Set up a second factor"
        action="Go on"
        send={(body) => data(api.POST("/v1/me/totp", { body }))}
        onDone={(s) => {
          setAsking(undefined);
          setSecret(s);
        }}
      />
      <ProofDialog
        open={asking === "remove"}
        close={() => setAsking(undefined)}
        title="Remove the second factor?"
        action="Remove it"
        danger
        send={(body) => data(api.DELETE("/v1/me/totp", { body }))}
        onDone={() => {
          setAsking(undefined);
          toast.done("The second factor was removed");
          refresh();
        }}
      >
        <p>The password alone is asked for then, and the recovery codes end.</p>
      </ProofDialog>
      <ProofDialog
        open={asking === "codes"}
        close={() => setAsking(undefined)}
        title="New recovery codes"
        action="Make them"
        send={(body) => data(api.POST("/v1/me/recovery-codes", { body }))}
        onDone={(r) => {
          setAsking(undefined);
          setCodes(r.recovery_codes);
          refresh();
        }}
      >
        <p>Those that you have end at once.</p>
      </ProofDialog>
      {secret && (
        <Confirm
          secret={secret}
          close={() => setSecret(undefined)}
          onDone={(c) => {
            setSecret(undefined);
            setCodes(c);
            refresh();
          }}
        />
      )}
      {codes && <Codes codes={codes} email={account.email} close={() => setCodes(undefined)} />}
    </Panel>
  );
}

function Confirm({
  secret,
  close,
  onDone,
}: {
  secret: Schema["TotpSecret"];
  close: () => void;
  onDone: (codes: string[]) => void;
}) {
  const [code, setCode] = useState("");
  const form = useSubmit((body: Schema["TotpCode"]) => data(api.POST("/v1/me/totp/confirm", { body })), {
    fields: ["code"],
    onDone: (r) => onDone(r.recovery_codes),
  });
  return (
    <Dialog open onOpenChange={(o) => !o && close()} title="Scan the code with your authenticator app">
      <form
        noValidate
        onSubmit={form.on(() => ({ code: code.replaceAll(" ", "") }))}
        className="grid gap-6 sm:grid-cols-[auto_minmax(0,1fr)]"
      >
        <img
          alt="QR code for an authenticator app"
          src={`data:image/svg+xml;utf8,${encodeURIComponent(secret.qr_svg)}`}
          className="mx-auto size-48 rounded bg-[#fff] p-2"
        />
        <div className="space-y-4">
          <div>
            <p className="text-muted">Or type this key into it:</p>
            <p className="my-1 font-mono wrap-anywhere">{secret.secret.replace(/(.{4})/g, "$1 ").trim()}</p>
            <CopyButton text={secret.secret} label="Copy the key" look="secondary" />
          </div>
          <Field label="The six digits that it shows" error={form.error("code")}>
            <Input
              inputMode="numeric"
              autoComplete="one-time-code"
              value={code}
              onChange={(e) => setCode(e.target.value)}
            />
          </Field>
          <FormError>{form.sentence}</FormError>
          <Button type="submit" look="primary" busy={form.busy} disabled={code.trim() === ""}>
            Turn it on
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Recovery codes, this once; they are closed only on purpose. */
function Codes({ codes, email, close }: { codes: string[]; email: string; close: () => void }) {
  const [hasty, setHasty] = useState(false);
  return (
    <Dialog
      open
      onOpenChange={() => setHasty(true)}
      title="Your recovery codes"
      footer={
        <>
          {hasty && (
            <p role="alert" className="mr-auto self-center text-degraded">
              ◆ Keep them first.
            </p>
          )}
          <Button look="primary" onClick={close}>
            I have kept them
          </Button>
        </>
      }
    >
      <div className="space-y-4">
        <Banner look="warning">They are shown this once. Each lets you in once without your app.</Banner>
        <ul
          aria-label="Recovery codes"
          className="grid grid-cols-2 gap-x-6 gap-y-1 rounded border border-line bg-sunken p-4 font-mono"
        >
          {codes.map((c) => (
            <li key={c}>{c}</li>
          ))}
        </ul>
        <div className="flex gap-2">
          <CopyButton text={codes.join("\n")} label="Copy all" look="secondary" />
          <Button small onClick={() => printed(codes, email)}>
            Print
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

/** Prints nothing but the codes: from a frame of their own. */
function printed(codes: string[], email: string) {
  const frame = document.createElement("iframe");
  frame.className = "fixed size-0 border-0";
  frame.title = "Recovery codes to print";
  document.body.append(frame);
  const page = frame.contentDocument;
  if (!page) return;
  const heading = page.createElement("h1");
  heading.textContent = `probefleet: recovery codes of ${email}`;
  const list = page.createElement("pre");
  list.textContent = codes.join("\n");
  list.style.fontSize = "18px";
  page.body.append(heading, list);
  frame.contentWindow?.addEventListener("afterprint", () => frame.remove());
  frame.contentWindow?.print();
}
