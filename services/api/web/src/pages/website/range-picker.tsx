import { useState } from "react";
import * as format from "@/lib/format";
import { oneOf, setParams, useUrlState } from "@/lib/url";
import { Button, Field, Input, Popover, Segmented, useNow, useZone } from "@/ui";
import { fromInput, type Preset, presetNames, presets, type Span, spanCodec, toInput } from "./range";

const presetCodec = oneOf(...presetNames);

/** The stretch that charts show: a preset that moves with the time, or one from A to B. */
export interface Range {
  preset: Preset;
  custom: Span | null;
  /** Names it in the keys of the cache. */
  key: string;
  /** As it is when asked for. */
  span: () => Span;
}

export function useRange(): Range {
  const [preset] = useUrlState<Preset>("range", "24h", presetCodec);
  const [custom] = useUrlState<Span | null>("span", null, spanCodec);
  return {
    preset,
    custom,
    key: custom ? spanCodec.format(custom) : preset,
    span: () => custom ?? { from: Date.now() - presets[preset] * 1000, to: Date.now() },
  };
}

/** Shows only this stretch; the back button returns. */
export const zoomTo = (span: Span) => {
  // Less than a minute has no more to show.
  const middle = (span.from + span.to) / 2;
  const half = Math.max(30_000, (span.to - span.from) / 2);
  setParams({ span: spanCodec.format({ from: middle - half, to: middle + half }) }, true);
};

export function RangePicker({ range }: { range: Range }) {
  const zone = useZone();
  return (
    <div className="flex flex-wrap items-center gap-2">
      {range.custom && (
        <>
          <span className="text-[13px] text-muted">
            {format.short(range.custom.from, zone)} – {format.short(range.custom.to, zone)}
          </span>
          <Button small icon="chevronLeft" onClick={() => setParams({ span: null }, true)}>
            Back to {range.preset}
          </Button>
        </>
      )}
      <Segmented
        label="Range"
        value={range.custom ? ("" as Preset) : range.preset}
        onChange={(p) => setParams({ range: p === "24h" ? null : p, span: null }, true)}
        options={presetNames.map((p) => ({ value: p, label: p }))}
      />
      <Custom range={range} />
    </div>
  );
}

function Custom({ range }: { range: Range }) {
  const utc = useZone() === "utc";
  const [open, setOpen] = useState(false);
  const [texts, setTexts] = useState({ from: "", to: "" });
  const now = useNow(60_000);
  const from = fromInput(texts.from, utc);
  const to = fromInput(texts.to, utc);
  const wrong =
    from === undefined || to === undefined
      ? undefined
      : from >= to
        ? "It must end after it begins."
        : from > now
          ? "Nothing is known of the future."
          : undefined;
  const show = (o: boolean) => {
    if (o) {
      const s = range.span();
      setTexts({ from: toInput(s.from, utc), to: toInput(s.to, utc) });
    }
    setOpen(o);
  };
  return (
    <Popover
      open={open}
      onOpenChange={show}
      align="end"
      trigger={
        <Button small icon="clock" aria-pressed={range.custom !== null}>
          Custom
        </Button>
      }
      className="w-72"
    >
      <form
        className="space-y-3"
        onSubmit={(e) => {
          e.preventDefault();
          if (from === undefined || to === undefined || wrong) return;
          zoomTo({ from, to });
          setOpen(false);
        }}
      >
        <Field label={utc ? "From (UTC)" : "From"}>
          <Input
            type="datetime-local"
            required
            value={texts.from}
            onChange={(e) => setTexts({ ...texts, from: e.target.value })}
          />
        </Field>
        <Field label={utc ? "To (UTC)" : "To"} error={wrong}>
          <Input
            type="datetime-local"
            required
            value={texts.to}
            onChange={(e) => setTexts({ ...texts, to: e.target.value })}
          />
        </Field>
        <Button type="submit" look="primary" disabled={wrong !== undefined} className="w-full">
          Show
        </Button>
      </form>
    </Popover>
  );
}
