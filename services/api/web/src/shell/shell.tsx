import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState, useSyncExternalStore } from "react";
import { Link, useLocation } from "wouter";
import { reach } from "@/api/reach";
import { signOut, switchOrganisation, useMayMakeOrganisations, useMe } from "@/api/session";
import { useHotkeys } from "@/lib/keys";
import { useStore } from "@/lib/store";
import { chooseTheme, type Theme, theme } from "@/lib/theme";
import { type Connection, useConnection } from "@/live";
import {
  cx,
  Duration,
  Icon,
  IconButton,
  type IconName,
  Kbd,
  Menu,
  MenuChoice,
  MenuItem,
  MenuLabel,
  MenuSeparator,
  switchZone,
  Tooltip,
  toast,
  useZone,
} from "@/ui";
import { Help } from "./help";
import { Logo } from "./logo";
import { isCurrent, nav } from "./nav";
import { BannerSlot } from "./page";
import { Palette } from "./palette";
import { useScrollMemory } from "./scroll";
import { Truths } from "./truths";

/** The frame around every page of somebody who is signed in. */
export function Shell({ children }: { children: ReactNode }) {
  const [path, navigate] = useLocation();
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const [goes, setGoes] = useState(false);
  useScrollMemory();
  const go = goes ? Object.fromEntries(nav.map((n) => [n.key, () => navigate(n.href)])) : {};
  useHotkeys({
    "mod+k": () => setPalette(true),
    "?": () => setHelp(true),
    u: switchZone,
    g: () => {
      setGoes(true);
      setTimeout(() => setGoes(false), 1_500);
    },
    ...go,
  });
  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#main"
        className="sr-only z-50 rounded bg-accent px-3 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to the content
      </a>
      <TopBar onSearch={() => setPalette(true)} onHelp={() => setHelp(true)} />
      <div className="flex flex-1">
        <SideNav path={path} />
        <main id="main" tabIndex={-1} className="min-w-0 flex-1 pb-16 outline-none md:pb-4">
          <Truths />
          <BannerSlot />
          {children}
        </main>
      </div>
      <BottomNav path={path} />
      <Palette open={palette} onOpenChange={setPalette} />
      <Help open={help} onOpenChange={setHelp} />
    </div>
  );
}

function TopBar({ onSearch, onHelp }: { onSearch: () => void; onHelp: () => void }) {
  return (
    <header className="sticky top-0 z-30 flex h-12 items-center gap-1 border-b border-line bg-surface px-3 sm:gap-2 sm:px-4 print:hidden">
      <Link
        href="/"
        className="mr-auto flex items-center gap-2 font-semibold"
        aria-label="probefleet: overview"
      >
        <Logo />
        <span className="hidden sm:inline">probefleet</span>
      </Link>
      <button
        type="button"
        onClick={onSearch}
        aria-keyshortcuts="Control+K Meta+K"
        className="flex h-8 items-center gap-2 rounded border border-line bg-bg px-2 text-muted hover:bg-hover sm:w-56"
      >
        <Icon name="search" />
        <span className="sr-only flex-1 text-left sm:not-sr-only">Search</span>
        <span className="hidden sm:inline" aria-hidden="true">
          <Kbd>{/Mac|iPhone|iPad/.test(navigator.platform) ? "⌘K" : "Ctrl K"}</Kbd>
        </span>
      </button>
      <LiveState />
      <ThemeMenu />
      <span className="hidden sm:inline">
        <IconButton icon="help" label="Keyboard shortcuts" onClick={onHelp} />
      </span>
      <AccountMenu />
    </header>
  );
}

const states = {
  idle: { mark: "○", word: "not live", colour: "text-unknown", says: "Nothing is heard live at the moment." },
  connecting: {
    mark: "○",
    word: "connecting",
    colour: "text-unknown",
    says: "The live connection is being made.",
  },
  live: { mark: "●", word: "live", colour: "text-up", says: "Changes appear here as they happen." },
  reconnecting: {
    mark: "◆",
    word: "reconnecting",
    colour: "text-degraded",
    says: "The live connection is lost and tried again. What you see may be old.",
  },
  offline: {
    mark: "■",
    word: "offline",
    colour: "text-down",
    says: "This device has no network. What you see is old.",
  },
} as const;

/** Whether the page hears of changes; never only a colour. */
function LiveState() {
  const connection = useConnection();
  const away = useSyncExternalStore(reach.subscribe, reach.awaySince);
  // A stream may stand a while after the API has stopped to answer.
  const c: Connection =
    away !== undefined && connection.state === "live" ? { state: "reconnecting", since: away } : connection;
  const s = states[c.state];
  return (
    <Tooltip
      text={
        <>
          {s.says}
          <br />
          <span className="text-muted">
            For <Duration since={c.since} />
          </span>
        </>
      }
    >
      <span
        role="status"
        tabIndex={0}
        data-testid="connection"
        data-state={c.state}
        className={cx("flex h-8 items-center gap-1.5 px-1 text-[13px] sm:px-2", s.colour)}
      >
        <span aria-hidden="true">{s.mark}</span>
        <span className="sr-only sm:not-sr-only">{s.word}</span>
      </span>
    </Tooltip>
  );
}

