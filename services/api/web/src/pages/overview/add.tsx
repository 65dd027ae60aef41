import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, type Schema } from "@/api/client";
import { explain, isProblem } from "@/api/problem";
import { plural } from "@/lib/format";
import { Button, cx, Dialog, Field, Icon, LinkButton, Select, TagInput, Textarea } from "@/ui";
import { type Added, FirstResults } from "./first-results";
import { useRefetchRows } from "./rows";
import { readUrls } from "./urls";

const atOnce = 500; // of the API's 1,000 a call, so that progress is seen
const intervals = [
  [10, "Every 10 s"],
  [30, "Every 30 s"],
  [60, "Every minute"],
  [300, "Every 5 min"],
  [900, "Every 15 min"],
  [3600, "Every hour"],
] as const;

interface Outcome {
  url: string;
  added?: Added;
  /** It was there already. */
  existing?: string;
  problem?: string;
}

/** Adds what was pasted, and keeps what became of each line. */
function useAdd() {
  const client = useQueryClient();
  const refetch = useRefetchRows();
  const [outcomes, setOutcomes] = useState<Outcome[] | undefined>();
  const [busy, setBusy] = useState<{ done: number; of: number } | undefined>();
  const add = async (urls: string[], more: { tags: string[]; interval_seconds: number }) => {
    const all: Outcome[] = [];
    setBusy({ done: 0, of: urls.length });
    const [only] = urls;
    if (urls.length === 1 && only) all.push(await addOne({ url: only, ...more }));
    for (let i = 0; urls.length > 1 && i < urls.length; i += atOnce) {
      all.push(...(await addMany(urls.slice(i, i + atOnce).map((url) => ({ url, ...more })))));
      setBusy({ done: all.length, of: urls.length });
    }
    setBusy(undefined);
    setOutcomes(all);
    refetch(all.flatMap((o) => o.added?.id ?? []));
    for (const key of ["overview", "tags"]) void client.invalidateQueries({ queryKey: [key] });
  };
  return { add, busy, outcomes, reset: () => setOutcomes(undefined) };
}

async function addOne(body: Schema["WebsiteCreate"]): Promise<Outcome> {
  try {
    const website = await data(api.POST("/v1/websites", { body }));
    return { url: body.url, added: { id: website.id, monitor: website.monitors[0]?.id } };
  } catch (err) {
    if (isProblem(err, 409) && err.existingId) return { url: body.url, existing: err.existingId };
    return { url: body.url, problem: wrong(err) };
  }
}

async function addMany(bodies: Schema["WebsiteCreate"][]): Promise<Outcome[]> {
  try {
    const body = { items: bodies.map((create) => ({ create })) };
    const result = await data(api.POST("/v1/websites/batch", { body }));
    return bodies.map(({ url }, i): Outcome => {
      const a = result.items[i];
      const id = a?.id ?? a?.website?.id;
      if (a && a.status < 300 && id) return { url, added: { id, monitor: a.website?.monitors[0]?.id } };
      if (a?.status === 409 && a.problem?.existing_id) return { url, existing: a.problem.existing_id };
      const first = a?.problem?.errors?.[0]?.detail;
      return { url, problem: first ?? a?.problem?.detail ?? a?.problem?.title ?? "It was not added" };
    });
  } catch (err) {
    return bodies.map(({ url }) => ({ url, problem: wrong(err) }));
  }
}

function wrong(err: unknown): string {
  if (isProblem(err)) return Object.values(err.fields)[0] ?? err.message;
  return explain(err).title;
}

