import { useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useLocation } from "wouter";
import { api, data, type Schema } from "@/api/client";
import { signedIn } from "@/api/session";
import { useSubmit } from "@/lib/form";
import { Button, Dialog, Field, FormError, Input, toast } from "@/ui";

/** Makes an organisation and goes on in it. */
export function NewOrganisation({ close }: { close: () => void }) {
  const id = useId();
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const [name, setName] = useState("");
  const [slug, setSlug] = useState("");
  const form = useSubmit(
    async (body: Schema["OrganisationCreate"]) => {
      const made = await data(api.POST("/v1/organisations", { body }));
      return { made, me: await data(api.GET("/v1/me")) };
    },
    {
      fields: ["name", "slug"],
      onDone: ({ made, me }) => {
        close();
        signedIn(client, me);
        toast.done(`${made.name} was made, and you work in it`);
        navigate("/");
      },
    },
  );
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && close()}
      title="New organisation"
      description="It has websites, channels, keys and people of its own. You own it, and go on in it."
      footer={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" form={id} look="primary" busy={form.busy}>
            Make it
          </Button>
        </>
      }
    >
      <form
        id={id}
        noValidate
        className="space-y-4"
        onSubmit={form.on(() => ({ name: name.trim(), ...(slug.trim() ? { slug: slug.trim() } : {}) }))}
      >
        <Field label="Name" error={form.error("name")}>
          <Input maxLength={200} value={name} onChange={(e) => setName(e.target.value)} />
        </Field>
        <Field
          label="Slug"
          optional
          hint="Small letters, digits and hyphens; made of the name if left out."
          error={form.error("slug")}
        >
          <Input
            maxLength={63}
            spellCheck={false}
            value={slug}
            onChange={(e) => setSlug(e.target.value.toLowerCase())}
          />
        </Field>
        <FormError>{form.sentence}</FormError>
      </form>
    </Dialog>
  );
}
