import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, data } from "@/api/client";
import { isProblem } from "@/api/problem";
import { useSubmit } from "@/lib/form";
import { setParams } from "@/lib/url";
import { Banner, Button, CopyButton, ErrorState, FormError, Panel, Switch, Tooltip, toast } from "@/ui";
import { asYaml, monitorAsInput } from "../copies";
import { type Monitor, useRegions, type Website } from "../data";
import { ResultRow, ResultsSummary } from "../results";
import { kindLook } from "../words";
import { type Errors, Fields } from "./fields";
import { PolicySection, Section, WhatSection, WhenSection } from "./sections";
import type { FieldSpec } from "./spec";
import { settings as specs } from "./spec.gen";
import { changes, type Draft, draftOf, hasField, type JsonObject, toCreate, toJson } from "./values";
import { basicsOf } from "./words";

/** What a new monitor of a kind begins with. */
export function fresh(kind: string, target = ""): Draft {
  return {
    kind,
    name: "",
    target,
    settings: {},
    interval_seconds: kindLook(kind).interval.default,
    timeout_ms: undefined,
    regions: null,
    policy: { quorum: { mode: "majority" }, confirmation_seconds: 0, recovery_rounds: 2 },
    paused: false,
  };
}

const specsOf = (kind: string): readonly FieldSpec[] => specs[kind as keyof typeof specs] ?? [];

/** The settings of a monitor, or of one to be made. */
export function MonitorForm({
  website,
  monitor,
  kind,
}: {
  website: Website;
  monitor: Monitor | undefined;
  kind: string;
}) {
  const client = useQueryClient();
  const [base, setBase] = useState<Draft>(() => (monitor ? draftOf(monitor) : fresh(kind)));
  const [draft, setDraft] = useState(base);
  const patch = changes(base, draft);
  const dirty = monitor ? Object.keys(patch).length > 0 : true;
  const elsewhere = useChangedElsewhere(monitor, base, dirty, (now) => {
    setBase(now);
    setDraft(now);
  });
  const all = specsOf(draft.kind);
  const save = useSubmit(
    () =>
      monitor
        ? data(api.PATCH("/v1/monitors/{id}", { params: { path: { id: monitor.id } }, body: patch as never }))
        : data(
            api.POST("/v1/websites/{id}/monitors", {
              params: { path: { id: website.id } },
              body: toCreate(draft) as never,
            }),
          ),
    {
      onDone: async (m: Monitor) => {
        const now = draftOf(m);
        setBase(now);
        setDraft(now);
        toast.done(monitor ? "Saved" : "The monitor is added", {
          detail: monitor ? "It is checked as it is now." : "Its first check is under way.",
        });
        await client.invalidateQueries({ queryKey: ["website", website.id] });
        await client.invalidateQueries({ queryKey: ["monitor", m.id] });
        if (!monitor) setParams({ m: m.id, tab: null, kind: null });
      },
    },
  );
  const test = useTest(draft, monitor);
  // Of the last of the two that was asked for.
  const failure = test.failedLast(save.failure) ?? save.failure;
  const fields = isProblem(failure) ? failure.fields : {};
  const errors = (pointer: string) => fields[pointer];
  const unseen = Object.entries(fields).filter(([p]) => !hasField(all, p));
  const set = (change: Partial<Draft>) => setDraft((d) => ({ ...d, ...change }));
  const basics = basicsOf(draft.kind);
  const shown = basics.flatMap((name) => all.filter((s) => s.name === name));
  const advanced = all.filter((s) => !basics.includes(s.name));
  const props = { draft, set, errors };
  const wrongInside = advanced.some((s) =>
    Object.keys(fields).some((p) => p.startsWith(`settings/${s.name}`)),
  );
  const setSettings = (settings: JsonObject) => set({ settings });
  return (
    <form
      noValidate
      onSubmit={(e) => {
        e.preventDefault();
        test.reset();
        save.submit(undefined);
      }}
    >
      <Panel
        flush
        title={monitor ? `${kindLook(draft.kind).name} monitor` : `New ${kindLook(draft.kind).name} monitor`}
        actions={monitor && <CopyButton label="Copy as YAML" text={asYaml(monitorAsInput(monitor))} />}
      >
        {elsewhere && (
          <div className="p-4 pb-0">
            <Banner look="warning">
              It was changed elsewhere meanwhile. Saving changes only what you have changed here.
            </Banner>
          </div>
        )}
        <WhatSection {...props} />
        <WhenSection {...props} />
        {shown.length > 0 && (
          <Section title="What must be true" about="What is sent, and what the answer has to be like.">
            <Fields
              specs={shown}
              at="settings"
              value={draft.settings}
              onChange={setSettings}
              errors={errors}
            />
          </Section>
        )}
        <PolicySection {...props} />
        {advanced.length > 0 && (
          <Advanced
            specs={advanced}
            settings={draft.settings}
            onChange={setSettings}
            errors={errors}
            open={wrongInside}
          />
        )}
        {monitor && (
          <Section title="Checking" about="A website that is paused pauses all of its monitors.">
            <Switch
              checked={!draft.paused}
              onChange={(on) => set({ paused: !on })}
              label="This monitor is checked"
              hint="Off: it is paused by itself, until it is switched on again."
            />
          </Section>
        )}
        <div className="sticky bottom-14 z-10 md:bottom-0 -mt-px rounded-b border-t border-line bg-surface px-4 py-3">
          <FormError>{sentenceOf(failure, unseen)}</FormError>
          <Buttons
            monitor={monitor}
            busy={save.busy}
            changed={dirty ? Object.keys(patch) : undefined}
            testing={test.isPending}
            onTest={
              draft.kind === "heartbeat"
                ? undefined
                : () => {
                    save.reset();
                    test.mutate();
                  }
            }
            onDiscard={() => {
              setDraft(base);
              save.reset();
              test.reset();
            }}
          />
          <TestResults test={test} regions={draft.regions} />
        </div>
      </Panel>
    </form>
  );
}

