import { useEffect, useRef } from "react";
import { newStore } from "./store";

/** What the help `?` lists beside the keys of every page. */
export const pageKeys = newStore<readonly { keys: string; does: string }[]>([]);

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.matches(
        "input:not([type=checkbox],[type=radio]),textarea,select,[role=combobox],[role=menu] *,[role=listbox] *",
      ))
  );
}

/**
 * Single keys such as `e` or `?`, and `mod+k` for Ctrl or ⌘. They rest while somebody
 * types, and while a dialog is open unless they are `mod+`.
 */
export function useHotkeys(keys: Record<string, (e: KeyboardEvent) => void>) {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    const down = (e: KeyboardEvent) => {
      if (e.defaultPrevented || e.altKey) return;
      const mod = e.metaKey || e.ctrlKey;
      const f = latest.current[mod ? `mod+${e.key.toLowerCase()}` : e.key];
      if (!f) return;
      if (!mod && (typing(e.target) || document.querySelector("[role=dialog]"))) return;
      e.preventDefault();
      f(e);
    };
    window.addEventListener("keydown", down);
    return () => window.removeEventListener("keydown", down);
  }, []);
}

/** Lists the keys of a page in the help while it is shown. Pass a constant. */
export function usePageKeys(keys: readonly { keys: string; does: string }[]) {
  useEffect(() => {
    pageKeys.set(keys);
    return () => pageKeys.set([]);
  }, [keys]);
}
