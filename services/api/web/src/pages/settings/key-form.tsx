import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { api, data, type Schema } from "@/api/client";
import type { Scope } from "@/api/session";
import { useSubmit } from "@/lib/form";
import { WebsitePicker } from "@/shell/websites";
import { Button, Field, FormError, Input, Segmented, Select, Sheet, TagInput, toast } from "@/ui";

type Key = Schema["ApiKey"];
type Reach = "all" | "websites" | "tags";

const dayMs = 86_400_000;
const ends = [
  { value: "0", label: "Never" },
  { value: "1", label: "In a day" },
  { value: "7", label: "In a week" },
  { value: "30", label: "In 30 days" },
  { value: "90", label: "In 90 days" },
  { value: "365", label: "In a year" },
];
const asItIs = "keep";

const scopes: { value: Scope; label: string; says: string }[] = [
  { value: "read", label: "Read", says: "Sees everything, changes nothing." },
  {
    value: "write",
    label: "Write",
    says: "Adds and changes websites, channels, incidents and status pages, too.",
  },
  { value: "admin", label: "Admin", says: "Manages the fleet, people and keys, too." },
];

/** Makes a key, or changes what one may do. */
export function KeyForm({
  apiKey: k,
  close,
  onMade,
}: {
  apiKey?: Key;
  close: () => void;
  onMade: (shown: Schema["ApiKeyShown"]) => void;
}) {
  const id = useId();
  const client = useQueryClient();
  const [name, setName] = useState(k?.name ?? "");
  const [scope, setScope] = useState<Scope>(
    k ? (scopes.findLast((s) => k.scopes.includes(s.value))?.value ?? "read") : "read",
  );
  const [reach, setReach] = useState<Reach>(k?.website_ids ? "websites" : k?.tags ? "tags" : "all");
  const [websites, setWebsites] = useState(k?.website_ids ?? []);
  const [tags, setTags] = useState(k?.tags ?? []);
  const [end, setEnd] = useState(k ? asItIs : "90");
  const known = useQuery({
    queryKey: ["tags"],
    queryFn: ({ signal }) => data(api.GET("/v1/tags", { signal })),
    enabled: reach === "tags",
  });
  const form = useSubmit(
    () => {
      const body = {
        name: name.trim(),
        scopes: [scope],
        website_ids: reach === "websites" && scope !== "admin" ? websites : null,
        tags: reach === "tags" && scope !== "admin" ? tags : null,
        ...(end === asItIs
          ? {}
          : { expires_at: end === "0" ? null : new Date(Date.now() + Number(end) * dayMs).toISOString() }),
      };
      if (k) return data(api.PATCH("/v1/api-keys/{id}", { params: { path: { id: k.id } }, body }));
      return data(api.POST("/v1/api-keys", { body }));
    },
    {
      fields: ["name", "scopes", "website_ids", "tags", "expires_at"],
      onDone: (made) => {
        void client.invalidateQueries({ queryKey: ["keys"] });
        close();
        if ("key" in made) onMade(made as Schema["ApiKeyShown"]);
        else toast.done(`${made.name} was changed`);
      },
    },
  );
  return (
    <Sheet
      open
      onOpenChange={(o) => !o && close()}
      title={k ? `Edit ${k.name}` : "New API key"}
      footer={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" form={id} look="primary" busy={form.busy}>
            {k ? "Save" : "Make the key"}
          </Button>
        </>
      }
    >
      <form id={id} noValidate onSubmit={form.on(() => undefined)} className="space-y-6">
        <Field label="Name" hint="What the key is for." error={form.error("name")}>
          <Input
            maxLength={200}
            value={name}
            placeholder="Deployments of the shop"
            onChange={(e) => setName(e.target.value)}
          />
        </Field>
        <div>
          <div className="mb-1 font-medium">What it may do</div>
          <Segmented label="What it may do" value={scope} onChange={setScope} options={scopes} />
          <p className="mt-1 text-[13px] text-muted">{scopes.find((s) => s.value === scope)?.says}</p>
          {form.error("scopes") && <p className="mt-1 text-[13px] text-down">■ {form.error("scopes")}</p>}
        </div>
        <div>
          <div className="mb-1 font-medium">What it sees</div>
          {scope === "admin" ? (
            <p className="text-muted">Everything: an admin cannot be kept to some websites.</p>
          ) : (
            <div className="space-y-3">
              <Segmented
                label="What it sees"
                value={reach}
                onChange={setReach}
                options={[
                  { value: "all", label: "Every website" },
                  { value: "websites", label: "Some websites" },
                  { value: "tags", label: "By tag" },
                ]}
              />
              {reach === "websites" && (
                <WebsitePicker label="Add a website" value={websites} onChange={setWebsites} />
              )}
              {reach === "tags" && (
                <TagInput
                  label="Tags"
                  value={tags}
                  onChange={setTags}
                  placeholder="Websites with one of these tags"
                  suggestions={known.data?.items.map((t) => t.tag) ?? []}
                />
              )}
              {(form.error("website_ids") ?? form.error("tags")) && (
                <p className="text-[13px] text-down">■ {form.error("website_ids") ?? form.error("tags")}</p>
              )}
            </div>
          )}
        </div>
        <Field label="Ends" error={form.error("expires_at")}>
          <Select
            value={end}
            onChange={setEnd}
            options={[...(k ? [{ value: asItIs, label: "As it is" }] : []), ...ends]}
          />
        </Field>
        <FormError>{form.sentence}</FormError>
      </form>
    </Sheet>
  );
}
