import { type KeyboardEvent, type ReactNode, useId, useState } from "react";
import { cx } from "./cx";
import { inputClass, useFieldProps } from "./field";
import { Icon } from "./icons";

export interface ComboOption {
  value: string;
  label: string;
  detail?: ReactNode;
}

/** Keyboard and ARIA of a text field with a list below it. */
function useCombo(count: number, open: boolean, pick: (index: number) => void, close: () => void) {
  const list = useId();
  const [active, setActive] = useState(0);
  const at = Math.min(active, Math.max(0, count - 1));
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      if (count > 0) setActive((at + (e.key === "ArrowDown" ? 1 : count - 1)) % count);
    } else if (e.key === "Enter" && open && count > 0) {
      e.preventDefault();
      pick(at);
    } else if (e.key === "Escape" && open) {
      e.stopPropagation();
      close();
    }
  };
  return {
    list,
    at,
    setActive,
    onKeyDown,
    aria: {
      role: "combobox" as const,
      "aria-expanded": open,
      "aria-controls": open ? list : undefined,
      "aria-autocomplete": "list" as const,
      "aria-activedescendant": open && count > 0 ? `${list}-${at}` : undefined,
    },
  };
}

function List({
  id,
  at,
  options,
  onPick,
  onHover,
  empty,
}: {
  id: string;
  at: number;
  options: ComboOption[];
  onPick: (i: number) => void;
  onHover: (i: number) => void;
  empty?: string | undefined;
}) {
  return (
    <div
      id={id}
      role="listbox"
      aria-label="Choices"
      className="absolute inset-x-0 top-full z-30 mt-1 max-h-64 overflow-y-auto rounded border border-line-strong bg-raised p-1"
    >
      {options.length === 0 && empty && <div className="px-2 py-1 text-muted">{empty}</div>}
      {options.map((o, i) => (
        <div
          key={o.value}
          id={`${id}-${i}`}
          role="option"
          tabIndex={-1}
          aria-selected={i === at}
          className={cx(
            "flex min-h-8 cursor-pointer items-center gap-2 rounded-sm px-2",
            i === at && "bg-hover",
          )}
          onMouseEnter={() => onHover(i)}
          onMouseDown={(e) => {
            e.preventDefault();
            onPick(i);
          }}
        >
          <span className="truncate">{o.label}</span>
          {o.detail && <span className="ml-auto text-[13px] text-muted">{o.detail}</span>}
        </div>
      ))}
    </div>
  );
}

const matches = (o: ComboOption, typed: string) =>
  `${o.label} ${o.value}`.toLowerCase().includes(typed.trim().toLowerCase());

/**
 * One of many, found by typing. With onSearch the options are the answer to what was
 * typed; without, they are filtered here.
 */
export function Combobox({
  value,
  onChange,
  options,
  label,
  placeholder,
  onSearch,
  empty = "Nothing matches",
  disabled = false,
}: {
  value: string | undefined;
  onChange: (v: string) => void;
  options: ComboOption[];
  label?: string;
  placeholder?: string;
  onSearch?: (typed: string) => void;
  empty?: string;
  disabled?: boolean;
}) {
  const field = useFieldProps();
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const found = onSearch ? options : options.filter((o) => matches(o, typed));
  const close = () => {
    setOpen(false);
    setTyped("");
  };
  const pick = (i: number) => {
    const o = found[i];
    if (o) onChange(o.value);
    close();
  };
  const combo = useCombo(found.length, open, pick, close);
  const chosen = options.find((o) => o.value === value)?.label ?? value ?? "";
  return (
    <div className="relative">
      <input
        {...field}
        {...combo.aria}
        aria-label={label}
        disabled={disabled}
        placeholder={placeholder}
        autoComplete="off"
        spellCheck={false}
        className={cx(inputClass, "h-9 pr-8!")}
        value={open ? typed : chosen}
        onFocus={() => setOpen(true)}
        onClick={() => setOpen(true)}
        onBlur={close}
        onKeyDown={(e) => {
          if (e.key.length === 1 || e.key === "ArrowDown") setOpen(true);
          combo.onKeyDown(e);
        }}
        onChange={(e) => {
          setOpen(true);
          setTyped(e.target.value);
          combo.setActive(0);
          onSearch?.(e.target.value);
        }}
      />
      <Icon
        name="chevronDown"
        size={14}
        className="pointer-events-none absolute top-2.5 right-3 text-muted"
      />
      {open && (
        <List
          id={combo.list}
          at={combo.at}
          options={found}
          onPick={pick}
          onHover={combo.setActive}
          empty={empty}
        />
      )}
    </div>
  );
}

/** Several short words, such as tags. Enter or a comma adds what was typed. */
export function TagInput({
  value,
  onChange,
  suggestions = [],
  label,
  placeholder,
  fixed = false,
  max = 50,
}: {
  value: string[];
  onChange: (v: string[]) => void;
  suggestions?: string[];
  label?: string;
  placeholder?: string /** Only suggestions may be chosen. */;
  fixed?: boolean;
  max?: number;
}) {
  const field = useFieldProps();
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const add = (text: string) => {
    const word = text.trim();
    if (word !== "" && !value.includes(word) && value.length < max) onChange([...value, word]);
    setTyped("");
  };
  const word = typed.trim();
  const found: ComboOption[] = suggestions
    .filter((s) => !value.includes(s) && s.toLowerCase().includes(word.toLowerCase()))
    .map((s) => ({ value: s, label: s }));
  if (!fixed && word !== "" && !suggestions.includes(word) && !value.includes(word)) {
    found.unshift({ value: word, label: word, detail: "add" });
  }
  const pick = (i: number) => add(found[i]?.value ?? "");
  const combo = useCombo(found.length, open, pick, () => setOpen(false));
  return (
    <div
      className={cx(
        inputClass,
        "relative flex min-h-9 flex-wrap items-center gap-1 px-1! py-1 has-[[aria-invalid]]:border-down-fill",
      )}
    >
      {value.map((v) => (
        <span
          key={v}
          className="inline-flex h-6 items-center gap-1 rounded-sm border border-line bg-sunken pl-2 text-[13px]"
        >
          {v}
          <button
            type="button"
            aria-label={`Remove ${v}`}
            className="flex size-6 items-center justify-center text-muted hover:text-text"
            onClick={() => onChange(value.filter((w) => w !== v))}
          >
            <Icon name="close" size={12} />
          </button>
        </span>
      ))}
      <input
        {...field}
        {...combo.aria}
        aria-label={label}
        placeholder={value.length === 0 ? placeholder : undefined}
        autoComplete="off"
        spellCheck={false}
        className="h-6 min-w-24 flex-1 bg-transparent px-2 outline-none"
        value={typed}
        onFocus={() => setOpen(true)}
        onBlur={() => {
          setOpen(false);
          if (!fixed) add(typed);
        }}
        onChange={(e) => {
          setOpen(true);
          setTyped(e.target.value);
          combo.setActive(0);
        }}
        onKeyDown={(e) => {
          if (e.key === "," && !fixed) {
            e.preventDefault();
            add(typed);
          } else if (e.key === "Backspace" && typed === "") {
            onChange(value.slice(0, -1));
          } else combo.onKeyDown(e);
        }}
      />
      {open && found.length > 0 && (
        <List id={combo.list} at={combo.at} options={found} onPick={pick} onHover={combo.setActive} />
      )}
    </div>
  );
}
