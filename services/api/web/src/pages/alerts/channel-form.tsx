import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useId, useState } from "react";
import { api, data } from "@/api/client";
import { isProblem } from "@/api/problem";
import { setupQuery } from "@/api/session";
import { useSubmit } from "@/lib/form";
import { WebsitePicker } from "@/shell/websites";
import { Button, Checkbox, cx, Field, FormError, Icon, Input, Segmented, Sheet, toast } from "@/ui";
import { changed, created, read, type Values } from "./config";
import { ConfigFields } from "./config-fields";
import { channelsQuery } from "./data";
import { Every } from "./every";
import { type KindSpec, kindOf, kinds } from "./kinds";
import { type AlertEvent, type Channel, defaultEvents, events } from "./words";

type Json = Record<string, unknown>;

const ownFields = ["name", "events", "website_ids", "reminder_seconds", "throttle_seconds"];
const mostEntries = 50;

/** Adds a channel, or changes one. */
export function ChannelForm({ channel, close }: { channel: Channel | undefined; close: () => void }) {
  const [kind, setKind] = useState<KindSpec | undefined>(channel && kindOf(channel.kind));
  const title = channel ? `Edit ${channel.name}` : kind ? `Add ${kind.label}` : "Add a channel";
  if (!kind) {
    return (
      <Sheet
        open
        onOpenChange={(o) => !o && close()}
        title={title}
        description="Where is it to be told?"
        wide
      >
        <ul className="grid gap-3 sm:grid-cols-3">
          {kinds.map((k) => (
            <li key={k.kind}>
              <button
                type="button"
                onClick={() => setKind(k)}
                className="flex h-full w-full flex-col items-start gap-2 rounded border border-line p-4 text-left hover:border-line-strong hover:bg-hover"
              >
                <Icon name={k.icon} size={24} className="text-accent" />
                <span className="font-semibold">{k.label}</span>
                <span className="text-[13px] text-muted">{k.says}</span>
              </button>
            </li>
          ))}
        </ul>
      </Sheet>
    );
  }
  return (
    <Form
      kind={kind}
      channel={channel}
      title={title}
      close={close}
      back={channel ? undefined : () => setKind(undefined)}
    />
  );
}

