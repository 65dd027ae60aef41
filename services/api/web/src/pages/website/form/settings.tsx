import { useMay } from "@/api/session";
import { text, useUrlState } from "@/lib/url";
import { CopyButton, cx, Panel } from "@/ui";
import { asYaml, monitorAsInput } from "../copies";
import type { Monitor, Website } from "../data";
import { kindLook, monitorTitle } from "../words";
import { MonitorForm } from "./monitor-form";
import { kinds } from "./spec.gen";
import { WebsiteForm } from "./website-form";

/** The settings of a website and of one of its monitors, or of a monitor to be added. */
export function Settings({ website, monitor }: { website: Website; monitor: Monitor | undefined }) {
  const may = useMay("write");
  const [kind, setKind] = useUrlState("kind", "http", text);
  if (!may) return <ReadOnly monitor={monitor} />;
  if (monitor) {
    return (
      <>
        <MonitorForm key={monitor.id} website={website} monitor={monitor} kind={monitor.kind} />
        <div className="h-4" />
        <WebsiteForm website={website} />
      </>
    );
  }
  const known = (kinds as readonly string[]).includes(kind) ? kind : "http";
  return (
    <>
      <KindPicker kind={known} onChange={setKind} />
      <MonitorForm key={known} website={website} monitor={undefined} kind={known} />
    </>
  );
}

function KindPicker({ kind, onChange }: { kind: string; onChange: (k: string) => void }) {
  return (
    <fieldset className="mb-4">
      <legend className="mb-2 font-semibold">What kind of monitor?</legend>
      <div className="grid grid-cols-2 gap-2 md:grid-cols-3 xl:grid-cols-4">
        {kinds.map((k) => {
          const look = kindLook(k);
          return (
            <label
              key={k}
              className={cx(
                "relative rounded border border-line bg-surface px-3 py-2 hover:bg-hover",
                "has-checked:border-accent has-checked:outline has-checked:outline-accent has-focus-visible:outline-2",
              )}
            >
              <input
                type="radio"
                name="kind"
                value={k}
                checked={k === kind}
                onChange={() => onChange(k)}
                className="absolute inset-0 cursor-pointer appearance-none outline-none"
              />
              <span className="block font-medium">{look.name}</span>
              <span className="block text-[13px] text-muted">{look.does}</span>
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}

/** What those who may only read see: all of it, nothing to press. */
function ReadOnly({ monitor }: { monitor: Monitor | undefined }) {
  if (!monitor) return null;
  const yaml = asYaml(monitorAsInput(monitor));
  return (
    <Panel title={monitorTitle(monitor)} actions={<CopyButton label="Copy as YAML" text={yaml} />}>
      <p className="mb-3 text-muted">
        You may only read. To change something needs the role of an editor, which an owner or admin can give
        to you.
      </p>
      <pre
        tabIndex={0}
        className="overflow-x-auto rounded border border-line bg-sunken p-3 font-mono text-[13px]"
      >
        {yaml}
      </pre>
    </Panel>
  );
}
