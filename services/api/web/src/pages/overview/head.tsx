import type { Schema } from "@/api/client";
import { percent, plural } from "@/lib/format";
import { Button, copyText, IconButton, Menu, MenuItem, toast } from "@/ui";

export function Subtitle({ overview, total }: { overview: Schema["Overview"]; total: number }) {
  return (
    <>
      {plural(total, "website")} from {plural(overview.regions, "region")}
      {overview.uptime_24h_percent !== null && (
        <> · {percent(overview.uptime_24h_percent)} up in the last 24 h</>
      )}
      {overview.advisories > 0 && (
        <> · {plural(overview.advisories, "website fails", "websites fail")} in some region, below quorum</>
      )}
    </>
  );
}

export function Actions({ mayWrite, onAdd }: { mayWrite: boolean; onAdd: () => void }) {
  const copy = async () => {
    const url = new URL("/v1/summaries?limit=100", location.origin);
    const from = new URLSearchParams(location.search);
    for (const [ours, theirs] of [
      ["q", "q"],
      ["tag", "tag"],
      ["v", "status"],
      ["kind", "kind"],
    ] as const) {
      const value = from.get(ours);
      if (value) url.searchParams.set(theirs, value);
    }
    const ok = await copyText(`curl -H "Authorization: Bearer $PROBEFLEET_API_KEY" '${url}'`);
    if (ok) toast.done("Copied", { detail: "The key comes from your environment." });
  };
  return (
    <>
      {mayWrite ? (
        <Button look="primary" icon="plus" onClick={onAdd} aria-keyshortcuts="n">
          Add website
        </Button>
      ) : (
        <span className="text-[13px] text-muted">You may look; editors add and change.</span>
      )}
      <Menu label="More" trigger={<IconButton icon="more" label="More" look="secondary" />}>
        <MenuItem icon="copy" onSelect={copy}>
          Copy this list as curl
        </MenuItem>
        <MenuItem icon="download" onSelect={() => window.open("/v1/export", "_blank", "noopener")}>
          Export all websites
        </MenuItem>
      </Menu>
    </>
  );
}
