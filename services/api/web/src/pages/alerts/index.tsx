import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { useMay } from "@/api/session";
import { useHotkeys, usePageKeys } from "@/lib/keys";
import { oneOf, text, useUrlState } from "@/lib/url";
import { Page } from "@/shell/page";
import { Banner, Button, EmptyState, ErrorState, Loading, Panel, Skeleton, Tabs } from "@/ui";
import { ChannelForm } from "./channel-form";
import { ChannelRow } from "./channel-row";
import { channelsQuery } from "./data";
import { Deliveries } from "./deliveries";
import { type Channel, tellsOfDown } from "./words";

const tabs = oneOf("channels", "deliveries");
const keys = [{ keys: "n", does: "Add a channel" }];

/** Who is told of an outage, how, and what became of what was told. */
export default function Alerts() {
  const may = useMay("write");
  const [tab, setTab] = useUrlState("tab", "channels", tabs, { push: true });
  const [edited, setEdited] = useUrlState("edit", "", text);
  const channels = useQuery(channelsQuery);
  const add = () => setEdited("new");
  useHotkeys(may ? { n: add } : {});
  usePageKeys(keys);
  const known = channels.data?.find((c) => c.id === edited);
  return (
    <Page
      title="Alerts"
      subtitle="Who is told when a website goes down, by which way, and whether they were."
      actions={
        may ? (
          <Button look="primary" icon="plus" onClick={add}>
            Add a channel
          </Button>
        ) : (
          <p className="max-w-64 text-[13px] text-muted">
            As a viewer you see the channels; editors add, test and change them.
          </p>
        )
      }
    >
      {channels.data && channels.data.length > 0 && !tellsOfDown(channels.data) && (
        <div className="mb-4">
          <Banner look="danger">
            <b>Nobody will be told of an outage:</b> no channel is on that tells of down.
          </Banner>
        </div>
      )}
      <Tabs
        label="Alerts"
        value={tab}
        onChange={setTab}
        tabs={[
          {
            key: "channels",
            label: "Channels",
            content: (
              <Channels
                channels={channels.data}
                error={channels.error}
                retry={() => void channels.refetch()}
                onAdd={may ? add : undefined}
                onEdit={setEdited}
              />
            ),
          },
          {
            key: "deliveries",
            label: "Deliveries",
            content: <Deliveries channels={channels.data ?? []} />,
          },
        ]}
      />
      {may && (edited === "new" || known) && (
        <ChannelForm key={edited} channel={known} close={() => setEdited("")} />
      )}
    </Page>
  );
}

function Channels({
  channels,
  error,
  retry,
  onAdd,
  onEdit,
}: {
  channels: Channel[] | undefined;
  error: unknown;
  retry: () => void;
  onAdd: (() => void) | undefined;
  onEdit: (id: string) => void;
}) {
  if (channels === undefined) {
    if (error) return <ErrorState error={error} what="the channels" retry={retry} />;
    return (
      <Panel flush>
        <Loading label="The channels load">
          {[0, 1].map((i) => (
            <div key={i} className="flex gap-3 border-b border-line p-4 last:border-0">
              <Skeleton className="size-9" />
              <div className="flex-1 space-y-3">
                <Skeleton className="h-4 w-48" />
                <Skeleton className="h-3.5 w-72 max-w-full" />
                <Skeleton className="h-8 w-full" />
              </div>
            </div>
          ))}
        </Loading>
      </Panel>
    );
  }
  if (channels.length === 0) {
    return (
      <Panel>
        <EmptyState
          icon="alerts"
          title="Nobody will be told"
          action={
            onAdd && (
              <Button look="primary" icon="plus" onClick={onAdd}>
                Add a channel
              </Button>
            )
          }
        >
          Without a channel an outage is only seen by who looks at this dashboard. Add an e-mail address, a
          chat or a webhook, and send it a test.
          {!onAdd && " An editor, admin or owner can do that."}
        </EmptyState>
      </Panel>
    );
  }
  return (
    <>
      <Panel flush>
        <ul aria-label="Channels">
          {channels.map((c) => (
            <ChannelRow key={c.id} channel={c} onEdit={() => onEdit(c.id)} />
          ))}
        </ul>
      </Panel>
      <p className="mt-3 text-[13px] text-muted">
        Alerts of one story are told in one message. What was told stands under{" "}
        <Link href="/alerts?tab=deliveries" className="text-accent underline">
          Deliveries
        </Link>
        .
      </p>
    </>
  );
}
