import type { Monitor, Website } from "../data";

export function Settings({ website, monitor }: { website: Website; monitor: Monitor | undefined }) {
  return (
    <p>
      {website.name} {monitor?.kind}
    </p>
  );
}
