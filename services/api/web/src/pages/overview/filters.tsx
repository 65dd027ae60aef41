import { useQuery } from "@tanstack/react-query";
import { type Ref, useState } from "react";
import { api, data } from "@/api/client";
import { count } from "@/lib/format";
import {
  Button,
  Checkbox,
  Icon,
  Input,
  Kbd,
  Popover,
  Segmented,
  Select,
  type Sort,
  VerdictGlyph,
  verdictOrder,
  verdicts,
} from "@/ui";

export const kinds = [
  "http",
  "tcp",
  "udp",
  "dns",
  "tls",
  "icmp",
  "grpc",
  "websocket",
  "smtp",
  "domain",
  "heartbeat",
] as const;

const sorts = [
  { value: "verdict", label: "Worst first" },
  { value: "name", label: "Name" },
  { value: "-p95", label: "Slowest (p95)" },
  { value: "-p50", label: "Slowest (p50)" },
  { value: "uptime24", label: "Least uptime, 24 h" },
  { value: "uptime30", label: "Least uptime, 30 d" },
  { value: "expires", label: "Ends first" },
  { value: "-checked", label: "Last checked" },
];

export const sortText = (s: Sort) => (s.descending ? "-" : "") + s.key;

export interface FiltersProps {
  search: Ref<HTMLInputElement>;
  q: string;
  onQ: (q: string) => void;
  tags: string[];
  onTags: (t: string[]) => void;
  verdicts: string[];
  onVerdicts: (v: string[]) => void;
  kind: string;
  onKind: (k: string) => void;
  sort: Sort;
  onSort: (s: Sort) => void;
  grouped: boolean;
  onGrouped: (g: boolean) => void;
  view: "table" | "map";
  onView: (v: "table" | "map") => void;
}

/** Which websites the list shows, in which order. All of it stands in the URL. */
export function Filters(p: FiltersProps) {
  const { data: tags } = useQuery({
    queryKey: ["tags"],
    queryFn: ({ signal }) => data(api.GET("/v1/tags", { signal })),
  });
  const sort = sortText(p.sort);
  const known = sorts.some((s) => s.value === sort);
  return (
    <div className="flex flex-wrap items-center gap-2" role="search" aria-label="Websites">
      <div className="relative min-w-48 flex-1 basis-full sm:max-w-80 sm:basis-48">
        <Icon name="search" className="pointer-events-none absolute top-2.5 left-3 text-muted" />
        <Input
          ref={p.search}
          type="search"
          aria-label="Search websites"
          aria-keyshortcuts="/"
          placeholder="Name, address or tag"
          className="pr-8! pl-9! [&::-webkit-search-cancel-button]:hidden"
          value={p.q}
          onChange={(e) => p.onQ(e.target.value)}
          onKeyDown={(e) => {
            if (e.key !== "Escape") return;
            if (p.q === "") e.currentTarget.blur();
            else p.onQ("");
          }}
        />
        {p.q === "" && (
          <span className="pointer-events-none absolute top-2 right-2 hidden sm:inline" aria-hidden="true">
            <Kbd>/</Kbd>
          </span>
        )}
      </div>
      {(tags?.items.length ?? 0) > 0 && (
        <Several
          label="Tag"
          chosen={p.tags}
          onChange={p.onTags}
          options={(tags?.items ?? []).map((t) => ({ value: t.tag, label: t.tag, n: t.websites }))}
        />
      )}
      <Several
        label="Verdict"
        chosen={p.verdicts}
        onChange={p.onVerdicts}
        options={verdictOrder
          .filter((v) => v !== "maintenance")
          .map((v) => ({ value: v, label: verdicts[v].word, verdict: v }))}
      />
      <Select
        label="Kind"
        className="w-auto! gap-1! border-line! font-medium"
        value={p.kind === "" ? "any" : p.kind}
        onChange={(k) => p.onKind(k === "any" ? "" : k)}
        options={[
          { value: "any", label: "Any kind" },
          ...kinds.map((k) => ({ value: k as string, label: k })),
        ]}
      />
      <Select
        label="Sort"
        className="w-auto! border-line! font-medium"
        value={sort}
        onChange={(v) => p.onSort({ key: v.replace(/^-/, ""), descending: v.startsWith("-") })}
        options={known ? sorts : [...sorts, { value: sort, label: "As the heading says" }]}
      />
      <Button
        aria-pressed={p.grouped}
        icon="tag"
        onClick={() => p.onGrouped(!p.grouped)}
        className={p.grouped ? "border-accent! text-accent!" : ""}
      >
        <span>
          Group<span className="sr-only sm:not-sr-only"> by tag</span>
        </span>
      </Button>
      <span className="ml-auto">
        <Segmented
          label="View"
          value={p.view}
          onChange={p.onView}
          options={[
            { value: "table", label: "Table" },
            { value: "map", label: "Map" },
          ]}
        />
      </span>
    </div>
  );
}

/** A choice of several in a small panel. */
function Several({
  label,
  chosen,
  onChange,
  options,
}: {
  label: string;
  chosen: string[];
  onChange: (v: string[]) => void;
  options: { value: string; label: string; n?: number; verdict?: (typeof verdictOrder)[number] }[];
}) {
  const [typed, setTyped] = useState("");
  const found = options.filter((o) => o.label.toLowerCase().includes(typed.toLowerCase())).slice(0, 200);
  return (
    <Popover
      className="max-h-80 w-60 overflow-y-auto"
      trigger={
        <Button className={chosen.length > 0 ? "border-accent! text-accent!" : ""}>
          {label}
          {chosen.length > 0 && `: ${chosen.length === 1 ? chosen[0] : chosen.length}`}
          <Icon name="chevronDown" size={14} className="text-muted" />
        </Button>
      }
    >
      {options.length > 10 && (
        <Input
          aria-label={`Find a ${label.toLowerCase()}`}
          placeholder="Find"
          className="mb-2"
          value={typed}
          onChange={(e) => setTyped(e.target.value)}
        />
      )}
      <div className="space-y-2" role="group" aria-label={label}>
        {found.map((o) => (
          <Checkbox
            key={o.value}
            checked={chosen.includes(o.value)}
            onChange={(on) => onChange(on ? [...chosen, o.value] : chosen.filter((c) => c !== o.value))}
            label={
              <span className="flex items-center gap-1.5">
                {o.verdict && <VerdictGlyph verdict={o.verdict} />}
                <span className="wrap-anywhere">{o.label}</span>
                {o.n !== undefined && <span className="text-muted">{count(o.n)}</span>}
              </span>
            }
          />
        ))}
        {found.length === 0 && <div className="text-muted">Nothing matches</div>}
      </div>
      {chosen.length > 0 && (
        <Button small look="quiet" className="mt-2 w-full" onClick={() => onChange([])}>
          Any {label.toLowerCase()}
        </Button>
      )}
    </Popover>
  );
}
