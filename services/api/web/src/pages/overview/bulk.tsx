import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, type Schema } from "@/api/client";
import { plural } from "@/lib/format";
import { Button, ConfirmDialog, Dialog, Field, Menu, MenuItem, TagInput } from "@/ui";
import { useBulk } from "./actions";

type Action = Schema["Bulk"]["action"];

/** What can be done to those that are selected; in sight while there are any. */
export function BulkBar({
  ids,
  names,
  onClear,
}: {
  ids: string[];
  names: readonly string[];
  onClear: () => void;
}) {
  const bulk = useBulk();
  const [tagging, setTagging] = useState<"tag" | "untag" | undefined>();
  const [deleting, setDeleting] = useState(false);
  const run = (action: Action, more: { tags?: string[] } = {}) =>
    bulk.mutate({ action, ids, ...more }, { onSuccess: () => action === "delete" && onClear() });
  const many = plural(ids.length, "website");
  return (
    <div className="pointer-events-none sticky bottom-16 z-20 mt-3 flex md:bottom-4 print:hidden">
      <div
        role="toolbar"
        aria-label="Selected websites"
        className="pointer-events-auto flex max-w-full animate-rise flex-wrap items-center justify-center gap-1 rounded border border-line-strong bg-raised p-2"
      >
        <span className="px-2 font-medium" role="status">
          {many} selected
        </span>
        <Button small icon="pause" disabled={bulk.isPending} onClick={() => run("pause")}>
          Pause
        </Button>
        <Button small icon="play" disabled={bulk.isPending} onClick={() => run("resume")}>
          Resume
        </Button>
        <Button small icon="refresh" disabled={bulk.isPending} onClick={() => run("check")}>
          Check
        </Button>
        <Button small icon="tag" onClick={() => setTagging("tag")}>
          Tag
        </Button>
        <Menu
          label="More for the selected"
          trigger={
            <Button small icon="more">
              More
            </Button>
          }
        >
          <MenuItem onSelect={() => run("mute")}>Mute: judge, but tell nobody</MenuItem>
          <MenuItem onSelect={() => run("unmute")}>Unmute</MenuItem>
          <MenuItem onSelect={() => setTagging("untag")}>Take tags away</MenuItem>
          <MenuItem danger icon="trash" onSelect={() => setDeleting(true)}>
            Delete
          </MenuItem>
        </Menu>
        <Button small look="quiet" icon="close" onClick={onClear}>
          Clear
        </Button>
      </div>
      {tagging && (
        <TagDialog
          action={tagging}
          many={many}
          onClose={() => setTagging(undefined)}
          onDone={(tags) => {
            run(tagging, { tags });
            setTagging(undefined);
          }}
        />
      )}
      <ConfirmDialog
        open={deleting}
        onOpenChange={setDeleting}
        title={`Delete ${many}?`}
        action={`Delete ${many}`}
        busy={bulk.isPending}
        {...(ids.length > 5 ? { word: "delete" } : {})}
        onConfirm={() => {
          run("delete");
          setDeleting(false);
        }}
      >
        <p>Their monitors, incidents and history go with them. This cannot be undone.</p>
        <ul className="max-h-40 list-disc overflow-y-auto pl-5 text-muted">
          {names.slice(0, 20).map((n, i) => (
            <li key={i} className="wrap-anywhere">
              {n}
            </li>
          ))}
          {names.length > 20 && <li>and {plural(names.length - 20, "other")}</li>}
        </ul>
      </ConfirmDialog>
    </div>
  );
}

function TagDialog({
  action,
  many,
  onClose,
  onDone,
}: {
  action: "tag" | "untag";
  many: string;
  onClose: () => void;
  onDone: (tags: string[]) => void;
}) {
  const [tags, setTags] = useState<string[]>([]);
  const { data: known } = useQuery({
    queryKey: ["tags"],
    queryFn: ({ signal }) => data(api.GET("/v1/tags", { signal })),
  });
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={action === "tag" ? `Tag ${many}` : `Take tags from ${many}`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" disabled={tags.length === 0} onClick={() => onDone(tags)}>
            {action === "tag" ? "Add these tags" : "Take these tags away"}
          </Button>
        </>
      }
    >
      <Field label="Tags" hint="Small letters, digits and _ . : / -">
        <TagInput
          value={tags}
          onChange={(t) => setTags(t.map((one) => one.toLowerCase()))}
          suggestions={(known?.items ?? []).map((t) => t.tag)}
          fixed={action === "untag"}
        />
      </Field>
    </Dialog>
  );
}
