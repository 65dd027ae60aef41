import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, data } from "@/api/client";
import { useMay } from "@/api/session";
import { useSubmit } from "@/lib/form";
import { Button, Field, FormError, Panel, Textarea, toast } from "@/ui";
import { Prose } from "./note";
import type { Incident } from "./record";

const at = (id: string) => ({ params: { path: { id } } });

/** "I am on it", for those who may. */
export function Acknowledge({ incident: i }: { incident: Incident }) {
  const client = useQueryClient();
  const may = useMay("write");
  const form = useSubmit(() => data(api.POST("/v1/incidents/{id}/acknowledge", at(i.id))), {
    onDone: (now) => {
      client.setQueryData(["incident", i.id], (old: Incident | undefined) => ({
        ...now,
        failures: now.failures ?? old?.failures,
      }));
      void client.invalidateQueries({ queryKey: ["incidents"] });
      void client.invalidateQueries({ queryKey: ["overview"] });
    },
  });
  if (i.resolved_at || i.acknowledged_at) return null;
  if (!may) return <span className="text-[13px] text-muted">Viewers cannot acknowledge.</span>;
  return (
    <>
      <Button look="primary" icon="check" busy={form.busy} onClick={() => form.submit(undefined)}>
        Acknowledge
      </Button>
      {form.sentence && (
        <span role="alert" className="text-[13px] text-down">
          ■ {form.sentence}
        </span>
      )}
    </>
  );
}

/** A line of one's own for the history. */
export function CommentForm({ incident: i }: { incident: Incident }) {
  const client = useQueryClient();
  const may = useMay("write");
  const [text, setText] = useState("");
  const form = useSubmit(
    (said: string) => data(api.POST("/v1/incidents/{id}/comments", { ...at(i.id), body: { text: said } })),
    {
      fields: ["text"],
      onDone: () => {
        setText("");
        void client.invalidateQueries({ queryKey: ["incident", i.id] });
      },
    },
  );
  if (!may) return <p className="px-4 py-3 text-[13px] text-muted print:hidden">Viewers cannot comment.</p>;
  const said = text.trim();
  const send = () => said !== "" && !form.busy && form.submit(said);
  return (
    <form
      className="space-y-2 border-t border-line p-4 print:hidden"
      onSubmit={(e) => {
        e.preventDefault();
        send();
      }}
    >
      <Field label="Comment" error={form.error("text")} hint="Ctrl+Enter sends it; others see it at once.">
        <Textarea
          rows={2}
          maxLength={10_000}
          value={text}
          onChange={(e) => setText(e.target.value)}
          onKeyDown={(e) => {
            if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) send();
          }}
        />
      </Field>
      <FormError>{form.sentence}</FormError>
      <Button type="submit" small busy={form.busy} disabled={said === ""}>
        Add comment
      </Button>
    </form>
  );
}

/** What was learned: cause, remedy, what comes next. */
export function Note({ incident: i }: { incident: Incident }) {
  const client = useQueryClient();
  const may = useMay("write");
  const [draft, setDraft] = useState<string | undefined>();
  const form = useSubmit(
    (note: string) => data(api.PATCH("/v1/incidents/{id}", { ...at(i.id), body: { note } })),
    {
      fields: ["note"],
      onDone: (now) => {
        client.setQueryData(["incident", i.id], (old: Incident | undefined) => ({
          ...now,
          failures: now.failures ?? old?.failures,
        }));
        setDraft(undefined);
        toast.done("The note is saved");
      },
    },
  );
  const title = "What was learned";
  if (draft !== undefined) {
    return (
      <Panel title={title}>
        <form className="space-y-3" onSubmit={form.on(() => draft.trim())}>
          <Field
            label="Cause, remedy, what comes next"
            error={form.error("note")}
            hint="Plain text; lists, **bold**, `code` and links are shown as such."
          >
            <Textarea
              rows={8}
              maxLength={20_000}
              value={draft}
              onChange={(e) => setDraft(e.target.value)}
              autoFocus
            />
          </Field>
          <FormError>{form.sentence}</FormError>
          <div className="flex gap-2">
            <Button type="submit" look="primary" busy={form.busy}>
              Save note
            </Button>
            <Button
              onClick={() => {
                form.reset();
                setDraft(undefined);
              }}
            >
              Cancel
            </Button>
          </div>
        </form>
      </Panel>
    );
  }
  return (
    <Panel
      title={title}
      className={i.note === "" ? "print:hidden" : ""}
      actions={
        may && (
          <Button small icon="edit" look="quiet" onClick={() => setDraft(i.note)} className="print:hidden">
            {i.note === "" ? "Write note" : "Edit note"}
          </Button>
        )
      }
    >
      {i.note === "" ? (
        <p className="text-muted">
          Nothing is written down yet.{" "}
          {i.resolved_at ? "A few lines now spare a search next time." : "It can wait until it is over."}
        </p>
      ) : (
        <Prose text={i.note} />
      )}
    </Panel>
  );
}
