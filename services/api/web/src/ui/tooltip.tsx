import { Popover as P, Tooltip as T } from "radix-ui";
import type { ReactElement, ReactNode } from "react";
import { cx } from "./cx";

export const TooltipProvider = ({ children }: { children: ReactNode }) => (
  <T.Provider delayDuration={300} skipDelayDuration={100}>
    {children}
  </T.Provider>
);

/** Text beside an element on hover and focus. The child must be able to take a ref. */
export function Tooltip({
  text,
  children,
  side = "top",
}: {
  text: ReactNode;
  children: ReactElement;
  side?: "top" | "right" | "bottom" | "left";
}) {
  return (
    <T.Root>
      <T.Trigger asChild>{children}</T.Trigger>
      <T.Portal>
        <T.Content
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className="z-50 max-w-80 animate-fade rounded border border-line-strong bg-raised px-2 py-1 text-[13px] text-text"
        >
          {text}
        </T.Content>
      </T.Portal>
    </T.Root>
  );
}

/** A small panel that opens at an element and may hold controls. */
export function Popover({
  trigger,
  children,
  align = "start",
  className,
  open,
  onOpenChange,
}: {
  trigger: ReactElement;
  children: ReactNode;
  align?: "start" | "center" | "end";
  className?: string;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
}) {
  return (
    <P.Root open={open} onOpenChange={onOpenChange}>
      <P.Trigger asChild>{trigger}</P.Trigger>
      <P.Portal>
        <P.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className={cx(
            "z-50 max-w-[calc(100vw-16px)] animate-fade rounded border border-line-strong bg-raised p-3",
            className,
          )}
        >
          {children}
        </P.Content>
      </P.Portal>
    </P.Root>
  );
}
