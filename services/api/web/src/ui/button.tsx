import { type ButtonHTMLAttributes, type ReactNode, useEffect, useState } from "react";
import { Link } from "wouter";
import { cx } from "./cx";
import { Icon, type IconName } from "./icons";
import { Tooltip } from "./tooltip";

type Look = "primary" | "secondary" | "quiet" | "danger";

const looks: Record<Look, string> = {
  primary: "border-transparent bg-accent text-on-accent hover:bg-accent-strong",
  secondary: "border-line bg-surface text-text hover:bg-hover",
  quiet: "border-transparent text-muted hover:bg-hover hover:text-text",
  danger: "border-transparent bg-down text-on-down hover:opacity-90",
};

function classes(look: Look, small: boolean, className?: string) {
  return cx(
    "inline-flex select-none items-center justify-center gap-2 whitespace-nowrap rounded border font-medium",
    "disabled:opacity-50 aria-disabled:opacity-50",
    small ? "h-7 px-2 text-[13px]" : "h-9 px-3",
    looks[look],
    className,
  );
}

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  small?: boolean;
  icon?: IconName;
  /** Work is under way: it cannot be pressed again and says so. */
  busy?: boolean;
}

export function Button({
  look = "secondary",
  small = false,
  icon,
  busy = false,
  children,
  className,
  disabled,
  type = "button",
  ...rest
}: ButtonProps) {
  return (
    <button
      type={type}
      className={classes(look, small, className)}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      {...rest}
    >
      {busy ? <Spinner /> : icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** A link that looks like a button. */
export function LinkButton({
  href,
  look = "secondary",
  small = false,
  icon,
  children,
  className,
  download,
}: {
  href: string;
  look?: Look;
  small?: boolean;
  icon?: IconName;
  children: ReactNode;
  className?: string;
  /** Kept as a file of this name rather than opened. */
  download?: string;
}) {
  const content = (
    <>
      {icon && <Icon name={icon} />}
      {children}
    </>
  );
  if (!href.startsWith("/") || href.startsWith("//") || /^\/(openapi\.json|v1\/|status\/)/.test(href)) {
    return (
      <a href={href} download={download} className={classes(look, small, className)}>
        {content}
      </a>
    );
  }
  return (
    <Link href={href} className={classes(look, small, className)}>
      {content}
    </Link>
  );
}

export interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "children"> {
  icon: IconName;
  /** What it does; read aloud and shown as a tooltip. */
  label: string;
  look?: Look;
  small?: boolean;
}

export function IconButton({
  icon,
  label,
  look = "quiet",
  small = false,
  className,
  type = "button",
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip text={label}>
      <button
        type={type}
        aria-label={label}
        className={cx(classes(look, small, className), small ? "w-7" : "w-9", "px-0!")}
        {...rest}
      >
        <Icon name={icon} size={small ? 14 : 16} />
      </button>
    </Tooltip>
  );
}

export function Spinner({ size = 14 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" className="animate-spin" aria-hidden="true">
      <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" strokeWidth="2" strokeDasharray="26 12" />
    </svg>
  );
}

/** Copies a text and says so for a moment. */
export function CopyButton({
  text,
  label = "Copy",
  look = "quiet",
  small = true,
}: {
  text: string;
  label?: string;
  look?: Look;
  small?: boolean;
}) {
  const [copied, setCopied] = useState<boolean | undefined>();
  useEffect(() => {
    if (copied === undefined) return;
    const t = setTimeout(() => setCopied(undefined), 2_000);
    return () => clearTimeout(t);
  }, [copied]);
  const copy = async () => setCopied(await copyText(text));
  return (
    <Button look={look} small={small} icon={copied ? "check" : "copy"} onClick={copy}>
      <span aria-live="polite">
        {copied === undefined ? label : copied ? "Copied" : "Select and copy it by hand"}
      </span>
    </Button>
  );
}

/** Whether it worked; without HTTPS a browser has no clipboard but the old way. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.append(area);
    area.select();
    const done = document.execCommand?.("copy") ?? false;
    area.remove();
    return done;
  }
}