const themes: { value: Theme; label: string; icon: IconName }[] = [
  { value: "system", label: "As the system", icon: "system" },
  { value: "light", label: "Light", icon: "sun" },
  { value: "dark", label: "Dark", icon: "moon" },
];

export function ThemeMenu() {
  const now = useStore(theme);
  return (
    <Menu
      label="Theme"
      trigger={
        <button
          type="button"
          aria-label={`Theme: ${now}`}
          className="flex size-9 items-center justify-center rounded text-muted hover:bg-hover hover:text-text"
        >
          <Icon name={themes.find((t) => t.value === now)?.icon ?? "system"} />
        </button>
      }
    >
      <MenuLabel>Theme</MenuLabel>
      <MenuChoice value={now} onChange={chooseTheme} options={themes} />
    </Menu>
  );
}

function AccountMenu() {
  const me = useMe();
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const zone = useZone();
  const mayMake = useMayMakeOrganisations();
  const name = me.organisation?.name ?? me.account?.email ?? "Account";
  const change = async (id: string) => {
    try {
      await switchOrganisation(client, id);
      navigate("/");
    } catch (err) {
      toast.failed(err, "The organisation was not changed");
    }
  };
  const leave = async () => {
    try {
      await signOut(client);
      navigate("/");
    } catch (err) {
      toast.failed(err, "You are still signed in");
    }
  };
  return (
    <Menu
      label="Account"
      trigger={
        <button
          type="button"
          aria-label={`Account: ${name}`}
          className="flex h-9 max-w-48 items-center gap-1.5 rounded px-2 hover:bg-hover"
        >
          <Icon name="user" className="text-muted" />
          <span className="hidden truncate md:inline">{name}</span>
          <Icon name="chevronDown" size={12} className="text-muted" />
        </button>
      }
    >
      <div className="max-w-64 px-2 py-1">
        <div className="truncate font-medium">{me.account?.name || me.account?.email || me.key?.name}</div>
        <div className="truncate text-[13px] text-muted">
          {me.account?.name ? `${me.account.email} · ` : ""}
          {me.role ?? "API key"}
        </div>
      </div>
      <MenuSeparator />
      {(me.organisations.length > 1 || mayMake) && (
        <>
          <MenuLabel>Organisation</MenuLabel>
          {me.organisations.length > 1 && (
            <MenuChoice
              value={me.organisation?.id ?? ""}
              onChange={change}
              options={me.organisations.map((o) => ({ value: o.id, label: o.name }))}
            />
          )}
          {mayMake && (
            <MenuItem icon="plus" onSelect={() => navigate("/settings/organisation?new=1")}>
              New organisation
            </MenuItem>
          )}
          <MenuSeparator />
        </>
      )}
      <MenuItem icon="settings" onSelect={() => navigate("/settings")}>
        Settings
      </MenuItem>
      <MenuItem icon="clock" hint="u" onSelect={switchZone}>
        {zone === "utc" ? "Times in your zone" : "Times in UTC"}
      </MenuItem>
      <MenuItem icon="wall" onSelect={() => navigate("/wall")}>
        Wall mode
      </MenuItem>
      <MenuItem icon="external" onSelect={() => window.open("/openapi.json", "_blank", "noopener")}>
        API document
      </MenuItem>
      <MenuSeparator />
      <MenuItem icon="signOut" onSelect={leave}>
        Sign out
      </MenuItem>
    </Menu>
  );
}

function SideNav({ path }: { path: string }) {
  return (
    <nav
      aria-label="Main"
      className="sticky top-12 hidden h-[calc(100dvh-3rem)] w-14 shrink-0 border-r border-line bg-surface p-2 md:block lg:w-44 print:hidden"
    >
      <ul className="space-y-1">
        {nav.map((n) => {
          const current = isCurrent(n, path);
          return (
            <li key={n.href}>
              <Link
                href={n.href}
                aria-current={current ? "page" : undefined}
                title={n.label}
                className={cx(
                  "flex h-9 items-center gap-3 rounded px-2.5",
                  current ? "bg-hover font-medium text-text" : "text-muted hover:bg-hover hover:text-text",
                )}
              >
                <Icon name={n.icon} size={18} className={current ? "text-accent" : ""} />
                <span className="sr-only lg:not-sr-only">{n.label}</span>
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

function BottomNav({ path }: { path: string }) {
  return (
    <nav
      aria-label="Main"
      className="fixed inset-x-0 bottom-0 z-30 border-t border-line bg-surface md:hidden print:hidden"
    >
      <ul className="grid grid-cols-6">
        {nav.map((n) => {
          const current = isCurrent(n, path);
          return (
            <li key={n.href} className="min-w-0">
              <Link
                href={n.href}
                aria-current={current ? "page" : undefined}
                className={cx(
                  "flex h-14 flex-col items-center justify-center gap-1 text-[11px]",
                  current ? "font-medium text-accent" : "text-muted",
                )}
              >
                <Icon name={n.icon} size={20} />
                <span className="max-w-full truncate">{n.label.split(" ")[0]}</span>
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
