import type { SVGProps } from "react";
import { cx } from "./cx";

/** Strokes of 24 × 24, each a path. */
const paths = {
  overview: "M4 5h16M4 12h16M4 19h16",
  incidents: "M12 3 2.5 20h19L12 3ZM12 10v4m0 3v.01",
  fleet:
    "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM3 12h18M12 3c2.5 2.7 3.5 5.7 3.5 9s-1 6.3-3.5 9c-2.5-2.7-3.5-5.7-3.5-9s1-6.3 3.5-9Z",
  alerts: "M6 16V11a6 6 0 0 1 12 0v5l2 2H4l2-2Zm4 5h4",
  status: "M4 4h16v12H4zM9 20h6M12 16v4M7 12l3-3 2 2 4-4",
  settings:
    "M4 7h9m5 0h2M4 17h2m5 0h9M15.5 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM8.5 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14Zm9 2-4-4",
  plus: "M12 5v14M5 12h14",
  eyeOff: "M2 12s3.6-6.5 10-6.5S22 12 22 12s-3.6 6.5-10 6.5S2 12 2 12ZM4 4l16 16",
  close: "M6 6l12 12M18 6 6 18",
  eye: "M2 12s3.6-6.5 10-6.5S22 12 22 12s-3.6 6.5-10 6.5S2 12 2 12Zm10 3a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",
  check: "M5 12.5 10 17l9-10",
  minus: "M5 12h14",
  chevronDown: "M6 9l6 6 6-6",
  chevronUp: "M6 15l6-6 6 6",
  chevronRight: "M9 6l6 6-6 6",
  chevronLeft: "M15 6l-6 6 6 6",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.4 1.4M17.6 17.6 19 19M19 5l-1.4 1.4M6.4 17.6 5 19",
  moon: "M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5Z",
  system: "M3 5h18v11H3zM8 20h8M12 16v4",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4 21a8 8 0 0 1 16 0",
  users:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2 20a7 7 0 0 1 14 0M16 4.3a3.5 3.5 0 0 1 0 6.4M18.5 14a7 7 0 0 1 3.5 6",
  key: "M8 19a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm3-6.5L20 4m-4 4 3 3m-6-0.5 2 2",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  edit: "M4 20h4L19 9l-4-4L4 16v4ZM13 7l4 4",
  trash: "M4 7h16M9 7V4h6v3m-8 0 1 13h8l1-13",
  play: "M7 5v14l11-7L7 5Z",
  pause: "M8 5v14M16 5v14",
  refresh: "M20 11a8 8 0 1 0-2 6M20 5v6h-6",
  external: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 6 6l1-1",
  download: "M12 4v11m-5-5 5 5 5-5M4 20h16",
  filter: "M4 5h16l-6 8v6l-4-2v-4L4 5Z",
  sort: "M8 5v14m-3-3 3 3 3-3M16 19V5m-3 3 3-3 3 3",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7v5l3 2",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 11v5m0-8v.01",
  warning: "M12 3 2.5 20h19L12 3ZM12 10v4m0 3v.01",
  help: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.300-1 .8-1 1.7m0 3v.01",
  menu: "M4 6h16M4 12h16M4 18h16",
  signOut: "M10 4H4v16h6M15 8l4 4-4 4M19 12H9",
  mail: "M3 5h18v14H3zM3 6l9 7 9-7",
  slack: "M9 3v18M15 3v18M3 9h18M3 15h18",
  webhook: "M9 8 3 12l6 4M15 8l6 4-6 4",
  drag: "M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01",
  building: "M5 21V4h9v17M14 9h5v12M3 21h18M8 8h3M8 12h3M8 16h3",
  list: "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
  shield: "M12 3 4 6v6c0 5 3.5 8 8 9 4.5-1 8-4 8-9V6l-8-3Z",
  table: "M3 5h18v14H3zM3 10h18M3 14.5h18M9 10v9",
  chart: "M4 4v16h16M7 15l4-5 3 3 5-7",
  map: "M3 6l6-2 6 2 6-2v14l-6 2-6-2-6 2V6ZM9 4v14M15 6v14",
  tag: "M4 4h8l8 8-8 8-8-8V4Zm4 4h.01",
  wall: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  command:
    "M9 9h6v6H9zM9 9V6.5A2.5 2.5 0 1 0 6.5 9H9Zm6 0h2.5A2.5 2.5 0 1 0 15 6.5V9Zm0 6v2.5a2.5 2.5 0 1 0 2.5-2.5H15Zm-6 0H6.5A2.5 2.5 0 1 0 9 17.5V15Z",
} as const;

export type IconName = keyof typeof paths;

/** Decorative: what it stands for is said beside it or by the button's label. */
export function Icon({
  name,
  size = 16,
  className,
  ...rest
}: { name: IconName; size?: number } & SVGProps<SVGSVGElement>) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.75}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
      className={cx("shrink-0", className)}
      {...rest}
    >
      <path d={paths[name]} />
    </svg>
  );
}
