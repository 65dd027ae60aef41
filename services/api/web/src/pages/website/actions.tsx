import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, data, type Schema } from "@/api/client";
import { useMay } from "@/api/session";
import { useHotkeys, usePageKeys } from "@/lib/keys";
import { setParams } from "@/lib/url";
import {
  Button,
  ConfirmDialog,
  copyText,
  Dialog,
  Field,
  IconButton,
  Input,
  Menu,
  MenuItem,
  MenuLabel,
  MenuSeparator,
  Tooltip,
  toast,
  useZone,
} from "@/ui";
import { asCurl, asJson, asYaml, monitorAsInput, websiteAsInput } from "./copies";
import type { Monitor, Website } from "./data";
import { fromInput, toInput } from "./range";
import { monitorTitle } from "./words";

type Step = "pause" | "resume" | "mute" | "unmute";

const done: Record<Step, string> = {
  pause: "Paused: it is not checked",
  resume: "It is checked again",
  mute: "Muted: nobody is alerted",
  unmute: "Alerts are sent again",
};

function useStep(website: Website) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ step, until }: { step: Step; until: string | null }) => {
      const params = { path: { id: website.id } };
      if (step === "pause") return data(api.POST("/v1/websites/{id}/pause", { params, body: { until } }));
      if (step === "mute") return data(api.POST("/v1/websites/{id}/mute", { params, body: { until } }));
      return data(
        step === "resume"
          ? api.POST("/v1/websites/{id}/resume", { params })
          : api.POST("/v1/websites/{id}/unmute", { params }),
      );
    },
    onSuccess: (now: Schema["Website"], { step }) => {
      client.setQueryData(["website", website.id], now);
      toast.done(done[step]);
    },
    onError: (err) => toast.failed(err),
  });
}

const pageKeys = [
  { keys: "t", does: "Test now" },
  { keys: "p", does: "Pause or resume" },
  { keys: "e", does: "Edit" },
];
const readKeys: typeof pageKeys = [];

/** What may be done with a website and the monitor that is looked at. */
export function Actions({
  website,
  monitor,
  onTest,
  testing,
  onEdit,
}: {
  website: Website;
  monitor: Monitor | undefined;
  onTest: () => void;
  testing: boolean;
  onEdit: () => void;
}) {
  const may = useMay("write");
  const step = useStep(website);
  const [asking, setAsking] = useState<"pause" | "mute" | undefined>();
  const go = (s: Step, until: string | null = null) => step.mutate({ step: s, until });
  const testable = website.monitors.some((m) => m.kind !== "heartbeat");
  usePageKeys(may ? pageKeys : readKeys);
  useHotkeys(
    may
      ? {
          t: () => testable && !testing && onTest(),
          p: () => (website.paused ? go("resume") : setAsking("pause")),
          e: onEdit,
        }
      : {},
  );
  return (
    <>
      {may ? (
        <>
          {testable && (
            <Button icon="play" busy={testing} onClick={onTest}>
              Test now
            </Button>
          )}
          {website.paused ? (
            <Button icon="play" busy={step.isPending} onClick={() => go("resume")}>
              Resume
            </Button>
          ) : (
            <UntilMenu
              label="Pause"
              icon="pause"
              busy={step.isPending}
              onPick={(until) => go("pause", until)}
              onOther={() => setAsking("pause")}
            />
          )}
          {website.muted ? (
            <Button icon="alerts" busy={step.isPending} onClick={() => go("unmute")}>
              Unmute
            </Button>
          ) : (
            <UntilMenu
              label="Mute"
              icon="alerts"
              busy={step.isPending}
              onPick={(until) => go("mute", until)}
              onOther={() => setAsking("mute")}
            />
          )}
          <Button icon="edit" onClick={onEdit}>
            Edit
          </Button>
        </>
      ) : (
        <Tooltip text="Testing, pausing and editing need the role of an editor. An owner or admin can give it to you.">
          <span tabIndex={0} className="rounded border border-line px-2 py-1 text-[13px] text-muted">
            You may only read
          </span>
        </Tooltip>
      )}
      <More website={website} monitor={monitor} may={may} />
      <UntilDialog
        what={asking}
        onClose={() => setAsking(undefined)}
        onPick={(until) => asking && go(asking, until)}
      />
    </>
  );
}

const inMinutes = (n: number) => new Date(Date.now() + n * 60_000).toISOString();

function UntilMenu({
  label,
  icon,
  busy,
  onPick,
  onOther,
}: {
  label: string;
  icon: "pause" | "alerts";
  busy: boolean;
  onPick: (until: string | null) => void;
  onOther: () => void;
}) {
  return (
    <Menu
      label={`${label} for how long`}
      trigger={
        <Button icon={icon} busy={busy}>
          {label}
        </Button>
      }
    >
      <MenuItem onSelect={() => onPick(inMinutes(30))}>For 30 min</MenuItem>
      <MenuItem onSelect={() => onPick(inMinutes(120))}>For 2 h</MenuItem>
      <MenuItem onSelect={onOther}>Until …</MenuItem>
      <MenuSeparator />
      <MenuItem onSelect={() => onPick(null)}>For good</MenuItem>
    </Menu>
  );
}

