import { Checkbox as RC, Select as RS, Switch as RW } from "radix-ui";
import {
  type ComponentProps,
  createContext,
  type InputHTMLAttributes,
  type ReactNode,
  type TextareaHTMLAttributes,
  useContext,
  useId,
  useState,
} from "react";
import { IconButton } from "./button";
import { cx } from "./cx";
import { Icon } from "./icons";

interface FieldIds {
  id: string;
  describedBy: string | undefined;
  invalid: boolean;
}
const FieldContext = createContext<FieldIds | undefined>(undefined);

/** What a control inside of a Field must carry so that its label, hint and error belong to it. */
export function useFieldProps(own?: string) {
  const field = useContext(FieldContext);
  return {
    id: own ?? field?.id,
    "aria-describedby": field?.describedBy,
    "aria-invalid": field?.invalid || undefined,
  };
}

/** A labelled control with its hint, or with what is wrong with it. */
export function Field({
  label,
  hint,
  error,
  children,
  optional = false,
  className,
}: {
  label: ReactNode;
  hint?: ReactNode;
  error?: string | undefined;
  children: ReactNode;
  optional?: boolean;
  className?: string;
}) {
  const id = useId();
  const note = error ?? hint;
  return (
    <FieldContext value={{ id, describedBy: note ? `${id}-note` : undefined, invalid: error !== undefined }}>
      <div className={cx("min-w-0", className)}>
        <label htmlFor={id} className="mb-1 block font-medium">
          {label}
          {optional && <span className="font-normal text-faint"> · optional</span>}
        </label>
        {children}
        {note && (
          <p
            id={`${id}-note`}
            className={cx("mt-1 text-[13px]", error ? "text-down" : "text-muted")}
            role={error ? "alert" : undefined}
          >
            {error && "■ "}
            {note}
          </p>
        )}
      </div>
    </FieldContext>
  );
}

export const inputClass =
  "w-full rounded border border-line-strong bg-surface px-3 text-text aria-invalid:border-down-fill disabled:opacity-60";

export function Input({ className, id, ...rest }: ComponentProps<"input">) {
  return <input {...useFieldProps(id)} className={cx(inputClass, "h-9", className)} {...rest} />;
}

