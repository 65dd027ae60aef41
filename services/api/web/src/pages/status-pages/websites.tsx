import { type DragEvent, useState } from "react";
import { useWebsiteNames, WebsiteSearch, websiteName } from "@/shell/websites";
import { Button, cx, Icon, IconButton, Input } from "@/ui";
import { brokenSection, type Entry, gathered, moved, sectionsOf } from "./order";

/** Chooses the websites of a page, their order, sections and what they are called there. */
export function Websites({
  value,
  onChange,
  error,
}: {
  value: readonly Entry[];
  onChange: (entries: Entry[]) => void;
  error: (path: string) => string | undefined;
}) {
  const [picked, setPicked] = useState<Record<string, string>>({});
  const [dragged, setDragged] = useState<number | undefined>();
  const [over, setOver] = useState<number | undefined>();
  const names = useWebsiteNames(value.map((e) => e.website_id).filter((id) => !(id in picked)));
  const broken = brokenSection(value);
  const sections = sectionsOf(value).filter(Boolean);
  const drop = (e: DragEvent) => {
    e.preventDefault();
    if (dragged !== undefined && over !== undefined) onChange(moved(value, dragged, over));
    setDragged(undefined);
    setOver(undefined);
  };
  const set = (i: number, change: Partial<Entry>) =>
    onChange(value.map((e, j) => (j === i ? { ...e, ...change } : e)));
  return (
    <div className="space-y-3">
      <WebsiteSearch
        label="Add a website to the page"
        without={value.map((e) => e.website_id)}
        onPick={(w) => {
          setPicked({ ...picked, [w.id]: websiteName(w) });
          onChange([...value, { website_id: w.id, title: "", section: value.at(-1)?.section ?? "" }]);
        }}
      />
      <datalist id="sections">
        {sections.map((s) => (
          <option key={s} value={s} />
        ))}
      </datalist>
      {value.length === 0 && (
        <p className="rounded border border-dashed border-line-strong px-3 py-6 text-center text-muted">
          None is on the page yet. Find one above.
        </p>
      )}
      <ol className="space-y-2" aria-label="Websites of the page">
        {value.map((e, i) => {
          const name = picked[e.website_id] ?? names[e.website_id] ?? e.website_id;
          return (
            <li
              key={e.website_id}
              aria-label={name}
              onDragOver={(ev) => {
                if (dragged === undefined) return;
                ev.preventDefault();
                setOver(i);
              }}
              onDrop={drop}
              className={cx(
                "grid grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-2 gap-y-2 rounded border bg-surface p-2",
                over === i && dragged !== i ? "border-accent" : "border-line",
                dragged === i && "opacity-50",
              )}
            >
              <span
                draggable
                title="Drag to another place"
                onDragStart={(ev) => {
                  ev.dataTransfer.effectAllowed = "move";
                  ev.dataTransfer.setData("text/plain", name);
                  setDragged(i);
                }}
                onDragEnd={() => {
                  setDragged(undefined);
                  setOver(undefined);
                }}
                className="flex size-7 cursor-grab items-center justify-center text-faint"
              >
                <Icon name="drag" />
              </span>
              <span className="truncate font-medium">{name}</span>
              <span className="flex">
                <IconButton
                  small
                  icon="chevronUp"
                  label={`Move ${name} up`}
                  disabled={i === 0}
                  onClick={() => onChange(moved(value, i, i - 1))}
                />
                <IconButton
                  small
                  icon="chevronDown"
                  label={`Move ${name} down`}
                  disabled={i === value.length - 1}
                  onClick={() => onChange(moved(value, i, i + 1))}
                />
                <IconButton
                  small
                  icon="close"
                  label={`Take ${name} off the page`}
                  onClick={() => onChange(value.filter((_, j) => j !== i))}
                />
              </span>
              <div className="col-span-3 grid gap-2 sm:grid-cols-2 sm:pl-9">
                <Input
                  aria-label={`Public title of ${name}`}
                  placeholder={`Public title: ${name}`}
                  maxLength={200}
                  value={e.title}
                  aria-invalid={error(`websites/${i}/title`) !== undefined || undefined}
                  onChange={(ev) => set(i, { title: ev.target.value })}
                />
                <Input
                  aria-label={`Section of ${name}`}
                  placeholder="Section, if any"
                  maxLength={200}
                  list="sections"
                  value={e.section}
                  onChange={(ev) => set(i, { section: ev.target.value })}
                />
                {wrong(error, i) && (
                  <p role="alert" className="text-[13px] text-down sm:col-span-2">
                    ■ {wrong(error, i)}
                  </p>
                )}
              </div>
            </li>
          );
        })}
      </ol>
      {broken !== undefined && (
        <p role="status" className="flex flex-wrap items-center gap-2 text-[13px] text-degraded">
          <span>◆ The section “{broken || "without a name"}” is in two parts.</span>
          <Button small onClick={() => onChange(gathered(value))}>
            Put them together
          </Button>
        </p>
      )}
    </div>
  );
}

const wrong = (error: (path: string) => string | undefined, i: number): string | undefined =>
  error(`websites/${i}`) ??
  error(`websites/${i}/website_id`) ??
  error(`websites/${i}/title`) ??
  error(`websites/${i}/section`);
