import { Tabs as T } from "radix-ui";
import type { ReactNode } from "react";

export interface Tab<K extends string = string> {
  key: K;
  label: ReactNode;
  content: ReactNode;
}

/** Views of the same thing. Keep `value` in the URL: useUrlState("tab", …). */
export function Tabs<K extends string>({
  value,
  onChange,
  tabs,
  label,
}: {
  value: K;
  onChange: (k: K) => void;
  tabs: Tab<K>[];
  label: string;
}) {
  return (
    <T.Root value={value} onValueChange={(k) => onChange(k as K)}>
      <T.List aria-label={label} className="flex gap-1 overflow-x-auto border-b border-line">
        {tabs.map((t) => (
          <T.Trigger
            key={t.key}
            value={t.key}
            className="-mb-px h-9 whitespace-nowrap border-b-2 border-transparent px-3 text-muted hover:text-text data-[state=active]:border-accent data-[state=active]:text-text"
          >
            {t.label}
          </T.Trigger>
        ))}
      </T.List>
      {tabs.map((t) => (
        <T.Content key={t.key} value={t.key} className="pt-4">
          {t.content}
        </T.Content>
      ))}
    </T.Root>
  );
}
