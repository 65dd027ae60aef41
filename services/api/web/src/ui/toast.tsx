import { useEffect } from "react";
import { explain } from "@/api/problem";
import { newStore, useStore } from "@/lib/store";
import { IconButton } from "./button";
import { cx } from "./cx";

interface Message {
  id: number;
  kind: "done" | "failed" | "info";
  title: string;
  detail?: string | undefined;
  action?: { label: string; run: () => void } | undefined;
}

const most = 4; // older ones make room
const shownMs = 6_000; // what failed stays until it is closed

const messages = newStore<Message[]>([]);
let last = 0;

function say(m: Omit<Message, "id">) {
  last++;
  const id = last;
  messages.set((now) => [...now.slice(1 - most), { ...m, id }]);
}

/** Short messages about what was just done: `toast.done("Saved")`, `toast.failed(err)`. */
export const toast = {
  done: (title: string, more: Pick<Message, "detail" | "action"> = {}) =>
    say({ kind: "done", title, ...more }),
  info: (title: string, more: Pick<Message, "detail" | "action"> = {}) =>
    say({ kind: "info", title, ...more }),
  failed(err: unknown, title?: string) {
    const e = explain(err);
    say({ kind: "failed", title: title ?? e.title, detail: e.detail });
  },
};

const marks = { done: "●", failed: "■", info: "○" } as const;
const colours = { done: "text-up", failed: "text-down", info: "text-muted" } as const;

function One({ m }: { m: Message }) {
  const close = () => messages.set((now) => now.filter((o) => o.id !== m.id));
  useEffect(() => {
    if (m.kind === "failed") return;
    const t = setTimeout(() => messages.set((now) => now.filter((o) => o.id !== m.id)), shownMs);
    return () => clearTimeout(t);
  }, [m]);
  return (
    <li className="flex animate-rise items-start gap-2 rounded border border-line-strong bg-raised p-3">
      <span aria-hidden="true" className={cx("w-3 text-center", colours[m.kind])}>
        {marks[m.kind]}
      </span>
      <div className="min-w-0 flex-1">
        <div className="font-medium">{m.title}</div>
        {m.detail && <div className="text-muted wrap-anywhere">{m.detail}</div>}
        {m.action && (
          <button
            type="button"
            className="mt-1 font-medium text-accent"
            onClick={() => {
              m.action?.run();
              close();
            }}
          >
            {m.action.label}
          </button>
        )}
      </div>
      <IconButton icon="close" label="Close" small onClick={close} />
    </li>
  );
}

export function Toasts() {
  const all = useStore(messages);
  return (
    <section
      aria-label="Messages"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-2 bottom-16 z-50 sm:inset-x-auto sm:right-4 sm:bottom-4 sm:w-96"
    >
      <ul className="pointer-events-auto space-y-2">
        {all.map((m) => (
          <One key={m.id} m={m} />
        ))}
      </ul>
    </section>
  );
}
