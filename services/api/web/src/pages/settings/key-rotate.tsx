import { useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { api, data, type Schema } from "@/api/client";
import { useSubmit } from "@/lib/form";
import { Button, Dialog, Field, FormError, Select } from "@/ui";

const overlaps = [
  { value: "0", label: "Not at all: it ends at once" },
  { value: "3600", label: "An hour" },
  { value: "86400", label: "A day" },
  { value: "604800", label: "A week" },
  { value: "2592000", label: "30 days" },
];

/** Gives a key another secret. */
export function Rotate({
  apiKey: k,
  close,
  onMade,
}: {
  apiKey: Schema["ApiKey"];
  close: () => void;
  onMade: (shown: Schema["ApiKeyShown"]) => void;
}) {
  const id = useId();
  const client = useQueryClient();
  const [overlap, setOverlap] = useState("86400");
  const form = useSubmit(
    (body: Schema["ApiKeyRotate"]) =>
      data(api.POST("/v1/api-keys/{id}/rotate", { params: { path: { id: k.id } }, body })),
    {
      fields: ["overlap_seconds"],
      onDone: (shown) => {
        void client.invalidateQueries({ queryKey: ["keys"] });
        close();
        onMade(shown);
      },
    },
  );
  return (
    <Dialog
      open
      onOpenChange={(o) => !o && close()}
      title={`Rotate ${k.name}`}
      footer={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" form={id} look="primary" busy={form.busy}>
            Make another secret
          </Button>
        </>
      }
    >
      <form
        id={id}
        noValidate
        className="space-y-4"
        onSubmit={form.on(() => ({ overlap_seconds: Number(overlap) }))}
      >
        <p>The key gets another secret; what it may do stays. Give the new one to all that use it.</p>
        <Field label="The present secret goes on to work for" error={form.error("overlap_seconds")}>
          <Select value={overlap} onChange={setOverlap} options={overlaps} />
        </Field>
        <FormError>{form.sentence}</FormError>
      </form>
    </Dialog>
  );
}
