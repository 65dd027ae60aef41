import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, type Schema } from "@/api/client";
import { instant, plural } from "@/lib/format";
import { flag, useUrlState } from "@/lib/url";
import {
  Button,
  Checkbox,
  ConfirmDialog,
  EmptyState,
  ErrorState,
  IconButton,
  Loading,
  Menu,
  MenuItem,
  MenuSeparator,
  Panel,
  Skeleton,
  Time,
  toast,
  useNow,
} from "@/ui";
import { KeyForm } from "./key-form";
import { KeyOnce } from "./key-once";
import { Rotate } from "./key-rotate";
import { everyPage } from "./pages";

type Key = Schema["ApiKey"];
type Asking = { what: "edit" | "rotate" | "revoke"; key: Key } | { what: "new" } | undefined;

/** The keys of machines. */
export default function Keys() {
  const [ended, setEnded] = useUrlState("ended", false, flag);
  const [asking, setAsking] = useState<Asking>();
  const [shown, setShown] = useState<Schema["ApiKeyShown"] | undefined>();
  const now = useNow(60_000);
  const keys = useQuery({
    queryKey: ["keys"],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        data(
          api.GET("/v1/api-keys", {
            params: { query: { limit: 1_000, ...(cursor ? { cursor } : {}) } },
            signal,
          }),
        ),
      ),
  });
  const close = () => setAsking(undefined);
  const rows = keys.data?.filter((k) => ended || stateOf(k, now) === "on");
  const hidden = (keys.data?.length ?? 0) - (rows?.length ?? 0);
  return (
    <>
      <Panel
        title="API keys"
        flush
        actions={
          <>
            {(hidden > 0 || ended) && (
              <Checkbox checked={ended} onChange={setEnded} label="Those that ended, too" />
            )}
            <Button small look="primary" icon="plus" onClick={() => setAsking({ what: "new" })}>
              New key
            </Button>
          </>
        }
      >
        {keys.isPending ? (
          <Loading className="space-y-4 p-4">
            <Skeleton className="h-10" />
            <Skeleton className="h-10" />
          </Loading>
        ) : keys.isError ? (
          <ErrorState error={keys.error} what="the keys" retry={() => void keys.refetch()} />
        ) : rows?.length === 0 ? (
          <EmptyState icon="key" title="No key is in use" level={3}>
            Programs call the API with a key: to add websites from a pipeline, or to read what is up.
          </EmptyState>
        ) : (
          <ul aria-label="API keys">
            {rows?.map((k) => (
              <One key={k.id} k={k} now={now} ask={(what) => setAsking({ what, key: k })} />
            ))}
          </ul>
        )}
      </Panel>
      {asking?.what === "new" && <KeyForm close={close} onMade={setShown} />}
      {asking?.what === "edit" && <KeyForm apiKey={asking.key} close={close} onMade={setShown} />}
      {asking?.what === "rotate" && <Rotate apiKey={asking.key} close={close} onMade={setShown} />}
      {asking?.what === "revoke" && <Revoke apiKey={asking.key} close={close} />}
      {shown && <KeyOnce shown={shown} close={() => setShown(undefined)} />}
    </>
  );
}

function stateOf(k: Key, now: number): "on" | "revoked" | "expired" {
  if (k.revoked_at) return "revoked";
  return k.expires_at && instant(k.expires_at) <= now ? "expired" : "on";
}

function One({ k, now, ask }: { k: Key; now: number; ask: (what: "edit" | "rotate" | "revoke") => void }) {
  const state = stateOf(k, now);
  const limits = [
    ...(k.website_ids ? [plural(k.website_ids.length, "website")] : []),
    ...(k.tags ? [`tags ${k.tags.join(", ")}`] : []),
  ];
  return (
    <li className="flex items-start gap-3 border-b border-line px-4 py-3 last:border-0" aria-label={k.name}>
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-baseline gap-x-3">
          <span className="font-medium wrap-anywhere">{k.name}</span>
          <span className="font-mono text-[13px] text-muted">pf_{k.prefix}_…</span>
          {state !== "on" && <span className="text-[13px] text-paused">‖ {state}</span>}
        </div>
        <div className="mt-0.5 flex flex-wrap gap-x-3 text-[13px] text-muted">
          <span>{highest(k.scopes)}</span>
          <span>{limits.length > 0 ? `only ${limits.join(" and ")}` : "every website"}</span>
          <span>
            {k.last_used_at ? (
              <>
                used <Time at={k.last_used_at} />
              </>
            ) : (
              "never used"
            )}
          </span>
          <span>
            {k.revoked_at ? (
              <>
                revoked <Time at={k.revoked_at} />
              </>
            ) : k.expires_at ? (
              <>
                ends <Time at={k.expires_at} />
              </>
            ) : (
              "never ends"
            )}
          </span>
          {k.overlap_until && instant(k.overlap_until) > now && (
            <span className="text-degraded">
              ◆ the secret before works until <Time at={k.overlap_until} absolute />
            </span>
          )}
        </div>
      </div>
      {state !== "revoked" && (
        <Menu
          label={`Actions of ${k.name}`}
          trigger={<IconButton small look="secondary" icon="more" label={`More for ${k.name}`} />}
        >
          <MenuItem icon="edit" onSelect={() => ask("edit")}>
            Edit
          </MenuItem>
          <MenuItem icon="refresh" onSelect={() => ask("rotate")}>
            Rotate the secret
          </MenuItem>
          <MenuSeparator />
          <MenuItem icon="trash" danger onSelect={() => ask("revoke")}>
            Revoke
          </MenuItem>
        </Menu>
      )}
    </li>
  );
}

const ranks = { read: "may read", write: "may read and write", admin: "may do everything" } as const;

/** Each scope includes those before it. */
function highest(scopes: Schema["Scope"][]): string {
  return ranks[scopes.includes("admin") ? "admin" : scopes.includes("write") ? "write" : "read"];
}

function Revoke({ apiKey: k, close }: { apiKey: Key; close: () => void }) {
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => data(api.DELETE("/v1/api-keys/{id}", { params: { path: { id: k.id } } })),
    onSuccess: () => {
      close();
      toast.done(`${k.name} was revoked`);
      void client.invalidateQueries({ queryKey: ["keys"] });
    },
    onError: (err) => {
      close();
      toast.failed(err, "The key was not revoked");
    },
  });
  return (
    <ConfirmDialog
      open
      onOpenChange={(o) => !o && close()}
      title={`Revoke ${k.name}?`}
      action="Revoke the key"
      busy={revoke.isPending}
      onConfirm={() => revoke.mutate()}
    >
      <p>Whatever uses it is refused from now on, for ever.</p>
      {k.last_used_at && (
        <p className="text-muted">
          It was used <Time at={k.last_used_at} />.
        </p>
      )}
    </ConfirmDialog>
  );
}
