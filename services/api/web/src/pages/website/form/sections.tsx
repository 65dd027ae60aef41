import type { ReactNode } from "react";
import * as format from "@/lib/format";
import { Checkbox, Field, Input, Select, Switch } from "@/ui";
import { useRegions } from "../data";
import { kindLook } from "../words";
import { type Errors, NumberInput, Wrong } from "./fields";
import type { Draft } from "./values";

interface Props {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  errors: Errors;
}

/** A part of the form: its title and what it is about at the left, its fields at the right. */
export function Section({
  title,
  about,
  children,
}: {
  title: string;
  about?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="grid gap-x-8 gap-y-3 border-b border-line px-4 py-5 last:border-0 lg:grid-cols-[220px_minmax(0,1fr)]">
      <div>
        <h3 className="font-semibold">{title}</h3>
        {about && <p className="mt-1 text-[13px] text-muted">{about}</p>}
      </div>
      <div className="grid min-w-0 gap-4 sm:grid-cols-2">{children}</div>
    </section>
  );
}

export function WhatSection({ draft, set, errors }: Props) {
  const look = kindLook(draft.kind);
  return (
    <Section title="What" about={`${look.does}.`}>
      {draft.kind !== "heartbeat" && (
        <Field label={look.target} error={errors("target")} className="sm:col-span-2">
          <Input
            value={draft.target}
            placeholder={look.example}
            spellCheck={false}
            autoComplete="off"
            onChange={(e) => set({ target: e.target.value })}
          />
        </Field>
      )}
      <Field label="Name" optional error={errors("name")} hint="Told in alerts, beside the website's.">
        <Input value={draft.name} maxLength={200} onChange={(e) => set({ name: e.target.value })} />
      </Field>
    </Section>
  );
}

const presetSeconds = [10, 30, 60, 300, 900, 3_600, 86_400];

export function WhenSection({ draft, set, errors }: Props) {
  const { interval } = kindLook(draft.kind);
  const heartbeat = draft.kind === "heartbeat";
  return (
    <Section
      title={heartbeat ? "How often" : "How often, from where"}
      about={
        heartbeat
          ? "Silence of more than this and the grace is down."
          : "Every region checks once in each interval."
      }
    >
      <Field
        label={heartbeat ? "Expected every" : "Interval"}
        error={errors("interval_seconds")}
        hint={`${format.duration(draft.interval_seconds)}; ${format.duration(interval.min)} to ${format.duration(interval.max)}`}
      >
        <NumberInput
          value={draft.interval_seconds}
          min={interval.min}
          max={interval.max}
          unit="s"
          onChange={(n) => set({ interval_seconds: n ?? interval.default })}
        />
        <span className="mt-1 flex flex-wrap gap-1">
          {presetSeconds
            .filter((s) => s >= interval.min && s <= interval.max)
            .map((s) => (
              <button
                key={s}
                type="button"
                aria-pressed={draft.interval_seconds === s}
                onClick={() => set({ interval_seconds: s })}
                className="rounded-sm border border-line px-1.5 py-0.5 text-[13px] text-muted hover:bg-hover aria-pressed:border-accent aria-pressed:text-text"
              >
                {format.duration(s)}
              </button>
            ))}
        </span>
      </Field>
      {!heartbeat && (
        <Field label="Timeout" error={errors("timeout_ms")} hint="At most a minute, and the interval.">
          <NumberInput
            value={draft.timeout_ms}
            min={100}
            max={60_000}
            placeholder={draft.kind === "domain" ? 20_000 : Math.min(10_000, draft.interval_seconds * 1000)}
            unit="ms"
            onChange={(n) => set({ timeout_ms: n })}
          />
        </Field>
      )}
      {!heartbeat && <RegionsField draft={draft} set={set} errors={errors} />}
    </Section>
  );
}

