import { newStore, remember, remembered } from "./store";

export type Theme = "system" | "light" | "dark";

const chosen = remembered("theme");

/** The theme of choice. public/theme.js applies it before the first paint. */
export const theme = newStore<Theme>(chosen === "light" || chosen === "dark" ? chosen : "system");

export function chooseTheme(t: Theme) {
  theme.set(t);
  remember("theme", t === "system" ? null : t);
  if (t === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = t;
}