/** Until when to pause or to mute. */
function UntilDialog({
  what,
  onClose,
  onPick,
}: {
  what: "pause" | "mute" | undefined;
  onClose: () => void;
  onPick: (until: string | null) => void;
}) {
  const utc = useZone() === "utc";
  const [text, setText] = useState("");
  const at = fromInput(text || toInput(Date.now() + 3_600_000, utc), utc);
  const late = at === undefined || at <= Date.now();
  const pick = (until: string | null) => {
    onPick(until);
    setText("");
    onClose();
  };
  return (
    <Dialog
      open={what !== undefined}
      onOpenChange={onClose}
      title={what === "mute" ? "Mute until" : "Pause until"}
      description={
        what === "mute"
          ? "It goes on being checked and judged; nobody is alerted meanwhile."
          : "It is not checked meanwhile, and the time does not count towards its uptime."
      }
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button onClick={() => pick(null)}>For good</Button>
          <Button
            look="primary"
            disabled={late}
            onClick={() => at !== undefined && pick(new Date(at).toISOString())}
          >
            {what === "mute" ? "Mute" : "Pause"}
          </Button>
        </>
      }
    >
      <div className="mb-3 flex flex-wrap gap-2">
        {[30, 120, 480, 1440].map((n) => (
          <Button key={n} small onClick={() => pick(inMinutes(n))}>
            For {n < 60 ? `${n} min` : n < 1440 ? `${n / 60} h` : "1 d"}
          </Button>
        ))}
      </div>
      <Field
        label={utc ? "Until (UTC)" : "Until"}
        error={text !== "" && late ? "Choose a time in the future." : undefined}
      >
        <Input
          type="datetime-local"
          value={text || toInput(Date.now() + 3_600_000, utc)}
          onChange={(e) => setText(e.target.value)}
        />
      </Field>
    </Dialog>
  );
}

function More({ website, monitor, may }: { website: Website; monitor: Monitor | undefined; may: boolean }) {
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const [removing, setRemoving] = useState<"website" | "monitor" | undefined>();
  const copy = async (text: string, what: string) =>
    (await copyText(text))
      ? toast.done(`Copied as ${what}`)
      : toast.info("The browser did not allow copying");
  const clone = useMutation({
    mutationFn: (id: string) => data(api.POST("/v1/monitors/{id}/clone", { params: { path: { id } } })),
    onSuccess: async (m) => {
      await client.invalidateQueries({ queryKey: ["website", website.id] });
      setParams({ m: m.id, tab: "settings" }, true);
      toast.done("Duplicated", { detail: "Change what should be different, and save." });
    },
    onError: (err) => toast.failed(err),
  });
  const remove = useMutation({
    mutationFn: (what: "website" | "monitor") =>
      what === "website"
        ? data(api.DELETE("/v1/websites/{id}", { params: { path: { id: website.id } } }))
        : data(api.DELETE("/v1/monitors/{id}", { params: { path: { id: monitor?.id ?? "" } } })),
    onSuccess: async (_, what) => {
      setRemoving(undefined);
      if (what === "website") {
        toast.done(`${website.name} is removed`);
        navigate("/");
        return;
      }
      setParams({ m: null, tab: null });
      toast.done("The monitor is removed");
      await client.invalidateQueries({ queryKey: ["website", website.id] });
    },
    onError: (err) => toast.failed(err),
  });
  const path = `/v1/websites/${website.id}`;
  return (
    <>
      <Menu label="More" trigger={<IconButton icon="more" label="More" look="secondary" />}>
        <MenuLabel>Copy the website as</MenuLabel>
        <MenuItem icon="copy" onSelect={() => copy(asCurl(location.origin, path), "curl")}>
          curl
        </MenuItem>
        <MenuItem icon="copy" onSelect={() => copy(asYaml(websiteAsInput(website)), "YAML")}>
          YAML
        </MenuItem>
        <MenuItem icon="copy" onSelect={() => copy(asJson(websiteAsInput(website)), "JSON")}>
          JSON
        </MenuItem>
        {monitor && (
          <>
            <MenuSeparator />
            <MenuLabel>{monitorTitle(monitor)}</MenuLabel>
            <MenuItem
              icon="copy"
              onSelect={() =>
                copy(asCurl(location.origin, `${path}/monitors`, monitorAsInput(monitor)), "curl")
              }
            >
              Copy the call that makes it
            </MenuItem>
            {may && (
              <MenuItem icon="plus" onSelect={() => clone.mutate(monitor.id)}>
                Duplicate monitor
              </MenuItem>
            )}
            {may && website.monitors.length > 1 && (
              <MenuItem icon="trash" danger onSelect={() => setRemoving("monitor")}>
                Delete monitor …
              </MenuItem>
            )}
          </>
        )}
        {may && (
          <>
            <MenuSeparator />
            <MenuItem icon="trash" danger onSelect={() => setRemoving("website")}>
              Delete website …
            </MenuItem>
          </>
        )}
      </Menu>
      <ConfirmDialog
        open={removing !== undefined}
        onOpenChange={() => setRemoving(undefined)}
        title={removing === "monitor" ? "Delete this monitor?" : `Delete ${website.name}?`}
        action={removing === "monitor" ? "Delete monitor" : "Delete website"}
        word={removing === "monitor" ? (monitor?.kind ?? "") : website.name}
        busy={remove.isPending}
        onConfirm={() => removing && remove.mutate(removing)}
      >
        <p>
          {removing === "monitor"
            ? "Its history, its incidents and its measurements go with it. Pause it to keep them."
            : "All of its monitors, incidents and measurements go with it. Pause it to keep them."}
        </p>
      </ConfirmDialog>
    </>
  );
}
