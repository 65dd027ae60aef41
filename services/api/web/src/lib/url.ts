import { useCallback } from "react";
// As the URL has it: wouter's own decodes it, so that "%26" could not be told from "&".
import { useSearch } from "wouter/use-browser-location";

export { useSearch };

/** A value of a page's state as it stands in the URL. */
export interface UrlCodec<T> {
  parse(text: string): T | undefined;
  format(value: T): string;
}

export const text: UrlCodec<string> = { parse: (s) => s, format: (s) => s };
/** Several values, such as tags; an empty list leaves the URL. */
export const list: UrlCodec<string[]> = {
  parse: (s) => (s === "" ? [] : s.split(",").map(decodeURIComponent)),
  format: (v) => v.map((s) => encodeURIComponent(s)).join(","),
};
export const flag: UrlCodec<boolean> = { parse: (s) => s !== "0", format: (v) => (v ? "1" : "0") };
export const integer: UrlCodec<number> = {
  parse: (s) => (/^-?\d{1,15}$/.test(s) ? Number(s) : undefined),
  format: String,
};
/** One of a few words; any other is passed over. */
export function oneOf<const T extends string>(...words: T[]): UrlCodec<T> {
  return { parse: (s) => words.find((w) => w === s), format: (v) => v };
}

/** Changes some parameters of the present URL, null removes one. Several calls in a row add up. */
export function setParams(changes: Record<string, string | null>, push = false) {
  const params = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) params.delete(key);
    else params.set(key, value);
  }
  const query = params.toString();
  const to = location.pathname + (query ? `?${query}` : "") + location.hash;
  if (to === location.pathname + location.search + location.hash) return;
  // wouter patches these to tell its hooks.
  if (push) history.pushState(null, "", to);
  else history.replaceState(history.state, "", to);
}

/**
 * State that a link can hold: a range, a region, a tab, a filter. Like useState; the
 * default is not written into the URL. `push`: the back button undoes a change.
 */
export function useUrlState<T>(
  key: string,
  fallback: T,
  codec: UrlCodec<T>,
  options: { push?: boolean } = {},
): [T, (value: T) => void] {
  const raw = new URLSearchParams(useSearch()).get(key);
  const value = (raw === null ? undefined : codec.parse(raw)) ?? fallback;
  const push = options.push ?? false;
  const set = useCallback(
    (next: T) => {
      const written = codec.format(next);
      setParams({ [key]: written === codec.format(fallback) ? null : written }, push);
    },
    [key, codec, fallback, push],
  );
  return [value, set];
}
