import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, type Schema } from "@/api/client";
import { Button, Combobox, IconButton } from "@/ui";

type Website = Schema["Website"];

const pageLength = 1_000;
const foundLength = 20;

export const websiteName = (w: Pick<Website, "name" | "url">) => w.name || w.url;

/** Reads pages of the list until every one of the ids was met, or there are no more. */
async function named(ids: readonly string[], signal: AbortSignal): Promise<Record<string, string>> {
  const wanted = new Set(ids);
  const names: Record<string, string> = {};
  let cursor: string | undefined;
  do {
    const page = await data(
      api.GET("/v1/websites", {
        params: { query: { limit: pageLength, ...(cursor ? { cursor } : {}) } },
        signal,
      }),
    );
    for (const w of page.items) if (wanted.delete(w.id)) names[w.id] = websiteName(w);
    cursor = page.next_cursor ?? undefined;
  } while (cursor && wanted.size > 0);
  return names;
}

/** The names of websites by their ids; one that was removed has none. */
export function useWebsiteNames(ids: readonly string[]): Readonly<Record<string, string>> {
  const wanted = [...new Set(ids)].sort();
  const { data: names } = useQuery({
    queryKey: ["websites", "named", wanted],
    queryFn: ({ signal }) => named(wanted, signal),
    enabled: wanted.length > 0,
    placeholderData: keepPreviousData,
  });
  return names ?? {};
}

/** Finds one website by typing and hands it over. */
export function WebsiteSearch({
  onPick,
  without,
  label,
  disabled = false,
}: {
  onPick: (w: Website) => void;
  without: readonly string[];
  label?: string;
  disabled?: boolean;
}) {
  const [typed, setTyped] = useState("");
  const found = useQuery({
    queryKey: ["websites", "picker", typed],
    queryFn: ({ signal }) =>
      data(
        api.GET("/v1/websites", {
          params: { query: { limit: foundLength, sort: "name", ...(typed ? { q: typed } : {}) } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });
  const offered = (found.data?.items ?? []).filter((w) => !without.includes(w.id));
  return (
    <Combobox
      value={undefined}
      {...(label ? { label } : {})}
      disabled={disabled}
      placeholder="Find a website by its name or URL"
      onSearch={(q) => setTyped(q.trim())}
      empty={found.isPending ? "Looking …" : "No other website is called like that"}
      options={offered.map((w) => ({
        value: w.id,
        label: websiteName(w),
        detail: w.name ? <span className="hidden sm:inline">{w.url}</span> : undefined,
      }))}
      onChange={(id) => {
        const w = offered.find((o) => o.id === id);
        if (w) onPick(w);
        setTyped("");
      }}
    />
  );
}

const mostShown = 12;

/** Several websites; their names are looked up. */
export function WebsitePicker({
  value,
  onChange,
  label,
}: {
  value: readonly string[];
  onChange: (ids: string[]) => void;
  label?: string;
}) {
  const [picked, setPicked] = useState<Record<string, string>>({});
  const [all, setAll] = useState(false);
  const names = useWebsiteNames(value.filter((id) => !(id in picked)));
  const shown = all ? value : value.slice(0, mostShown);
  return (
    <div className="space-y-2">
      <WebsiteSearch
        {...(label ? { label } : {})}
        without={value}
        onPick={(w) => {
          setPicked({ ...picked, [w.id]: websiteName(w) });
          onChange([...value, w.id]);
        }}
      />
      {value.length > 0 && (
        <ul className="divide-y divide-line rounded border border-line" aria-label="Chosen websites">
          {shown.map((id) => {
            const name = picked[id] ?? names[id] ?? id;
            return (
              <li key={id} className="flex h-9 items-center gap-2 pr-1 pl-3">
                <span className="min-w-0 flex-1 truncate">{name}</span>
                <IconButton
                  small
                  icon="close"
                  label={`Leave out ${name}`}
                  onClick={() => onChange(value.filter((v) => v !== id))}
                />
              </li>
            );
          })}
          {value.length > mostShown && (
            <li className="px-1 py-1">
              <Button small look="quiet" onClick={() => setAll(!all)}>
                {all ? "Fewer" : `${value.length - mostShown} more`}
              </Button>
            </li>
          )}
        </ul>
      )}
    </div>
  );
}
