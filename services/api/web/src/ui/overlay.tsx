import { Dialog as D } from "radix-ui";
import { type ReactNode, useRef, useState } from "react";
import { Button, IconButton } from "./button";
import { cx } from "./cx";

interface Overlay {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  description?: ReactNode;
  children: ReactNode;
  /** Buttons at the end. */
  footer?: ReactNode;
  /** Wider, for forms and tables. */
  wide?: boolean;
}

/**
 * For the content of a dialog without a trigger of its own: on opening, the focus goes to
 * the first thing to fill in, else to what there is to read rather than to the button that
 * closes it; on closing, back to where it was.
 */
export function useDialogFocus() {
  const before = useRef<Element | null>(null);
  return {
    onOpenAutoFocus(e: Event) {
      before.current = document.activeElement;
      const content = e.currentTarget as HTMLElement;
      const first = (what: string) => content.querySelector<HTMLElement>(what);
      const to = first("input:not([disabled]),textarea:not([disabled])") ?? first("[data-content]");
      if (!to) return;
      e.preventDefault();
      to.focus();
    },
    onCloseAutoFocus(e: Event) {
      if (!(before.current instanceof HTMLElement) || !before.current.isConnected) return;
      e.preventDefault();
      before.current.focus();
    },
  };
}

function Frame({
  title,
  description,
  children,
  footer,
  className,
  ...root
}: Overlay & { className: string }) {
  const focus = useDialogFocus();
  return (
    <D.Root open={root.open} onOpenChange={root.onOpenChange}>
      <D.Portal>
        <D.Overlay className="fixed inset-0 z-40 animate-fade bg-[#00000080]" />
        <D.Content
          {...focus}
          className={cx("fixed z-40 flex flex-col border-line bg-surface outline-none", className)}
          {...(description ? {} : { "aria-describedby": undefined })}
        >
          <header className="flex items-start gap-2 border-b border-line px-4 py-3">
            <div className="min-w-0 flex-1">
              <D.Title className="text-base font-semibold">{title}</D.Title>
              {description && <D.Description className="mt-1 text-muted">{description}</D.Description>}
            </div>
            <D.Close asChild>
              <IconButton icon="close" label="Close" small />
            </D.Close>
          </header>
          <div
            data-content
            className="min-h-0 flex-1 overflow-y-auto p-4 -outline-offset-2"
            tabIndex={0}
            role="group"
            aria-label="Content"
          >
            {children}
          </div>
          {footer && (
            <footer className="flex flex-wrap justify-end gap-2 border-t border-line px-4 py-3">
              {footer}
            </footer>
          )}
        </D.Content>
      </D.Portal>
    </D.Root>
  );
}

/** A question or a short form in the middle of the page. */
export function Dialog(props: Overlay) {
  return (
    <Frame
      {...props}
      className={cx(
        "inset-x-2 top-[max(8px,10vh)] mx-auto max-h-[85dvh] animate-rise rounded border",
        props.wide ? "max-w-3xl" : "max-w-lg",
      )}
    />
  );
}

/** Details at the side, with the page still in sight. */
export function Sheet(props: Overlay) {
  return (
    <Frame
      {...props}
      className={cx(
        "inset-y-0 right-0 w-full animate-slide border-l",
        props.wide ? "sm:w-[720px]" : "sm:w-[480px]",
      )}
    />
  );
}

/** Asks before something that cannot be undone. `word`: what must be typed first. */
export function ConfirmDialog({
  open,
  onOpenChange,
  title,
  children,
  action,
  onConfirm,
  busy = false,
  word,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  children: ReactNode;
  action: string;
  onConfirm: () => void;
  busy?: boolean;
  word?: string;
}) {
  const [typed, setTyped] = useState("");
  return (
    <Dialog
      open={open}
      onOpenChange={(o) => {
        setTyped("");
        onOpenChange(o);
      }}
      title={title}
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>Cancel</Button>
          <Button
            look="danger"
            busy={busy}
            disabled={word !== undefined && typed !== word}
            onClick={onConfirm}
          >
            {action}
          </Button>
        </>
      }
    >
      <div className="space-y-3">
        {children}
        {word !== undefined && (
          <label className="block">
            <span className="text-muted">
              To go on, type <b className="text-text">{word}</b>
            </span>
            <input
              className="mt-1 h-9 w-full rounded border border-line-strong bg-bg px-3"
              value={typed}
              onChange={(e) => setTyped(e.target.value)}
              autoComplete="off"
              spellCheck={false}
            />
          </label>
        )}
      </div>
    </Dialog>
  );
}
