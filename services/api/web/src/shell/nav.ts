import type { IconName } from "@/ui";

export interface NavItem {
  href: string;
  label: string;
  icon: IconName;
  /** Pressed after `g`. */
  key: string;
}

export const nav: readonly NavItem[] = [
  { href: "/", label: "Overview", icon: "overview", key: "o" },
  { href: "/incidents", label: "Incidents", icon: "incidents", key: "i" },
  { href: "/fleet", label: "Fleet", icon: "fleet", key: "f" },
  { href: "/alerts", label: "Alerts", icon: "alerts", key: "a" },
  { href: "/status-pages", label: "Status pages", icon: "status", key: "s" },
  { href: "/settings", label: "Settings", icon: "settings", key: "," },
];

/** Whether a page belongs to an entry: a website belongs to the overview. */
export function isCurrent(item: NavItem, path: string): boolean {
  if (item.href === "/") return path === "/" || path.startsWith("/w/");
  return path === item.href || path.startsWith(`${item.href}/`);
}
