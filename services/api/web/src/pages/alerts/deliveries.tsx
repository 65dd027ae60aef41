import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { oneOf, text, useUrlState } from "@/lib/url";
import { useLive } from "@/live";
import { Button, type Column, EmptyState, ErrorState, Icon, Panel, Select, Table, Time } from "@/ui";
import { deliveriesQuery } from "./data";
import { DeliverySheet } from "./delivery-sheet";
import { kindOf } from "./kinds";
import { Outcome } from "./test-button";
import { type Channel, type Delivery, type DeliveryStatus, eventWord, statuses } from "./words";

const statusCodec = oneOf("delivered", "pending", "dead", "combined", "suppressed");
const anyOf = "any"; // a Select has no empty value

/** What a delivery is about, in a few words. */
export function about(d: Delivery): string {
  const m = d.message as { website?: string; monitor?: string };
  if (m.website) return m.monitor ? `${m.website} (${m.monitor})` : m.website;
  if (d.event === "test") return "a test";
  return d.event === "fleet" ? "the fleet" : "–";
}

/** What was told and what became of it, newest first. */
export function Deliveries({ channels }: { channels: Channel[] }) {
  const client = useQueryClient();
  const [channel, setChannel] = useUrlState("channel", "", text);
  const [status, setStatus] = useUrlState<DeliveryStatus | "">("status", "", statusCodec as never);
  const [incident, setIncident] = useUrlState("incident", "", text);
  const [opened, setOpened] = useUrlState("delivery", "", text);
  const all = useInfiniteQuery(deliveriesQuery({ channel, status, incident }));
  // An incident is told of a moment later.
  useLive({ types: ["incident"] }, () => void client.invalidateQueries({ queryKey: ["deliveries"] }));
  const rows = all.data?.pages.flatMap((p) => p.items) ?? [];
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = all;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const filtered = channel !== "" || status !== "" || incident !== "";
  const clear = () => {
    setChannel("");
    setStatus("");
    setIncident("");
  };
  const columns: Column<Delivery>[] = [
    { key: "at", header: "When", width: "84px", cell: (d) => <Time at={d.created_at} /> },
    { key: "event", header: "Event", width: "88px", cell: (d) => eventWord(d.event) },
    {
      key: "channel",
      header: "Channel",
      width: "minmax(0, 1fr)",
      from: "md",
      cell: (d) => {
        const c = channels.find((o) => o.id === d.channel_id);
        return (
          <span className="flex items-center gap-2">
            <Icon name={kindOf(c?.kind ?? "").icon} className="text-muted" />
            <span className="truncate">{c?.name ?? "–"}</span>
          </span>
        );
      },
    },
    { key: "about", header: "About", width: "minmax(0, 1fr)", from: "sm", cell: about },
    { key: "outcome", header: "What came of it", width: "minmax(0, 1.4fr)", cell: (d) => <Outcome d={d} /> },
    {
      key: "attempts",
      header: "Attempts",
      width: "72px",
      align: "right",
      from: "lg",
      cell: (d) => d.attempts,
    },
  ];
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <Select
          label="Channel"
          className="w-44!"
          value={channel || anyOf}
          onChange={(v) => setChannel(v === anyOf ? "" : v)}
          options={[
            { value: anyOf, label: "Every channel" },
            ...channels.map((c) => ({ value: c.id, label: c.name })),
          ]}
        />
        <Select
          label="Status"
          className="w-40!"
          value={status || anyOf}
          onChange={(v) => setStatus(v === anyOf ? "" : (v as DeliveryStatus))}
          options={[
            { value: anyOf, label: "Any outcome" },
            ...statusWords.map(([value, s]) => ({ value, label: `${s.mark} ${s.word}` })),
          ]}
        />
        {incident && (
          <Button small icon="close" onClick={() => setIncident("")}>
            Of one incident
          </Button>
        )}
        {filtered && (
          <Button small look="quiet" onClick={clear}>
            Show all
          </Button>
        )}
      </div>
      <Panel flush>
        {all.isError && rows.length === 0 ? (
          <ErrorState error={all.error} what="the deliveries" retry={() => void all.refetch()} />
        ) : (
          <Table
            main
            label="Deliveries"
            columns={columns}
            rows={rows}
            rowKey={(d) => d.id}
            loading={all.isPending}
            onOpen={(d) => setOpened(d.id)}
            onEnd={more}
            empty={
              <EmptyState icon="mail" title={filtered ? "Nothing fits" : "Nothing was told yet"} level={3}>
                {filtered
                  ? "No delivery fits these filters."
                  : "The first test or outage appears here, with what the other side answered."}
              </EmptyState>
            }
          />
        )}
      </Panel>
      <DeliverySheet
        delivery={rows.find((d) => d.id === opened)}
        missing={opened !== "" && !all.isPending}
        channels={channels}
        close={() => setOpened("")}
      />
    </>
  );
}

const statusWords = Object.entries(statuses);
