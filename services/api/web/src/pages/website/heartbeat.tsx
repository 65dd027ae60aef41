import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, data } from "@/api/client";
import { useMay } from "@/api/session";
import * as format from "@/lib/format";
import { oneOf, useUrlState } from "@/lib/url";
import { Button, ConfirmDialog, CopyButton, Panel, Segmented, Time, toast, VerdictBadge } from "@/ui";
import type { Monitor } from "./data";

const ways = oneOf("curl", "cron", "job");

/** A heartbeat: where the job calls in, how, and what it said last. */
export function Heartbeat({ monitor }: { monitor: Monitor }) {
  const may = useMay("write");
  const h = monitor.heartbeat;
  const [way, setWay] = useUrlState("call", "cron", ways);
  if (!h) return null;
  const url = h.ping_url;
  return (
    <Panel title="Heartbeat" className="mb-4" actions={may && url && <Rotate monitor={monitor} />}>
      <dl className="mb-4 grid gap-x-8 gap-y-2 sm:grid-cols-2 lg:grid-cols-4">
        <Fact label="Last call">
          {h.last_at ? (
            <>
              <VerdictBadge verdict={h.last_ok ? "up" : "down"}>{h.last_ok ? "ok" : "failed"}</VerdictBadge>{" "}
              <Time at={h.last_at} />
            </>
          ) : (
            "none yet"
          )}
        </Fact>
        <Fact label="It said">{h.last_message || "–"}</Fact>
        <Fact label="Last run took">{h.duration_ms === null ? "–" : format.ms(h.duration_ms)}</Fact>
        <Fact label={h.started_at ? "Running since" : "Late at"}>
          {h.started_at ? (
            <Time at={h.started_at} />
          ) : h.late_at ? (
            <Time at={h.late_at} />
          ) : (
            "after its first call"
          )}
        </Fact>
      </dl>
      {url ? (
        <>
          <div className="mb-2 flex flex-wrap items-center gap-2">
            <Segmented
              label="How the job calls in"
              value={way}
              onChange={setWay}
              options={[
                { value: "cron", label: "cron" },
                { value: "curl", label: "curl" },
                { value: "job", label: "with start and result" },
              ]}
            />
            <span className="flex-1" />
            <CopyButton text={url} label="Copy the address" />
            <CopyButton text={snippet(way, url)} label="Copy the lines" />
          </div>
          <pre
            className="overflow-x-auto rounded border border-line bg-sunken p-3 font-mono text-[13px]"
            tabIndex={0}
          >
            {snippet(way, url)}
          </pre>
          <p className="mt-2 text-[13px] text-muted">
            Who knows the address can call in. It may be called with GET, HEAD or POST.
          </p>
        </>
      ) : (
        <p className="text-muted">The address is shown to those who may edit.</p>
      )}
    </Panel>
  );
}

function Fact({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-[13px] text-muted">{label}</dt>
      <dd className="wrap-anywhere">{children}</dd>
    </div>
  );
}

/** Lines for a shell that call in. */
export function snippet(way: "curl" | "cron" | "job", url: string): string {
  const call = (query = "") => `curl -fsS -m 10 --retry 3 -o /dev/null '${url}${query}'`;
  switch (way) {
    case "curl":
      return call();
    case "cron":
      return `0 3 * * * /usr/local/bin/backup && ${call()}`;
    case "job":
      return [
        call("?status=start"),
        "if out=$(/usr/local/bin/backup 2>&1); then status=ok; else status=fail; fi",
        `curl -fsS -m 10 --retry 3 -o /dev/null -G --data-urlencode "msg=$(printf %s "$out" | tail -c 200)" \\`,
        `  --data-urlencode "status=$status" '${url}'`,
      ].join("\n");
  }
}

function Rotate({ monitor }: { monitor: Monitor }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const rotate = useMutation({
    mutationFn: () =>
      data(api.POST("/v1/monitors/{id}/heartbeat/rotate", { params: { path: { id: monitor.id } } })),
    onSuccess: async () => {
      setAsking(false);
      toast.done("The heartbeat has another address");
      await client.invalidateQueries({ queryKey: ["website", monitor.website_id] });
    },
    onError: (err) => toast.failed(err),
  });
  return (
    <>
      <Button small look="quiet" icon="refresh" onClick={() => setAsking(true)}>
        New address
      </Button>
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title="Give it another address?"
        action="New address"
        busy={rotate.isPending}
        onConfirm={() => rotate.mutate()}
      >
        <p>
          The old address is refused from now on: jobs that call it will be late until they call the new one.
        </p>
      </ConfirmDialog>
    </>
  );
}
