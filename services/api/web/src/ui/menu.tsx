import { DropdownMenu as M } from "radix-ui";
import type { ReactElement, ReactNode } from "react";
import { cx } from "./cx";
import { Icon, type IconName } from "./icons";

/** A menu of actions that opens at its trigger. */
export function Menu({
  trigger,
  children,
  align = "end",
  label,
}: {
  trigger: ReactElement;
  children: ReactNode;
  align?: "start" | "end";
  label?: string;
}) {
  return (
    <M.Root modal={false}>
      <M.Trigger asChild>{trigger}</M.Trigger>
      <M.Portal>
        <M.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          aria-label={label}
          className="z-50 min-w-48 max-w-80 animate-fade rounded border border-line-strong bg-raised p-1"
        >
          {children}
        </M.Content>
      </M.Portal>
    </M.Root>
  );
}

const row =
  "flex min-h-8 cursor-pointer select-none items-center gap-2 rounded-sm px-2 outline-none data-highlighted:bg-hover data-disabled:opacity-50";

export function MenuItem({
  icon,
  children,
  onSelect,
  danger = false,
  disabled = false,
  hint,
}: {
  icon?: IconName;
  children: ReactNode;
  onSelect: () => void;
  danger?: boolean;
  disabled?: boolean;
  hint?: string;
}) {
  return (
    <M.Item disabled={disabled} onSelect={onSelect} className={cx(row, danger && "text-down")}>
      {icon && <Icon name={icon} className={danger ? "" : "text-muted"} />}
      <span className="flex-1 truncate">{children}</span>
      {hint && <kbd className="text-xs text-faint">{hint}</kbd>}
    </M.Item>
  );
}

export function MenuChoice<T extends string>({
  value,
  onChange,
  options,
}: {
  value: T;
  onChange: (v: T) => void;
  options: { value: T; label: string; icon?: IconName }[];
}) {
  return (
    <M.RadioGroup value={value} onValueChange={(v) => onChange(v as T)}>
      {options.map((o) => (
        <M.RadioItem key={o.value} value={o.value} className={row}>
          {o.icon && <Icon name={o.icon} className="text-muted" />}
          <span className="flex-1 truncate">{o.label}</span>
          <M.ItemIndicator>
            <Icon name="check" />
          </M.ItemIndicator>
        </M.RadioItem>
      ))}
    </M.RadioGroup>
  );
}

export const MenuSeparator = () => <M.Separator className="-mx-1 my-1 h-px bg-line" />;

export const MenuLabel = ({ children }: { children: ReactNode }) => (
  <M.Label className="px-2 py-1 text-xs text-faint">{children}</M.Label>
);
