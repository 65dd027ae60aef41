import type { Schema } from "@/api/client";
import { reach } from "@/api/reach";
import { newStore } from "@/lib/store";
import { StreamParser } from "./parse";

/** What the stream tells, by its name. */
export interface LiveEvents {
  verdict: Schema["LiveVerdict"];
  incident: Schema["LiveIncident"];
  fleet: Schema["LiveFleet"];
  config: Schema["LiveConfig"];
  tick: Schema["LiveTick"];
  reset: Schema["LiveReset"];
}
export type LiveName = keyof LiveEvents;
export type LiveEvent = { [N in LiveName]: { name: N; data: LiveEvents[N] } }[LiveName];

export interface Connection {
  state: "idle" | "connecting" | "live" | "reconnecting" | "offline";
  /** Since when it is as it is, ms since 1970. */
  since: number;
}

/** How the page hears of what happens: shown in the top bar. */
export const connection = newStore<Connection>({ state: "idle", since: Date.now() });

function become(state: Connection["state"]) {
  connection.set((now) => (now.state === state ? now : { state, since: Date.now() }));
}

const names = new Set<string>([
  "verdict",
  "incident",
  "fleet",
  "config",
  "tick",
  "reset",
] satisfies LiveName[]);
// A heartbeat comes every 15 s; after three that did not, the stream is not one any more.
const silenceMs = 50_000;
const firstWaitMs = 500;
const longestWaitMs = 30_000;
const gatherMs = 100; // pages ask for ticks one after the other while they mount
const mostMonitors = 50; // the API's limit for ticks
// Browsers open six connections to a host over HTTP/1.1: a tab that nobody looks at gives its
// stream back, and asks for everything now and then, since its title and icon are still seen.
const hiddenMs = 30_000;
const glanceMs = 60_000;

export interface Live {
  /** Hears of everything. Returns how to stop that. */
  subscribe(handler: (e: LiveEvent) => void): () => void;
  /** Asks for the ticks of monitors as well. Returns how to stop that. */
  watch(monitorIds: readonly string[]): () => void;
  close(): void;
}

/** One stream for the whole page, which comes back by itself and goes on where it ended. */
export function openLive(onRefused: (status: number) => void = () => {}): Live {
  const handlers = new Set<(e: LiveEvent) => void>();
  const watched = new Map<string, number>();
  let parser = new StreamParser();
  let current: AbortController | undefined;
  let url = "";
  let tries = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let change: ReturnType<typeof setTimeout> | undefined;
  let hidden: ReturnType<typeof setTimeout> | undefined;
  let glance: ReturnType<typeof setInterval> | undefined;
  let asleep = false;
  let closed = false;

  const address = () => {
    const ids = [...watched.keys()].sort().slice(0, mostMonitors);
    return ids.length > 0 ? `/v1/events?monitor_id=${ids.join(",")}` : "/v1/events";
  };
  const tell = (name: string, text: string) => {
    if (!names.has(name)) return; // of a later version
    let data: unknown;
    try {
      data = JSON.parse(text);
    } catch {
      return;
    }
    for (const h of [...handlers]) h({ name, data } as LiveEvent);
  };
  const again = () => {
    clearTimeout(silence);
    if (closed || asleep || timer) return;
    become(navigator.onLine === false ? "offline" : "reconnecting");
    const wait =
      Math.max(tries === 0 ? 0 : firstWaitMs, Math.min(firstWaitMs * 2 ** tries, longestWaitMs)) *
      (0.5 + Math.random() / 2);
    tries++;
    timer = setTimeout(open, wait);
  };
  const heard = (mine: AbortController) => {
    clearTimeout(silence);
    silence = setTimeout(() => mine.abort(), silenceMs);
  };
  /** Reads one stream to its end. */
  const read = async (mine: AbortController) => {
    const headers = {
      Accept: "text/event-stream",
      ...(parser.lastId ? { "Last-Event-ID": parser.lastId } : {}),
    };
    const response = await fetch(url, {
      headers,
      credentials: "same-origin",
      cache: "no-store",
      signal: mine.signal,
    });
    if (!response.ok || !response.body) {
      if (response.status === 401 || response.status === 403) {
        closed = true;
        become("idle");
        onRefused(response.status);
      }
      return;
    }
    reach.answered();
    become("live");
    tries = 0;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      heard(mine);
      const { done, value } = await reader.read();
      if (done || mine !== current) return;
      for (const e of parser.push(value)) tell(e.name, e.data);
    }
  };
  const open = () => {
    clearTimeout(timer);
    timer = undefined;
    if (closed || asleep) return;
    current?.abort();
    const mine = new AbortController();
    current = mine;
    url = address();
    // A piece that was cut off belongs to the stream that ended.
    const last = parser.lastId;
    parser = new StreamParser();
    parser.lastId = last;
    if (connection.get().state === "idle") become("connecting");
    heard(mine);
    read(mine)
      .catch((err: unknown) => {
        if (err instanceof TypeError && mine === current) reach.missed();
      })
      .finally(() => {
        if (mine === current && !closed) again();
      });
  };
  const online = () => {
    tries = 0;
    if (connection.get().state !== "live") open();
  };
  const offline = () => become("offline");
  const sleep = () => {
    asleep = true;
    for (const t of [timer, silence]) clearTimeout(t);
    timer = undefined;
    current?.abort();
    become("idle");
    glance = setInterval(() => tell("reset", '{"reason":"lost"}'), glanceMs);
  };
  const seen = () => {
    clearTimeout(hidden);
    if (document.visibilityState === "hidden") {
      if (!asleep) hidden = setTimeout(sleep, hiddenMs);
    } else if (asleep) {
      asleep = false;
      clearInterval(glance);
      tries = 0;
      open();
    }
  };
  window.addEventListener("online", online);
  window.addEventListener("offline", offline);
  document.addEventListener("visibilitychange", seen);
  const changed = () => {
    clearTimeout(change);
    change = setTimeout(() => {
      if (!closed && address() !== url) open(); // asleep: with the next look
    }, gatherMs);
  };
  open();
  seen();

  return {
    subscribe(handler) {
      handlers.add(handler);
      return () => {
        handlers.delete(handler);
      };
    },
    watch(ids) {
      for (const id of ids) watched.set(id, (watched.get(id) ?? 0) + 1);
      changed();
      return () => {
        for (const id of ids) {
          const n = (watched.get(id) ?? 1) - 1;
          if (n > 0) watched.set(id, n);
          else watched.delete(id);
        }
        changed();
      };
    },
    close() {
      closed = true;
      for (const t of [timer, silence, change, hidden]) clearTimeout(t);
      clearInterval(glance);
      current?.abort();
      document.removeEventListener("visibilitychange", seen);
      window.removeEventListener("online", online);
      window.removeEventListener("offline", offline);
      become("idle");
    },
  };
}
