import { useState } from "react";
import type { Schema } from "@/api/client";
import { Banner, Button, CopyButton, Dialog, Time } from "@/ui";

/** A key, this once; it is closed only on purpose. */
export function KeyOnce({ shown, close }: { shown: Schema["ApiKeyShown"]; close: () => void }) {
  const [hasty, setHasty] = useState(false);
  const curl = `curl -sS -H 'Authorization: Bearer ${shown.key}' '${location.origin}/v1/websites'`;
  return (
    <Dialog
      open
      wide
      onOpenChange={() => setHasty(true)}
      title={`The key ${shown.name}`}
      footer={
        <>
          {hasty && (
            <p role="alert" className="mr-auto self-center text-degraded">
              ◆ Keep it first.
            </p>
          )}
          <Button look="primary" onClick={close}>
            I have kept it
          </Button>
        </>
      }
    >
      <div className="space-y-4">
        <Banner look="warning">It is shown this once: nobody can show it again.</Banner>
        <Copied label="The key" text={shown.key} />
        <Copied label="Try it" text={curl} />
        {shown.overlap_until && (
          <p className="text-muted">
            The secret before works until <Time at={shown.overlap_until} absolute />.
          </p>
        )}
      </div>
    </Dialog>
  );
}

function Copied({ label, text }: { label: string; text: string }) {
  return (
    <div>
      <div className="mb-1 flex items-center justify-between gap-2">
        <span className="font-medium">{label}</span>
        <CopyButton text={text} look="secondary" label="Copy" />
      </div>
      <pre
        role="group"
        aria-label={label}
        className="rounded border border-line bg-sunken p-3 font-mono text-[13px] whitespace-pre-wrap wrap-anywhere"
      >
        {text}
      </pre>
    </div>
  );
}
