import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, data } from "@/api/client";
import { Button, Combobox, Segmented, Select, useZone } from "@/ui";
import { fromInput, type Range, type Status, toInput } from "./groups";

export interface Filters {
  status: Status;
  setStatus: (s: Status) => void;
  website: string;
  setWebsite: (id: string) => void;
  range: Range;
  setRange: (r: Range) => void;
  from: number | null;
  setFrom: (t: number | null) => void;
  to: number | null;
  setTo: (t: number | null) => void;
  any: boolean;
  clear: () => void;
}

export function FilterBar(f: Filters) {
  const zone = useZone();
  return (
    <div className="mb-4 flex flex-wrap items-center gap-2 print:hidden">
      <Segmented
        label="Status"
        value={f.status}
        onChange={f.setStatus}
        options={[
          { value: "", label: "All" },
          { value: "open", label: "Open" },
          { value: "acknowledged", label: "Acknowledged" },
          { value: "resolved", label: "Resolved" },
        ]}
      />
      <div className="w-full sm:w-64">
        <WebsiteFilter value={f.website} onChange={f.setWebsite} />
      </div>
      <div className="w-full sm:w-40">
        <Select
          label="When"
          value={f.range}
          onChange={f.setRange}
          options={[
            { value: "any", label: "Any time" },
            { value: "24h", label: "Last 24 hours" },
            { value: "7d", label: "Last 7 days" },
            { value: "30d", label: "Last 30 days" },
            { value: "90d", label: "Last 90 days" },
            { value: "custom", label: "From … to …" },
          ]}
        />
      </div>
      {f.range === "custom" && (
        <div className="flex flex-wrap items-center gap-2">
          <Moment
            label="From"
            value={toInput(f.from, zone)}
            onChange={(s) => f.setFrom(fromInput(s, zone))}
          />
          <Moment label="To" value={toInput(f.to, zone)} onChange={(s) => f.setTo(fromInput(s, zone))} />
        </div>
      )}
      {f.any && (
        <Button look="quiet" icon="close" onClick={f.clear}>
          Clear filters
        </Button>
      )}
    </div>
  );
}

function Moment({ label, value, onChange }: { label: string; value: string; onChange: (s: string) => void }) {
  return (
    <label className="flex items-center gap-2 text-muted">
      {label}
      <input
        type="datetime-local"
        className="h-9 rounded border border-line-strong bg-surface px-2 text-text"
        value={value}
        onChange={(e) => onChange(e.target.value)}
      />
    </label>
  );
}

const every = "every"; // no website has such an id

/** One website, found by typing. */
function WebsiteFilter({ value, onChange }: { value: string; onChange: (id: string) => void }) {
  const [typed, setTyped] = useState("");
  const found = useQuery({
    queryKey: ["websites", "found", typed],
    queryFn: ({ signal }) =>
      data(
        api.GET("/v1/websites", { params: { query: { limit: 20, ...(typed ? { q: typed } : {}) } }, signal }),
      ),
    placeholderData: (before) => before,
  });
  const chosen = useQuery({
    queryKey: ["website", value],
    queryFn: ({ signal }) => data(api.GET("/v1/websites/{id}", { params: { path: { id: value } }, signal })),
    enabled: value !== "",
  });
  const options = (found.data?.items ?? []).map((w) => ({ value: w.id, label: w.name }));
  if (value !== "" && !options.some((o) => o.value === value)) {
    options.unshift({ value, label: chosen.data?.name ?? (chosen.error ? "A website that is gone" : "…") });
  }
  return (
    <Combobox
      label="Website"
      value={value === "" ? every : value}
      onChange={(v) => onChange(v === every ? "" : v)}
      onSearch={setTyped}
      options={[...(typed === "" ? [{ value: every, label: "Every website" }] : []), ...options]}
    />
  );
}
