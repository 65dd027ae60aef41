import { useStore } from "@/lib/store";
import { chooseTheme, type Theme, theme } from "@/lib/theme";
import { Panel, Segmented, switchZone, Time, useNow, useZone } from "@/ui";

const themes: { value: Theme; label: string }[] = [
  { value: "system", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

/** How the dashboard looks in this browser. */
export default function Appearance() {
  const now = useStore(theme);
  const zone = useZone();
  const present = useNow(60_000);
  return (
    <Panel title="Appearance">
      <div className="space-y-6">
        <div>
          <h3 className="mb-1 font-medium">Theme</h3>
          <Segmented label="Theme" value={now} onChange={chooseTheme} options={themes} />
        </div>
        <div>
          <h3 className="mb-1 font-medium">Times</h3>
          <Segmented
            label="Times"
            value={zone}
            onChange={(z) => z !== zone && switchZone()}
            options={[
              { value: "local", label: Intl.DateTimeFormat().resolvedOptions().timeZone },
              { value: "utc", label: "UTC" },
            ]}
          />
          <p className="mt-2 text-muted">
            It is <Time at={present} absolute /> now. The key <b className="text-text">u</b> switches
            anywhere.
          </p>
        </div>
        <p className="text-[13px] text-muted">Both are remembered by this browser, not by the account.</p>
      </div>
    </Panel>
  );
}
