import { pageKeys } from "@/lib/keys";
import { useStore } from "@/lib/store";
import { Dialog, Kbd } from "@/ui";
import { nav } from "./nav";

const everywhere = [
  { keys: "Ctrl K", does: "Search and commands" },
  { keys: "/", does: "Search on the page" },
  { keys: "j k", does: "Next and previous row" },
  { keys: "Enter", does: "Open the row" },
  { keys: "u", does: "Times in UTC or in your zone" },
  { keys: "?", does: "This list" },
  ...nav.map((n) => ({ keys: `g ${n.key}`, does: `Go to ${n.label}` })),
];

/** The keys, of every page and of this one. */
export function Help({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const here = useStore(pageKeys);
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Keyboard shortcuts">
      {here.length > 0 && <List title="On this page" keys={here} />}
      <List title="Everywhere" keys={everywhere} />
    </Dialog>
  );
}

function List({ title, keys }: { title: string; keys: readonly { keys: string; does: string }[] }) {
  return (
    <section className="mb-4 last:mb-0">
      <h3 className="mb-2 font-medium text-muted">{title}</h3>
      <dl className="grid grid-cols-[1fr_auto] gap-y-2">
        {keys.map((k) => (
          <div key={k.keys} className="contents">
            <dt>{k.does}</dt>
            <dd className="flex justify-end gap-1">
              {k.keys.split(" ").map((one) => (
                <Kbd key={one}>{one}</Kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
