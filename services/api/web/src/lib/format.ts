/** How numbers and times are written. Pure: the zone and the present are passed in. */

export type Zone = "local" | "utc";

const locale = "en-GB";

function fixed(value: number, digits: number): string {
  return value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** "84 ms", "1.25 s", "–" for nothing. */
export function ms(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value > 0 && value < 10) return `${fixed(value, 1)} ms`;
  if (value < 10_000) return `${fixed(value, 0)} ms`;
  return `${fixed(value / 1000, 1)} s`;
}

/**
 * "99.98 %" of per cents, as the API gives them. Never rounds up to 100: one lost minute a
 * year must not read as none.
 */
export function percent(value: number | null | undefined, digits = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value >= 100) return "100 %";
  const unit = 10 ** digits;
  const down = Math.floor(value * unit + 1e-9) / unit;
  return `${fixed(down, down === 0 ? 0 : digits)} %`;
}

/** "▲ 8 %" of a change relative to before; empty if there is nothing to compare with. */
export function change(now: number | null | undefined, before: number | null | undefined): string {
  if (now == null || before == null || before === 0) return "";
  const share = (now - before) / before;
  if (Math.abs(share) < 0.005) return "± 0 %";
  return `${share > 0 ? "▲" : "▼"} ${fixed(Math.abs(share) * 100, 0)} %`;
}

const units: [seconds: number, name: string][] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
];

/** "12 d 4 h", "14 min 20 s": the two largest parts, of which a zero second one is left out. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (seconds > 0 && seconds < 1) return `${fixed(seconds, 1)} s`;
  let rest = Math.floor(Math.max(0, seconds));
  const at = units.findIndex(([size]) => rest >= size);
  if (at < 0) return "0 s";
  const parts: string[] = [];
  for (const [size, name] of units.slice(at, at + 2)) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n > 0) parts.push(`${n} ${name}`);
  }
  return parts.join(" ");
}

/** "just now", "12 s ago", "in 3 d". */
export function relative(at: number, now: number): string {
  const seconds = Math.round((now - at) / 1000);
  if (Math.abs(seconds) < 2) return "just now";
  const size = units.find(([s]) => Math.abs(seconds) >= s) ?? [1, "s"];
  const text = `${Math.floor(Math.abs(seconds) / size[0])} ${size[1]}`;
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(kind: string, options: Intl.DateTimeFormatOptions, zone: Zone): Intl.DateTimeFormat {
  const key = `${kind} ${zone}`;
  let f = formats.get(key);
  if (!f) {
    f = new Intl.DateTimeFormat(locale, {
      ...options,
      hourCycle: "h23",
      ...(zone === "utc" ? { timeZone: "UTC" } : {}),
    });
    formats.set(key, f);
  }
  return f;
}

/** "20 Nov 2026, 14:02:10 UTC", with the zone's name. */
export function absolute(at: number, zone: Zone): string {
  return format(
    "absolute",
    {
      day: "numeric",
      month: "short",
      year: "numeric",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      timeZoneName: "short",
    },
    zone,
  ).format(at);
}

/** "14:02:10". */
export function clock(at: number, zone: Zone): string {
  return format("clock", { hour: "2-digit", minute: "2-digit", second: "2-digit" }, zone).format(at);
}

/** "20 Nov, 14:02". */
export function short(at: number, zone: Zone): string {
  return format("short", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }, zone).format(
    at,
  );
}

/** "20 Nov 2026". */
export function day(at: number, zone: Zone): string {
  return format("day", { day: "numeric", month: "short", year: "numeric" }, zone).format(at);
}

/** Below a chart whose marks are stepSeconds apart: "14:02", "20 Nov" where a day begins. */
export function axis(at: number, stepSeconds: number, zone: Zone): string {
  const time = clock(at, zone);
  if (stepSeconds >= 86_400 || time === "00:00:00") {
    return format("axis", { day: "numeric", month: "short" }, zone).format(at);
  }
  return stepSeconds < 60 ? time : time.slice(0, 5);
}

/** "5,000". */
export function count(n: number): string {
  return n.toLocaleString(locale);
}

/** "1 website", "5,000 websites". */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** Milliseconds since 1970 of what the API or the browser calls a time. */
export function instant(at: string | number | Date): number {
  return typeof at === "number" ? at : at instanceof Date ? at.getTime() : Date.parse(at);
}
