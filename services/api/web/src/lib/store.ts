import { useSyncExternalStore } from "react";

/** A value outside of React that components can follow. */
export interface Store<T> {
  get(): T;
  set(next: T | ((now: T) => T)): void;
  subscribe(listener: () => void): () => void;
}

export function newStore<T>(first: T): Store<T> {
  let value = first;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      const to = typeof next === "function" ? (next as (now: T) => T)(value) : next;
      if (Object.is(to, value)) return;
      value = to;
      for (const l of [...listeners]) l();
    },
    subscribe(l) {
      listeners.add(l);
      return () => {
        listeners.delete(l);
      };
    },
  };
}

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get, store.get);
}

/** Reads what this browser remembers; it may forbid it. */
export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(`probefleet.${key}`);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string | null) {
  try {
    if (value === null) localStorage.removeItem(`probefleet.${key}`);
    else localStorage.setItem(`probefleet.${key}`, value);
  } catch {
    // Forgotten with the tab, then.
  }
}