export function Textarea({ className, id, rows = 4, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return (
    <textarea rows={rows} {...useFieldProps(id)} className={cx(inputClass, "py-2", className)} {...rest} />
  );
}

/** A password, or another secret, that can be looked at. */
export function PasswordInput(props: InputHTMLAttributes<HTMLInputElement>) {
  const [shown, setShown] = useState(false);
  return (
    <div className="flex gap-1">
      <Input type={shown ? "text" : "password"} {...props} />
      <IconButton
        icon={shown ? "eyeOff" : "eye"}
        label={shown ? "Hide it" : "Show it"}
        aria-pressed={shown}
        look="secondary"
        onClick={() => setShown(!shown)}
      />
    </div>
  );
}

export interface Option<T extends string = string> {
  value: T;
  label: ReactNode;
  disabled?: boolean;
}

/** One of a few. `label` is needed outside of a Field. */
export function Select<T extends string>({
  value,
  onChange,
  options,
  label,
  small = false,
  disabled = false,
  placeholder,
  className,
}: {
  value: T | undefined;
  onChange: (v: T) => void;
  options: Option<T>[];
  label?: string;
  small?: boolean;
  disabled?: boolean;
  placeholder?: string;
  className?: string;
}) {
  const field = useFieldProps();
  return (
    <RS.Root value={value ?? ""} onValueChange={(v) => onChange(v as T)} disabled={disabled}>
      <RS.Trigger
        {...field}
        aria-label={label}
        className={cx(
          inputClass,
          "flex items-center justify-between gap-2 text-left",
          small ? "h-7 px-2! text-[13px]" : "h-9",
          className,
        )}
      >
        <span className="truncate">
          <RS.Value placeholder={placeholder} />
        </span>
        <RS.Icon>
          <Icon name="chevronDown" className="text-muted" size={14} />
        </RS.Icon>
      </RS.Trigger>
      <RS.Portal>
        <RS.Content
          position="popper"
          sideOffset={4}
          collisionPadding={8}
          className="z-50 max-h-[min(320px,var(--radix-select-content-available-height))] min-w-(--radix-select-trigger-width) animate-fade overflow-hidden rounded border border-line-strong bg-raised"
        >
          <RS.Viewport className="p-1">
            {options.map((o) => (
              <RS.Item
                key={o.value}
                value={o.value}
                disabled={o.disabled ?? false}
                className="flex min-h-8 cursor-pointer select-none items-center gap-2 rounded-sm px-2 outline-none data-disabled:opacity-50 data-highlighted:bg-hover"
              >
                <RS.ItemText>{o.label}</RS.ItemText>
                <RS.ItemIndicator className="ml-auto">
                  <Icon name="check" size={14} />
                </RS.ItemIndicator>
              </RS.Item>
            ))}
          </RS.Viewport>
        </RS.Content>
      </RS.Portal>
    </RS.Root>
  );
}

/** On or off, at once. */
export function Switch({
  checked,
  onChange,
  label,
  disabled = false,
  hint,
}: {
  checked: boolean;
  onChange: (v: boolean) => void;
  label: ReactNode;
  disabled?: boolean;
  hint?: ReactNode;
}) {
  const id = useId();
  return (
    <div className="flex items-start gap-3">
      <RW.Root
        id={id}
        checked={checked}
        onCheckedChange={onChange}
        disabled={disabled}
        className="mt-0.5 h-5 w-9 shrink-0 rounded-full border border-line-strong bg-sunken disabled:opacity-50 data-[state=checked]:border-accent data-[state=checked]:bg-accent"
      >
        <RW.Thumb className="block size-3.5 translate-x-0.5 rounded-full bg-line-strong transition-transform data-[state=checked]:translate-x-4.5 data-[state=checked]:bg-on-accent" />
      </RW.Root>
      <label htmlFor={id}>
        {label}
        {hint && <span className="block text-[13px] text-muted">{hint}</span>}
      </label>
    </div>
  );
}

/** One of many that can be chosen. `hideLabel`: for a row of a table. */
export function Checkbox({
  checked,
  onChange,
  label,
  disabled = false,
  hideLabel = false,
}: {
  checked: boolean | "indeterminate";
  onChange: (v: boolean) => void;
  label: ReactNode;
  disabled?: boolean;
  hideLabel?: boolean;
}) {
  const id = useId();
  return (
    <div className="flex items-start gap-2">
      <RC.Root
        id={id}
        checked={checked}
        onCheckedChange={(v) => onChange(v === true)}
        disabled={disabled}
        aria-label={hideLabel && typeof label === "string" ? label : undefined}
        className="mt-0.5 flex size-4 shrink-0 items-center justify-center rounded-sm border border-line-strong bg-surface disabled:opacity-50 data-[state=checked]:border-accent data-[state=checked]:bg-accent data-[state=indeterminate]:border-accent data-[state=indeterminate]:bg-accent"
      >
        <RC.Indicator className="text-on-accent">
          <Icon name={checked === "indeterminate" ? "minus" : "check"} size={12} strokeWidth={3} />
        </RC.Indicator>
      </RC.Root>
      {!hideLabel && <label htmlFor={id}>{label}</label>}
    </div>
  );
}

/** A few choices side by side, such as ranges: 1h 24h 7d. Arrow keys move as in radio buttons. */
export function Segmented<T extends string>({
  value,
  onChange,
  options,
  label,
}: {
  value: T;
  onChange: (v: T) => void;
  options: Option<T>[];
  label: string;
}) {
  const name = useId();
  return (
    <fieldset className="inline-flex rounded border border-line bg-sunken p-0.5">
      <legend className="sr-only">{label}</legend>
      {options.map((o) => (
        <label
          key={o.value}
          className="relative flex h-7 items-center rounded-sm px-2 text-[13px] text-muted has-checked:bg-raised has-checked:text-text has-checked:outline has-checked:outline-line has-focus-visible:outline-2 has-focus-visible:outline-accent"
        >
          <input
            type="radio"
            name={name}
            value={o.value}
            checked={o.value === value}
            disabled={o.disabled}
            onChange={() => onChange(o.value)}
            className="absolute inset-0 cursor-pointer appearance-none outline-none"
          />
          {o.label}
        </label>
      ))}
    </fieldset>
  );
}
