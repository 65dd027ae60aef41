import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { api, data, type Schema } from "@/api/client";
import { useMay } from "@/api/session";
import { plural } from "@/lib/format";
import { Button, cx, Duration, Icon, Panel, Time, toast, VerdictBadge } from "@/ui";

const few = 5; // more would push the list out of sight

/** The open incidents, newest first, with what was seen and a button that says "I am on it". */
export function OpenIncidents({
  incidents,
  open,
  stale,
}: {
  incidents: readonly Schema["Incident"][];
  open: number;
  stale: boolean;
}) {
  const [all, setAll] = useState(false);
  if (incidents.length === 0) return null;
  const shown = all ? incidents : incidents.slice(0, few);
  const rest = open - shown.length;
  return (
    <Panel
      title={plural(open, "open incident")}
      flush
      actions={
        <Link href="/incidents" className="text-[13px] font-medium text-accent">
          All incidents
        </Link>
      }
      className={cx("animate-fade", stale && "grayscale")}
    >
      <ul>
        {shown.map((i) => (
          <One key={i.id} incident={i} />
        ))}
      </ul>
      {rest > 0 && (
        <div className="px-4 py-2">
          {incidents.length > shown.length ? (
            <Button small look="quiet" onClick={() => setAll(true)}>
              Show {incidents.length - shown.length} more
            </Button>
          ) : (
            <Link href="/incidents?status=open" className="font-medium text-accent">
              {plural(rest, "more open incident")}
            </Link>
          )}
        </div>
      )}
    </Panel>
  );
}

function One({ incident: i }: { incident: Schema["Incident"] }) {
  return (
    <li className="flex animate-rise flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2 last:border-b-0">
      <div className="min-w-0 flex-1 basis-64">
        <div className="flex min-w-0 flex-wrap items-center gap-x-3">
          <Link href={`/incidents/${i.id}`} className="min-w-0 truncate font-semibold hover:underline">
            {i.website_name}
          </Link>
          <VerdictBadge verdict={i.severity}>
            {i.severity} for <Duration since={i.opened_at} />
          </VerdictBadge>
        </div>
        <div className="text-muted wrap-anywhere">{i.explanation}</div>
      </div>
      <Acknowledge incident={i} />
      <Link
        href={`/incidents/${i.id}`}
        aria-label={`Incident of ${i.website_name}`}
        className="hidden text-muted hover:text-text sm:block"
      >
        <Icon name="chevronRight" />
      </Link>
    </li>
  );
}

function Acknowledge({ incident: i }: { incident: Schema["Incident"] }) {
  const may = useMay("write");
  const client = useQueryClient();
  const send = useMutation({
    mutationFn: () => data(api.POST("/v1/incidents/{id}/acknowledge", { params: { path: { id: i.id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["overview"] }),
    onError: (err) => toast.failed(err, `${i.website_name} was not acknowledged`),
  });
  if (i.acknowledged_at) {
    return (
      <span className="flex items-center gap-1.5 text-[13px] text-muted">
        <Icon name="check" size={14} />
        <span>
          {i.acknowledged_by ? `${i.acknowledged_by} is on it` : "Somebody is on it"},{" "}
          <Time at={i.acknowledged_at} />
        </span>
      </span>
    );
  }
  if (!may) return <span className="text-[13px] text-muted">Nobody is on it yet</span>;
  return (
    <Button
      small
      busy={send.isPending}
      onClick={() => send.mutate()}
      aria-label={`Acknowledge the incident of ${i.website_name}`}
    >
      Acknowledge
    </Button>
  );
}