function RegionsField({ draft, set, errors }: Props) {
  const regions = useRegions();
  const known = (regions.data?.items ?? []).filter((r) => r.enabled || draft.regions?.includes(r.name));
  const names = [...new Set([...known.map((r) => r.name), ...(draft.regions ?? [])])];
  const chosen = draft.regions;
  const first = chosen?.map((_, i) => errors(`regions/${i}`)).find(Boolean);
  return (
    <fieldset className="min-w-0 sm:col-span-2">
      <legend className="mb-2 font-medium">Regions</legend>
      <Switch
        checked={chosen === null}
        onChange={(all) => set({ regions: all ? null : known.filter((r) => !r.private).map((r) => r.name) })}
        label="Every region"
        hint="Also those that are added later; not the private ones."
      />
      {chosen !== null && (
        <div className="mt-3 grid gap-2 sm:grid-cols-2">
          {names.map((name) => {
            const r = known.find((k) => k.name === name);
            return (
              <Checkbox
                key={name}
                checked={chosen.includes(name)}
                onChange={(on) => set({ regions: on ? [...chosen, name] : chosen.filter((c) => c !== name) })}
                label={
                  <>
                    {name}
                    <span className="text-muted">
                      {r?.title ? ` · ${r.title}` : ""}
                      {r?.private ? " · private" : ""}
                      {r ? "" : " · not there any more"}
                    </span>
                  </>
                }
              />
            );
          })}
        </div>
      )}
      <Wrong>{errors("regions") ?? first}</Wrong>
    </fieldset>
  );
}

const modes = [
  { value: "majority", label: "A majority of the regions" },
  { value: "any", label: "Any region" },
  { value: "all", label: "All regions" },
  { value: "count", label: "At least so many regions" },
];

/** "Down once a majority of the fresh regions fails for 30 s; up again after 2 clean rounds." */
export function policyWords(p: Draft["policy"]): string {
  const n = p.quorum.count ?? 1;
  const who =
    {
      any: "any fresh region fails",
      all: "all fresh regions fail",
      count: `${format.plural(n, "region")} ${n === 1 ? "fails" : "fail"}`,
    }[p.quorum.mode] ?? "a majority of the fresh regions fails";
  const hold =
    p.confirmation_seconds > 0 ? ` and goes on failing for ${format.duration(p.confirmation_seconds)}` : "";
  return `Down once ${who}${hold}; up again after ${format.plural(p.recovery_rounds, "clean round")}.`;
}

export function PolicySection({ draft, set, errors }: Props) {
  const p = draft.policy;
  const heartbeat = draft.kind === "heartbeat";
  const change = (c: Partial<Draft["policy"]>) => set({ policy: { ...p, ...c } });
  return (
    <Section
      title="When it is down"
      about={heartbeat ? "A heartbeat has one voice: its own." : policyWords(p)}
    >
      {!heartbeat && (
        <Field label="Down when these fail" error={errors("policy/quorum/mode") ?? errors("policy/quorum")}>
          <Select
            value={p.quorum.mode}
            options={modes}
            onChange={(mode) =>
              change({ quorum: mode === "count" ? { mode, count: p.quorum.count ?? 2 } : { mode } })
            }
          />
        </Field>
      )}
      {p.quorum.mode === "count" && (
        <Field label="How many regions" error={errors("policy/quorum/count")}>
          <NumberInput
            value={p.quorum.count}
            min={1}
            max={100}
            onChange={(count) => change({ quorum: { mode: "count", count } })}
          />
        </Field>
      )}
      <Field
        label="Confirmation"
        error={errors("policy/confirmation_seconds")}
        hint="How long they must go on failing; 0 is as soon as they agree."
      >
        <NumberInput
          value={p.confirmation_seconds}
          min={0}
          max={3_600}
          unit="s"
          onChange={(n) => change({ confirmation_seconds: n ?? 0 })}
        />
      </Field>
      <Field
        label="Recovery"
        error={errors("policy/recovery_rounds")}
        hint="Clean rounds until an incident is resolved."
      >
        <NumberInput
          value={p.recovery_rounds}
          min={1}
          max={20}
          unit="rounds"
          onChange={(n) => change({ recovery_rounds: n ?? 1 })}
        />
      </Field>
    </Section>
  );
}
