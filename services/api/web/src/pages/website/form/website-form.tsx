import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { api, data } from "@/api/client";
import { isProblem } from "@/api/problem";
import { useSubmit } from "@/lib/form";
import { Button, Checkbox, Field, FormError, Input, Panel, TagInput, toast } from "@/ui";
import type { Website } from "../data";
import { Section } from "./sections";

interface Values {
  name: string;
  url: string;
  tags: string[];
  external_id: string;
}

const valuesOf = (w: Website): Values => ({
  name: w.name,
  url: w.url,
  tags: w.tags,
  external_id: w.external_id ?? "",
});

/** Only what is different, as the API takes it. */
export function websiteChanges(before: Values, now: Values) {
  return {
    ...(now.name.trim() === before.name ? {} : { name: now.name.trim() || null }),
    ...(now.url.trim() === before.url ? {} : { url: now.url.trim() }),
    ...(JSON.stringify(now.tags) === JSON.stringify(before.tags) ? {} : { tags: now.tags }),
    ...(now.external_id.trim() === before.external_id ? {} : { external_id: now.external_id.trim() || null }),
  };
}

/** What a website is called, where it is, and how it is found. */
export function WebsiteForm({ website }: { website: Website }) {
  const client = useQueryClient();
  const [edited, setEdited] = useState<Values | undefined>();
  const [twice, setTwice] = useState(false);
  const before = valuesOf(website);
  const now = edited ?? before;
  const patch = websiteChanges(before, now);
  const dirty = Object.keys(patch).length > 0;
  const set = (c: Partial<Values>) => setEdited({ ...now, ...c });
  const tags = useQuery({
    queryKey: ["tags"],
    queryFn: ({ signal }) => data(api.GET("/v1/tags", { signal })),
  });
  const form = useSubmit(
    () =>
      data(
        api.PATCH("/v1/websites/{id}", {
          params: { path: { id: website.id } },
          body: { ...patch, ...(twice ? { allow_duplicate: true } : {}) },
        }),
      ),
    {
      fields: ["name", "url", "tags", "external_id"],
      onDone: async (w) => {
        client.setQueryData(["website", website.id], w);
        setEdited(undefined);
        setTwice(false);
        toast.done("Saved");
      },
    },
  );
  const conflict = isProblem(form.failure, 409) ? form.failure : undefined;
  return (
    <form noValidate onSubmit={form.on(() => undefined)} className="mb-4">
      <Panel flush title="Website">
        <Section title="Name and place" about="The URL is that of its first HTTP monitor.">
          <Field label="Name" error={form.error("name")}>
            <Input value={now.name} maxLength={200} onChange={(e) => set({ name: e.target.value })} />
          </Field>
          <Field label="URL" error={form.error("url")}>
            <Input value={now.url} spellCheck={false} onChange={(e) => set({ url: e.target.value })} />
          </Field>
          <Field
            label="Tags"
            optional
            error={form.error("tags")}
            hint="Lists can be filtered and grouped by them."
          >
            <TagInput
              value={now.tags}
              onChange={(t) => set({ tags: t })}
              suggestions={(tags.data?.items ?? []).map((t) => t.tag)}
              placeholder="Enter adds one"
            />
          </Field>
          <Field label="External id" optional error={form.error("external_id")} hint="Your own id of it.">
            <Input
              value={now.external_id}
              maxLength={200}
              spellCheck={false}
              onChange={(e) => set({ external_id: e.target.value })}
            />
          </Field>
        </Section>
        <div className="space-y-2 px-4 py-3">
          <FormError>{form.sentence}</FormError>
          {conflict?.existingId && (
            <div className="flex flex-wrap items-center gap-4">
              <Link href={`/w/${conflict.existingId}`} className="font-medium text-accent">
                Show the other one
              </Link>
              <Checkbox checked={twice} onChange={setTwice} label="Have both all the same" />
            </div>
          )}
          <div className="flex gap-2">
            <Button type="submit" look={dirty ? "primary" : "secondary"} busy={form.busy} disabled={!dirty}>
              Save website
            </Button>
            {dirty && (
              <Button
                look="quiet"
                onClick={() => {
                  setEdited(undefined);
                  form.reset();
                }}
              >
                Discard changes
              </Button>
            )}
          </div>
        </div>
      </Panel>
    </form>
  );
}