/** The form: addresses, and for those who want it tags and the interval. */
function AddForm({
  add,
  busy,
  big = false,
}: {
  add: ReturnType<typeof useAdd>["add"];
  busy: ReturnType<typeof useAdd>["busy"];
  big?: boolean;
}) {
  const [text, setText] = useState("");
  const [tags, setTags] = useState<string[]>([]);
  const [interval, setInterval] = useState("60");
  const [missing, setMissing] = useState(false);
  const lines = readUrls(text);
  const urls = lines.flatMap((l) => l.url ?? []);
  const wrongs = lines.filter((l) => l.wrong);
  const { data: known } = useQuery({
    queryKey: ["tags"],
    queryFn: ({ signal }) => data(api.GET("/v1/tags", { signal })),
  });
  const send = () => {
    setMissing(urls.length === 0);
    if (urls.length > 0 && !busy) void add(urls, { tags, interval_seconds: Number(interval) });
  };
  const label = urls.length > 1 ? `Watch ${plural(urls.length, "website")}` : "Watch it";
  return (
    <form
      className="space-y-4"
      onSubmit={(e) => {
        e.preventDefault();
        send();
      }}
    >
      <Field
        label="Addresses"
        hint={big ? "One, or as many as you like: one a line." : "One a line; https if none is given."}
        error={missing ? "Paste an address such as shop.example.com." : undefined}
      >
        <Textarea
          rows={big ? 3 : 5}
          autoFocus
          spellCheck={false}
          autoCapitalize="off"
          className="font-mono"
          placeholder={"shop.example.com\nhttps://api.example.com/health"}
          value={text}
          onChange={(e) => {
            setText(e.target.value);
            setMissing(false);
          }}
          onKeyDown={(e) => {
            // Enter is a new line of a list; of a single address it is the whole first step.
            const one = !text.trim().includes("\n") && !e.shiftKey;
            if (e.key === "Enter" && (e.metaKey || e.ctrlKey || (one && big && urls.length === 1))) {
              e.preventDefault();
              send();
            }
          }}
        />
      </Field>
      {wrongs.length > 0 && (
        <ul className="text-[13px] text-muted" aria-label="Lines that are passed over">
          {wrongs.slice(0, 5).map((w) => (
            <li key={w.text} className="wrap-anywhere">
              <span className="text-degraded">◆ {w.text}</span>: {w.wrong}
            </li>
          ))}
          {wrongs.length > 5 && <li>and {plural(wrongs.length - 5, "other line")}</li>}
        </ul>
      )}
      <div className="grid gap-4 sm:grid-cols-[1fr_10rem]">
        <Field label="Tags" optional>
          <TagInput
            value={tags}
            onChange={(t) => setTags(t.map((one) => one.toLowerCase()))}
            suggestions={(known?.items ?? []).map((t) => t.tag)}
            placeholder="production"
          />
        </Field>
        <Field label="Interval">
          <Select
            value={interval}
            onChange={setInterval}
            options={intervals.map(([value, label]) => ({ value: String(value), label }))}
          />
        </Field>
      </div>
      <Button type="submit" look="primary" icon="plus" busy={busy !== undefined}>
        {busy && busy.of > 1 ? `${busy.done} of ${busy.of}` : label}
      </Button>
    </form>
  );
}

/** "+ Add website": paste, and see what the regions say. */
export function AddDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (o: boolean) => void }) {
  if (!open) return null;
  return <AddOpen onClose={() => onOpenChange(false)} />;
}

function AddOpen({ onClose }: { onClose: () => void }) {
  const { add, busy, outcomes, reset } = useAdd();
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={outcomes ? told(outcomes) : "Add websites"}
      {...(outcomes
        ? {
            footer: (
              <>
                <Button onClick={reset}>Add more</Button>
                <Button look="primary" onClick={onClose}>
                  Done
                </Button>
              </>
            ),
          }
        : {})}
    >
      {outcomes ? <Outcomes outcomes={outcomes} /> : <AddForm add={add} busy={busy} />}
    </Dialog>
  );
}

const told = (outcomes: Outcome[]) => {
  const added = outcomes.filter((o) => o.added).length;
  return added === outcomes.length
    ? `${plural(added, "website")} added`
    : `${added} of ${plural(outcomes.length, "website")} added`;
};

/** Nobody watches anything yet: pasting an address is all there is to do. */
export function FirstWebsite({ onDone }: { onDone?: () => void }) {
  const { add, busy, outcomes, reset } = useAdd();
  return (
    <div className="mx-auto max-w-xl px-4 py-8 sm:py-14">
      <h2 className="mb-1 text-xl font-semibold">{outcomes ? told(outcomes) : "What should be watched?"}</h2>
      <p className="mb-5 text-muted">
        {outcomes
          ? "Every region looks at it now; each arc of the ring is one of them."
          : "Paste an address. Every region checks it at once, and you see here what each of them says."}
      </p>
      {outcomes ? (
        <div className="space-y-4">
          <Outcomes outcomes={outcomes} />
          <div className="flex gap-2">
            {onDone && (
              <Button look="primary" onClick={onDone}>
                To the overview
              </Button>
            )}
            <Button onClick={reset} icon="plus">
              Add more
            </Button>
          </div>
        </div>
      ) : (
        <AddForm add={add} busy={busy} big />
      )}
    </div>
  );
}

/** What became of each line, and what the regions say of those that were added. */
function Outcomes({ outcomes }: { outcomes: Outcome[] }) {
  const failed = outcomes.filter((o) => !o.added);
  const added = outcomes.flatMap((o) => o.added ?? []);
  return (
    <div className="space-y-4">
      {failed.length > 0 && (
        <ul aria-label="Not added" className="divide-y divide-line rounded border border-line">
          {failed.map((o) => (
            <li key={o.url} className="flex items-start gap-2 px-3 py-2">
              <span aria-hidden="true" className={cx("w-3", o.existing ? "text-muted" : "text-down")}>
                {o.existing ? "○" : "■"}
              </span>
              <div className="min-w-0 flex-1">
                <div className="wrap-anywhere">{o.url}</div>
                <div className="text-[13px] text-muted">
                  {o.existing ? "It is watched already." : o.problem}
                </div>
              </div>
              {o.existing && (
                <LinkButton small href={`/w/${o.existing}`}>
                  Open
                </LinkButton>
              )}
            </li>
          ))}
        </ul>
      )}
      {added.length > 0 && <FirstResults added={added} />}
      {added.length === 0 && failed.length === 0 && (
        <p className="text-muted">
          <Icon name="info" /> Nothing was added.
        </p>
      )}
    </div>
  );
}
