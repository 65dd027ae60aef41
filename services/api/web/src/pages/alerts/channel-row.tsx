import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { api, data } from "@/api/client";
import { useMay } from "@/api/session";
import { instant, plural } from "@/lib/format";
import { asCurl, asYaml } from "@/pages/website/copies";
import {
  ConfirmDialog,
  copyText,
  Icon,
  IconButton,
  Menu,
  MenuItem,
  MenuSeparator,
  Skeleton,
  Switch,
  Time,
  toast,
  useNow,
} from "@/ui";
import { channelsQuery, lastDeliveryQuery } from "./data";
import { kindOf } from "./kinds";
import { Outcome, TestAnswer, TestButton, useTest } from "./test-button";
import { type Channel, events, eventWord, rhythm } from "./words";

/** One channel: what it is, whether it works, and what can be done with it. */
export function ChannelRow({ channel: c, onEdit }: { channel: Channel; onEdit: () => void }) {
  const may = useMay("write");
  const test = useTest(c.id);
  const kind = kindOf(c.kind);
  return (
    <li
      className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 border-b border-line p-4 last:border-0"
      aria-label={c.name}
    >
      <span className="flex size-9 items-center justify-center rounded border border-line bg-sunken">
        <Icon name={kind.icon} size={18} className={c.enabled ? "text-text" : "text-faint"} />
      </span>
      <div className="min-w-0">
        <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
          <div className="min-w-0 flex-1 basis-56">
            <div className="flex flex-wrap items-center gap-x-3">
              <h2 className="min-w-0 font-semibold wrap-anywhere">{c.name}</h2>
              <State channel={c} />
            </div>
            <div className="truncate text-[13px] text-muted">
              {kind.label} · {target(c)}
            </div>
          </div>
          {may && (
            <div className="flex items-center gap-2">
              <Enabled channel={c} />
              <TestButton name={c.name} test={test} />
              <Actions channel={c} onEdit={onEdit} />
            </div>
          )}
        </div>
        <dl className="mt-3 grid gap-x-6 gap-y-2 text-[13px] sm:grid-cols-2 xl:grid-cols-[2fr_1fr_1fr_2fr]">
          <Fact name="Tells of">
            {events
              .filter((e) => c.events.includes(e.value))
              .map((e) => e.label)
              .join(", ")}
          </Fact>
          <Fact name="Websites">
            {c.website_ids === null ? "Every one" : plural(c.website_ids.length, "website")}
          </Fact>
          <Fact name="Rhythm">{rhythm(c) || "Each once"}</Fact>
          <Fact name="Last delivery">
            <Last channel={c} />
          </Fact>
        </dl>
        <div className="mt-2 empty:hidden">
          <TestAnswer test={test} />
        </div>
      </div>
    </li>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-faint">{name}</dt>
      <dd className="wrap-anywhere">{children}</dd>
    </div>
  );
}

function State({ channel: c }: { channel: Channel }) {
  const now = useNow();
  if (!c.enabled)
    return (
      <span className="text-[13px] text-paused">
        <span aria-hidden="true">‖</span> off
      </span>
    );
  if (c.held_until && instant(c.held_until) > now)
    return (
      <span className="text-[13px] text-degraded">
        <span aria-hidden="true">◆</span> held until <Time at={c.held_until} absolute />, as the other side
        asked
      </span>
    );
  return (
    <span className="text-[13px] text-up">
      <span aria-hidden="true">●</span> on
    </span>
  );
}

function Last({ channel: c }: { channel: Channel }) {
  const last = useQuery(lastDeliveryQuery(c.id));
  if (last.isPending) return <Skeleton className="mt-1 h-3.5 w-40" />;
  if (last.isError) return <span className="text-muted">It is not known at the moment.</span>;
  if (last.data === null) return <span className="text-muted">Nothing yet: send a test.</span>;
  const d = last.data;
  return (
    <Link href={`/alerts?tab=deliveries&channel=${c.id}`} className="hover:underline">
      {eventWord(d.event)} <Time at={d.created_at} />: <Outcome d={d} />
    </Link>
  );
}

/** Where it leads, as far as that may be shown. */
function target(c: Channel): string {
  const config = c.config as Record<string, unknown>;
  const to = config.to;
  if (Array.isArray(to)) {
    const first = to.slice(0, 2).join(", ");
    return to.length > 2 ? `${first} and ${to.length - 2} more` : first;
  }
  return String(config.webhook_url ?? config.url ?? "");
}

/** Changes a channel in the list at once, and takes it back if the API refuses. */
function Enabled({ channel: c }: { channel: Channel }) {
  const client = useQueryClient();
  const set = useMutation({
    mutationFn: (enabled: boolean) =>
      data(api.PATCH("/v1/channels/{id}", { params: { path: { id: c.id } }, body: { enabled } })),
    onSuccess: (changed) => {
      client.setQueryData(channelsQuery.queryKey, (all) => all?.map((o) => (o.id === c.id ? changed : o)));
      void client.invalidateQueries({ queryKey: ["channels"] });
    },
    onError: (err) => toast.failed(err, "The channel was not changed"),
  });
  return (
    <Switch
      checked={set.isPending ? set.variables : c.enabled}
      onChange={(on) => set.mutate(on)}
      label={<span className="sr-only">{c.name} is on</span>}
    />
  );
}

function Actions({ channel: c, onEdit }: { channel: Channel; onEdit: () => void }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const remove = useMutation({
    mutationFn: () => data(api.DELETE("/v1/channels/{id}", { params: { path: { id: c.id } } })),
    onSuccess: () => {
      setAsking(false);
      toast.done(`${c.name} was deleted`);
      void client.invalidateQueries({ queryKey: ["channels"] });
      void client.invalidateQueries({ queryKey: ["deliveries"] });
    },
    onError: (err) => toast.failed(err, "The channel was not deleted"),
  });
  const copy = async (text: string, what: string) => {
    if (await copyText(text)) toast.done(`${what} copied`);
    else toast.info("The browser gave no clipboard", { detail: text });
  };
  const { id: _id, created_at: _c, updated_at: _u, held_until: _h, ...input } = c;
  return (
    <>
      <Menu
        label={`Actions of ${c.name}`}
        trigger={<IconButton small look="secondary" icon="more" label={`More for ${c.name}`} />}
      >
        <MenuItem icon="edit" onSelect={onEdit}>
          Edit
        </MenuItem>
        <MenuItem icon="copy" onSelect={() => copy(asYaml(input), "YAML")}>
          Copy as YAML
        </MenuItem>
        <MenuItem
          icon="command"
          onSelect={() => copy(asCurl(location.origin, `/v1/channels/${c.id}`), "curl")}
        >
          Copy as curl
        </MenuItem>
        <MenuSeparator />
        <MenuItem icon="trash" danger onSelect={() => setAsking(true)}>
          Delete
        </MenuItem>
      </Menu>
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title={`Delete ${c.name}?`}
        action="Delete the channel"
        busy={remove.isPending}
        onConfirm={() => remove.mutate()}
      >
        <p>Nobody is told by it any more. Its history of deliveries goes with it, and cannot come back.</p>
      </ConfirmDialog>
    </>
  );
}
