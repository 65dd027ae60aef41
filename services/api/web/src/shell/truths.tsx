import { useSyncExternalStore } from "react";
import { reach } from "@/api/reach";
import { useConnection } from "@/live";
import { Banner, Duration, Time, useNow } from "@/ui";

const graceMs = 3_000; // a restart of the api is no news

/** What the dashboard must not keep to itself: that what it shows is old. */
export function Truths() {
  const away = useSyncExternalStore(reach.subscribe, reach.awaySince);
  const c = useConnection();
  const now = useNow();
  const lost = c.state === "offline" || c.state === "reconnecting";
  if (away !== undefined && now - away >= graceMs) {
    return (
      <Slot>
        <Banner look="danger">
          <b>The API cannot be reached.</b> What you see was true <Time at={away} />. Checks and alerts do not
          depend on this page; it is tried again by itself.
        </Banner>
      </Slot>
    );
  }
  if (lost && now - c.since >= graceMs * 2) {
    return (
      <Slot>
        <Banner look="warning">
          <b>{c.state === "offline" ? "This device is offline." : "The live connection is lost."}</b> For{" "}
          <Duration since={c.since} /> changes have not appeared here by themselves.
        </Banner>
      </Slot>
    );
  }
  return null;
}

const Slot = ({ children }: { children: React.ReactNode }) => (
  <div className="px-4 pt-4 sm:px-6 print:hidden">{children}</div>
);