function Form({
  kind,
  channel,
  title,
  close,
  back,
}: {
  kind: KindSpec;
  channel: Channel | undefined;
  title: string;
  close: () => void;
  back: (() => void) | undefined;
}) {
  const client = useQueryClient();
  const setup = useQuery(setupQuery);
  const id = useId();
  const was = (channel?.config ?? {}) as Json;
  const [name, setName] = useState(channel?.name ?? "");
  const [values, setValues] = useState<Values>(() => ({
    ...(kind.kind === "email" ? { "smtp/security": "starttls" } : {}),
    ...onlyGiven(read(was, kind.fields)),
  }));
  const [parts, setParts] = useState<ReadonlySet<string>>(
    () => new Set(kind.fields.flatMap((f) => (f.part && was[f.part] ? [f.part] : []))),
  );
  const [removed, setRemoved] = useState<ReadonlySet<string>>(new Set());
  const [told, setTold] = useState<AlertEvent[]>(channel?.events ?? defaultEvents);
  const [some, setSome] = useState(channel ? channel.website_ids !== null : false);
  const [websites, setWebsites] = useState<string[]>(channel?.website_ids ?? []);
  const [reminder, setReminder] = useState(channel?.reminder_seconds ?? 0);
  const [throttle, setThrottle] = useState(channel?.throttle_seconds ?? 0);

  // A fleet without a mail server of its own can send only by one that is given here.
  const needsServer = kind.kind === "email" && setup.data?.mail === false;
  const used = needsServer ? new Set([...parts, "smtp"]) : parts;

  const shown = [
    ...ownFields,
    ...kind.fields.flatMap((f) => [
      `config/${f.path}`,
      ...Array.from({ length: f.input === "list" ? mostEntries : 0 }, (_, i) => `config/${f.path}/${i}`),
    ]),
  ];
  const form = useSubmit(
    () => {
      const rest = {
        name: name.trim(),
        events: told,
        website_ids: some ? websites : null,
        reminder_seconds: reminder,
        throttle_seconds: throttle,
      };
      if (!channel) {
        const body = { ...rest, kind: kind.kind, config: created(values, kind.fields, used) };
        return data(api.POST("/v1/channels", { body }));
      }
      const config = changed(was, values, kind.fields, used, removed);
      const body = { ...rest, ...(Object.keys(config).length > 0 ? { config } : {}) };
      return data(api.PATCH("/v1/channels/{id}", { params: { path: { id: channel.id } }, body }));
    },
    {
      fields: shown,
      onDone: (saved) => {
        client.setQueryData(channelsQuery.queryKey, (all) =>
          channel ? all?.map((c) => (c.id === saved.id ? saved : c)) : [...(all ?? []), saved],
        );
        void client.invalidateQueries({ queryKey: ["channels"] });
        toast.done(
          channel ? `${saved.name} was changed` : `${saved.name} was added`,
          channel ? {} : { detail: "Send it a test to see whether it arrives." },
        );
        close();
      },
    },
  );
  const wrong = isProblem(form.failure) ? form.failure.fields : {};
  return (
    <Sheet
      open
      wide
      onOpenChange={(o) => !o && close()}
      title={title}
      description={kind.says}
      footer={
        <>
          {back && (
            <Button look="quiet" className="mr-auto" onClick={back}>
              Another kind
            </Button>
          )}
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" form={id} look="primary" busy={form.busy}>
            {channel ? "Save" : "Add the channel"}
          </Button>
        </>
      }
    >
      <form id={id} noValidate onSubmit={form.on(() => undefined)} className="space-y-6">
        <Field label="Name" error={form.error("name")}>
          <Input
            value={name}
            required
            maxLength={200}
            placeholder={`On-call by ${kind.label}`}
            onChange={(e) => setName(e.target.value)}
          />
        </Field>
        <ConfigFields
          kind={kind}
          was={was}
          values={values}
          onChange={(path, v) => setValues({ ...values, [path]: v })}
          parts={used}
          onPart={(part, on) => setParts(on ? new Set([...parts, part]) : without(parts, part))}
          fixedPart={needsServer ? "smtp" : undefined}
          removed={removed}
          onRemove={(path, gone) => setRemoved(gone ? new Set([...removed, path]) : without(removed, path))}
          errors={wrong}
        />
        <Group title="What it tells of" error={form.error("events")}>
          <div className="grid gap-3 sm:grid-cols-2">
            {events.map((e) => (
              <Checkbox
                key={e.value}
                checked={told.includes(e.value)}
                onChange={(on) => setTold(on ? [...told, e.value] : told.filter((t) => t !== e.value))}
                label={
                  <>
                    {e.label}
                    <span className="block text-[13px] text-muted">{e.hint}</span>
                  </>
                }
              />
            ))}
          </div>
        </Group>
        <Group title="Of which websites" error={form.error("website_ids")}>
          <Segmented
            label="Of which websites"
            value={some ? "some" : "all"}
            onChange={(v) => setSome(v === "some")}
            options={[
              { value: "all", label: "Every website" },
              { value: "some", label: "Only these" },
            ]}
          />
          {some && (
            <div className="mt-3">
              <WebsitePicker label="Add a website" value={websites} onChange={setWebsites} />
            </div>
          )}
        </Group>
        <div className="grid gap-4 sm:grid-cols-2">
          <Field
            label="Remind"
            hint="Told again so often while it stays down."
            error={form.error("reminder_seconds")}
          >
            <Every value={reminder} onChange={setReminder} none="Never" />
          </Field>
          <Field
            label="At most one per website in"
            hint="Recoveries are always told."
            error={form.error("throttle_seconds")}
          >
            <Every value={throttle} onChange={setThrottle} none="Any time" />
          </Field>
        </div>
        <FormError>{form.sentence}</FormError>
      </form>
    </Sheet>
  );
}

const onlyGiven = (v: Values): Values => Object.fromEntries(Object.entries(v).filter(([, x]) => x !== ""));

function without(all: ReadonlySet<string>, one: string): ReadonlySet<string> {
  const next = new Set(all);
  next.delete(one);
  return next;
}

function Group({
  title,
  error,
  children,
}: {
  title: string;
  error: string | undefined;
  children: ReactNode;
}) {
  return (
    <fieldset>
      <legend className="mb-2 font-medium">{title}</legend>
      {children}
      {error && (
        <p role="alert" className={cx("mt-2 text-[13px] text-down")}>
          ■ {error}
        </p>
      )}
    </fieldset>
  );
}