/** What few people want, folded away until one of it is wrong. */
function Advanced({
  specs,
  settings,
  onChange,
  errors,
  open,
}: {
  specs: readonly FieldSpec[];
  settings: JsonObject;
  onChange: (settings: JsonObject) => void;
  errors: Errors;
  open: boolean;
}) {
  return (
    <details className="border-b border-line last:border-0" open={open || undefined}>
      <summary className="px-4 py-4 font-semibold">
        Advanced <span className="font-normal text-muted">· {advancedWords(specs, settings)}</span>
      </summary>
      <div className="grid gap-4 px-4 pb-5 sm:grid-cols-2 lg:pl-[268px]">
        <Fields specs={specs} at="settings" value={settings} onChange={onChange} errors={errors} />
      </div>
    </details>
  );
}

function Buttons({
  monitor,
  busy,
  changed,
  testing,
  onTest,
  onDiscard,
}: {
  monitor: Monitor | undefined;
  busy: boolean;
  /** What is not saved yet; undefined if all is. */
  changed: string[] | undefined;
  testing: boolean;
  onTest: (() => void) | undefined;
  onDiscard: () => void;
}) {
  return (
    <div className="mt-2 flex flex-wrap items-center gap-2 first:mt-0">
      <Button type="submit" look="primary" busy={busy} disabled={!changed}>
        {monitor ? "Save" : "Add monitor"}
      </Button>
      {onTest && (
        <Tooltip text="Runs once, now, from every region, as it stands here; nothing is stored.">
          <Button icon="play" busy={testing} onClick={onTest}>
            Test now
          </Button>
        </Tooltip>
      )}
      {monitor && changed && (
        <Button look="quiet" onClick={onDiscard}>
          Discard changes
        </Button>
      )}
      <span className="flex-1 text-right text-[13px] text-muted">
        {monitor && (changed ? `Not saved: ${changed.map(short).join(", ")}` : "Saved")}
      </span>
    </div>
  );
}

const short = (key: string) => key.replace(/_(seconds|ms)$/, "").replaceAll("_", " ");

function advancedWords(specs: readonly FieldSpec[], settings: JsonObject): string {
  const set = specs.filter((s) => s.name in settings);
  return set.length > 0
    ? `set: ${set.map((s) => short(s.name)).join(", ")}`
    : specs.map((s) => short(s.name)).join(", ");
}

/** One sentence for what no field shows. */
function sentenceOf(failure: unknown, unseen: [string, string][]): string | undefined {
  if (!failure) return undefined;
  if (unseen.length > 0) return unseen.map(([p, text]) => `${p}: ${text}`).join(" ");
  if (isProblem(failure)) {
    const n = Object.keys(failure.fields).length;
    if (n > 0)
      return n === 1 ? "One field above needs another look." : `${n} fields above need another look.`;
    return failure.message;
  }
  return undefined;
}

/** Takes over what somebody else has saved, unless one is just changing it. */
function useChangedElsewhere(
  monitor: Monitor | undefined,
  base: Draft,
  dirty: boolean,
  take: (now: Draft) => void,
): boolean {
  const differs = monitor !== undefined && Object.keys(changes(base, draftOf(monitor))).length > 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: when it differs is what counts
  useEffect(() => {
    if (differs && !dirty && monitor) take(draftOf(monitor));
  }, [differs, dirty]);
  return differs && dirty;
}

function useTest(draft: Draft, monitor: Monitor | undefined) {
  const run = useMutation({
    mutationFn: () => {
      const { kind, target, settings, timeout_ms, regions } = toJson(draft);
      const body = {
        kind,
        target,
        settings,
        regions,
        ...(timeout_ms === undefined ? {} : { timeout_ms }),
        ...(monitor ? { monitor_id: monitor.id } : {}),
      };
      return data(api.POST("/v1/monitors/test", { body: body as never }));
    },
  });
  return { ...run, failedLast: (other: unknown) => (other ? undefined : (run.error ?? undefined)) };
}

function TestResults({ test, regions }: { test: ReturnType<typeof useTest>; regions: string[] | null }) {
  const known = useRegions();
  if (test.isIdle) return null;
  if (test.isError)
    return isProblem(test.error) && Object.keys(test.error.fields).length > 0 ? null : (
      <ErrorState compact error={test.error} />
    );
  const asked =
    regions ?? (known.data?.items ?? []).filter((r) => r.state === "active" && !r.private).map((r) => r.name);
  const results = test.data?.results ?? [];
  const longest = Math.max(0, ...results.map((r) => r.latency_ms ?? 0));
  const rows = test.data ? results : asked.map((region) => ({ region, ok: undefined }));
  return (
    <div className="mt-3 rounded border border-line">
      <div className="flex items-center justify-between border-b border-line px-4 py-2">
        <b>Test</b>
        <ResultsSummary seen={results} awaited={test.data ? 0 : asked.length} />
      </div>
      <ul aria-live="polite" className="max-h-60 overflow-y-auto">
        {rows.map((r) => (
          <ResultRow
            key={r.region}
            who={r.region}
            seen={r.ok === undefined ? undefined : r}
            longest={longest}
          />
        ))}
      </ul>
      {test.data && !test.data.complete && (
        <p className="px-4 py-2 text-degraded">◆ Not every region has answered in time.</p>
      )}
    </div>
  );
}
