import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fits, refresher, staleKeys } from "./index";
import { StreamParser } from "./parse";
import { connection, type LiveEvent, openLive } from "./source";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const sample =
  'retry: 2000\nid: 1-0\n\n: beat\nid: 2-0\n\nid: 3-0\nevent: verdict\ndata: {"to":"down"}\n\nevent: tick\r\ndata: {}\r\n\r\n';

test("a stream reads the same in pieces of any size", () => {
  for (const size of [1, 3, 7, sample.length]) {
    const p = new StreamParser();
    const events = [];
    for (let i = 0; i < sample.length; i += size) events.push(...p.push(sample.slice(i, i + size)));
    expect(events).toEqual([
      { name: "verdict", data: '{"to":"down"}' },
      { name: "tick", data: "{}" },
    ]);
    expect(p.lastId).toBe("3-0"); // a tick has none: the one before stays
    expect(p.retryMs).toBe(2000);
  }
});

test("an event that was cut off has no id yet", () => {
  const p = new StreamParser();
  p.push("id: 1-0\n\nid: 2-0\nevent: verdict\n");
  expect(p.lastId).toBe("1-0");
});

const verdict = { name: "verdict", data: { website_id: "w", monitor_id: "m" } } as LiveEvent;
const tick = { name: "tick", data: { website_id: "w", monitor_id: "m" } } as LiveEvent;

test("ticks come only to those who ask for them", () => {
  expect(fits({}, verdict)).toBe(true);
  expect(fits({}, tick)).toBe(false);
  expect(fits({ monitorIds: ["m"] }, tick)).toBe(true);
  expect(fits({ monitorIds: ["other"] }, tick)).toBe(false);
  expect(fits({ websiteId: "other" }, verdict)).toBe(false);
  expect(fits({ types: ["incident"] }, verdict)).toBe(false);
});

test("a storm of events asks anew once per key", async () => {
  const client = new QueryClient();
  const invalidate = vi.spyOn(client, "invalidateQueries").mockResolvedValue();
  const hear = refresher(client);
  for (let i = 0; i < 500; i++) hear(verdict);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(invalidate).toHaveBeenCalledTimes(staleKeys(verdict).length);
  hear({ name: "reset", data: { reason: "slow" } });
  hear(verdict);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(invalidate).toHaveBeenCalledTimes(staleKeys(verdict).length + 1);
});

/** A server whose streams a test writes and ends. */
function server() {
  const calls: {
    url: string;
    headers: Headers;
    write: (s: string) => void;
    end: () => void;
    signal: AbortSignal;
  }[] = [];
  const answers: (() => Response | Error)[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const next = answers.shift()?.();
    if (next instanceof Error) throw next;
    if (next) return next;
    let out!: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start(c) {
        out = c;
      },
    });
    const signal = init.signal as AbortSignal;
    signal.addEventListener("abort", () => out.error(new DOMException("", "AbortError")));
    const encoder = new TextEncoder();
    calls.push({
      url,
      headers: new Headers(init.headers),
      write: (s) => out.enqueue(encoder.encode(s)),
      end: () => out.close(),
      signal,
    });
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  });
  return { calls, answers };
}

const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

test("it goes on where it ended, and says what state it is in", async () => {
  const { calls } = server();
  const live = openLive();
  const heard: LiveEvent[] = [];
  live.subscribe((e) => heard.push(e));
  await settle();
  expect(connection.get().state).toBe("live");
  calls[0]?.write('id: 7-0\nevent: verdict\ndata: {"to":"down"}\n\n');
  await settle();
  expect(heard.map((e) => e.name)).toEqual(["verdict"]);
  calls[0]?.end();
  await settle();
  expect(connection.get().state).toBe("reconnecting");
  await settle(60_000);
  expect(connection.get().state).toBe("live");
  expect(calls[1]?.headers.get("Last-Event-ID")).toBe("7-0");
  live.close();
  expect(connection.get().state).toBe("idle");
});

test("a stream without heartbeats is given up", async () => {
  const { calls } = server();
  const live = openLive();
  await settle();
  await settle(49_000);
  calls[0]?.write(": beat\n\n");
  await settle(49_000);
  expect(calls).toHaveLength(1);
  await settle(60_000);
  expect(calls.length).toBeGreaterThan(1);
  expect(calls[0]?.signal.aborted).toBe(true);
  live.close();
});

test("ticks of more monitors are one new stream, not one for each", async () => {
  const { calls } = server();
  const live = openLive();
  await settle();
  const stop = live.watch(["b"]);
  live.watch(["a", "b"]);
  await settle(1_000);
  expect(calls.map((c) => c.url)).toEqual(["/v1/events", "/v1/events?monitor_id=a,b"]);
  stop();
  await settle(1_000);
  expect(calls).toHaveLength(2);
  live.close();
});

test("a session that ended is not tried again", async () => {
  const { calls, answers } = server();
  answers.push(() => new Response("", { status: 401 }));
  const refused = vi.fn();
  const live = openLive(refused);
  await settle(120_000);
  expect(refused).toHaveBeenCalledExactlyOnceWith(401);
  expect(calls).toHaveLength(0);
  live.close();
});

test("a tab that nobody looks at gives its stream back, and goes on where it was", async () => {
  const { calls } = server();
  const live = openLive();
  const heard: string[] = [];
  live.subscribe((e) => heard.push(e.name));
  await settle();
  calls[0]?.write('id: 7-0\nevent: verdict\ndata: {"to":"down"}\n\n');
  const look = (state: "hidden" | "visible") => {
    vi.spyOn(document, "visibilityState", "get").mockReturnValue(state);
    document.dispatchEvent(new Event("visibilitychange"));
  };
  look("hidden");
  await settle(29_000);
  look("visible");
  calls[0]?.write(": beat\n\n");
  await settle(29_000);
  calls[0]?.write(": beat\n\n");
  expect(calls[0]?.signal.aborted).toBe(false);
  look("hidden");
  await settle(30_000);
  expect(calls[0]?.signal.aborted).toBe(true);
  await settle(120_000);
  expect(calls).toHaveLength(1);
  expect(heard).toEqual(["verdict", "reset", "reset"]); // its title still tells the truth
  look("visible");
  await settle();
  expect(calls[1]?.headers.get("Last-Event-ID")).toBe("7-0");
  expect(connection.get().state).toBe("live");
  live.close();
  vi.restoreAllMocks();
});
