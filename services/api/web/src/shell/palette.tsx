import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { Dialog as D } from "radix-ui";
import { type KeyboardEvent, useDeferredValue, useId, useState } from "react";
import { useLocation } from "wouter";
import { api, data } from "@/api/client";
import { signOut, useMay } from "@/api/session";
import { chooseTheme } from "@/lib/theme";
import { asVerdict, cx, Icon, type IconName, switchZone, useDialogFocus, VerdictGlyph, verdicts } from "@/ui";
import { nav } from "./nav";

interface Command {
  id: string;
  group: string;
  label: string;
  detail?: string;
  icon?: IconName;
  verdict?: string;
  run: () => void;
}

/** Goes anywhere and does anything, by typing: websites, pages, actions. */
export function Palette({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const focus = useDialogFocus();
  return (
    <D.Root open={open} onOpenChange={onOpenChange}>
      <D.Portal>
        <D.Overlay className="fixed inset-0 z-40 animate-fade bg-[#00000080]" />
        <D.Content
          {...focus}
          aria-describedby={undefined}
          className="fixed inset-x-2 top-[max(8px,12vh)] z-40 mx-auto max-w-xl animate-rise overflow-hidden rounded border border-line-strong bg-raised outline-none"
        >
          <D.Title className="sr-only">Search and commands</D.Title>
          <Search close={() => onOpenChange(false)} />
        </D.Content>
      </D.Portal>
    </D.Root>
  );
}

function Search({ close }: { close: () => void }) {
  const [typed, setTyped] = useState("");
  const [active, setActive] = useState(0);
  const list = useId();
  const commands = useCommands(typed.trim(), close);
  const at = Math.min(active, commands.length - 1);
  const key = (e: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (step !== undefined && commands.length > 0) {
      e.preventDefault();
      const to = (at + step + commands.length) % commands.length;
      setActive(to);
      document.getElementById(`${list}-${to}`)?.scrollIntoView({ block: "nearest" });
    } else if (e.key === "Enter") {
      e.preventDefault();
      commands[at]?.run();
    }
  };
  return (
    <>
      <div className="flex items-center gap-2 border-b border-line px-3">
        <Icon name="search" className="text-muted" />
        <input
          autoFocus
          role="combobox"
          aria-expanded="true"
          aria-controls={list}
          aria-activedescendant={commands.length > 0 ? `${list}-${at}` : undefined}
          aria-label="Search websites, pages and actions"
          placeholder="Search websites, pages and actions"
          autoComplete="off"
          spellCheck={false}
          className="h-11 flex-1 bg-transparent outline-none"
          value={typed}
          onChange={(e) => {
            setTyped(e.target.value);
            setActive(0);
          }}
          onKeyDown={key}
        />
      </div>
      <div
        id={list}
        role="listbox"
        aria-label="Results"
        className="max-h-[min(400px,60vh)] overflow-y-auto p-1"
      >
        {commands.length === 0 && <div className="px-2 py-3 text-muted">Nothing is called like that.</div>}
        {commands.map((c, i) => (
          <div key={c.id} role="presentation">
            {c.group !== commands[i - 1]?.group && (
              <div role="presentation" className="px-2 pt-2 pb-1 text-xs text-faint">
                {c.group}
              </div>
            )}
            <div
              id={`${list}-${i}`}
              role="option"
              tabIndex={-1}
              aria-selected={i === at}
              onMouseMove={() => setActive(i)}
              onClick={c.run}
              onKeyDown={key}
              className={cx(
                "flex min-h-9 cursor-pointer items-center gap-2 rounded-sm px-2",
                i === at && "bg-hover",
              )}
            >
              {c.verdict !== undefined ? (
                <VerdictGlyph verdict={asVerdict(c.verdict)} label={verdicts[asVerdict(c.verdict)].word} />
              ) : (
                <Icon name={c.icon ?? "chevronRight"} className="text-muted" />
              )}
              <span className="truncate">{c.label}</span>
              {c.detail && <span className="ml-auto truncate text-[13px] text-muted">{c.detail}</span>}
            </div>
          </div>
        ))}
      </div>
    </>
  );
}

const mostWebsites = 8;

function useCommands(typed: string, close: () => void): Command[] {
  const [, navigate] = useLocation();
  const client = useQueryClient();
  const mayWrite = useMay("write");
  const q = useDeferredValue(typed);
  const { data: found } = useQuery({
    queryKey: ["websites", "palette", q],
    queryFn: ({ signal }) =>
      data(api.GET("/v1/websites", { params: { query: { q, limit: mostWebsites } }, signal })),
    enabled: q !== "",
    placeholderData: keepPreviousData,
  });
  const go = (to: string) => () => {
    close();
    navigate(to);
  };
  const act = (f: () => void) => () => {
    close();
    f();
  };
  const websites: Command[] =
    typed === ""
      ? []
      : (found?.items ?? []).map((w) => ({
          id: w.id,
          group: "Websites",
          label: w.name || w.url,
          detail: w.url,
          verdict: w.status,
          run: go(`/w/${w.id}`),
        }));
  const fixed: Command[] = [
    ...nav.map(
      (n): Command => ({ id: n.href, group: "Pages", label: n.label, icon: n.icon, run: go(n.href) }),
    ),
    { id: "wall", group: "Pages", label: "Wall mode", icon: "wall", run: go("/wall") },
    ...(mayWrite
      ? [
          {
            id: "add",
            group: "Actions",
            label: "Add websites",
            icon: "plus",
            run: go("/?add=1"),
          } satisfies Command,
        ]
      : []),
    { id: "dark", group: "Actions", label: "Dark theme", icon: "moon", run: act(() => chooseTheme("dark")) },
    {
      id: "light",
      group: "Actions",
      label: "Light theme",
      icon: "sun",
      run: act(() => chooseTheme("light")),
    },
    {
      id: "system",
      group: "Actions",
      label: "Theme as the system",
      icon: "system",
      run: act(() => chooseTheme("system")),
    },
    {
      id: "zone",
      group: "Actions",
      label: "Switch times between UTC and your zone",
      icon: "clock",
      run: act(switchZone),
    },
    {
      id: "out",
      group: "Actions",
      label: "Sign out",
      icon: "signOut",
      run: act(() => void signOut(client).then(() => navigate("/"))),
    },
  ];
  const words = typed.toLowerCase().split(/\s+/);
  return [...websites, ...fixed.filter((c) => words.every((w) => c.label.toLowerCase().includes(w)))];
}
