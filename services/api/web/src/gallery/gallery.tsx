import { useState } from "react";
import { Problem, Unreachable } from "@/api/problem";
import {
  Banner,
  Button,
  Checkbox,
  Combobox,
  ConfirmDialog,
  CopyButton,
  Dialog,
  EmptyState,
  ErrorState,
  Field,
  FormError,
  IconButton,
  Input,
  Kbd,
  LineChart,
  Loading,
  Menu,
  MenuItem,
  MenuSeparator,
  Ms,
  Panel,
  PasswordInput,
  Percent,
  RegionRing,
  type RegionVote,
  Segmented,
  Select,
  Sheet,
  Skeleton,
  Sparkline,
  StatCard,
  Switch,
  Table,
  Tabs,
  TagInput,
  Textarea,
  Time,
  toast,
  type Verdict,
  VerdictBadge,
  verdictOrder,
} from "@/ui";
import { HeartbeatBar } from "@/ui/spark";
import { bands, beats, latencies, type Row, rows, start, times } from "./samples";

const regions = ["us-east", "eu-west", "ap-south", "sa-east"];

/** Every part in its states: to look at, and for axe to look at. */
export function Gallery({ now = Date.now() }: { now?: number }) {
  return (
    <main className="mx-auto max-w-6xl space-y-4 p-4">
      <h1 className="text-xl font-semibold">Gallery</h1>
      <Verdicts />
      <Controls />
      <Overlays />
      <div className="grid gap-4 md:grid-cols-3">
        <StatCard label="p95" value={<Ms value={190} />} delta="▲ 8 %" better={false} detail="24 h" />
        <StatCard
          label="Uptime 30 d"
          value={<Percent value={99.984} />}
          delta="▲ 1 %"
          better
          detail="coverage 100 %"
        />
        <StatCard label="p50" value="" loading />
      </div>
      <States />
      <Panel title="Heartbeats and sparkline">
        <div className="space-y-3">
          <HeartbeatBar beats={beats(now)} label="Last 90 checks of shop" />
          <HeartbeatBar
            beats={beats(now).slice(0, 30)}
            label="Last checks of a young website"
            focusable={false}
          />
          <Sparkline
            values={[80, 82, 79, null, null, 120, 84, 81, null, 90]}
            label="p50 of 24 h, 79 to 120 ms"
          />
          <p>
            Checked <Time at={now - 12_000} />, opened <Time at={now - 86_400_000 * 3} absolute />
          </p>
        </div>
      </Panel>
      <Panel title="Response time">
        <LineChart
          label="Response time of shop by region"
          times={times}
          series={latencies}
          bands={bands}
          onZoom={(a, b) => toast.info(`${Math.round((b - a) / 60_000)} min`)}
          from={start}
          to={times.at(-1) ?? start}
        />
      </Panel>
      <Panel title="Phases">
        <LineChart stacked label="Phases of shop" times={times} series={latencies} height={180} />
      </Panel>
      <Rows />
    </main>
  );
}

function Verdicts() {
  const votes = (...vs: Verdict[]): RegionVote[] =>
    regions.map((region, i) => ({
      region,
      verdict: vs[i] ?? "up",
      excluded: i === 2 && vs.length === 4 ? "sick" : undefined,
    }));
  return (
    <Panel title="Verdicts">
      <div className="flex flex-wrap gap-4">
        {verdictOrder.map((v) => (
          <VerdictBadge key={v} verdict={v} />
        ))}
        <VerdictBadge verdict="down" outlined>
          Down for 4 min
        </VerdictBadge>
      </div>
      <div className="mt-4 flex flex-wrap items-center gap-4">
        {verdictOrder.map((v) => (
          <RegionRing key={v} verdict={v} votes={votes(v, v, v)} size={32} />
        ))}
        <RegionRing verdict="down" votes={votes("down", "degraded", "unknown", "down")} size={48} />
        <RegionRing verdict="up" votes={[]} size={32} />
        <RegionRing verdict="up" votes={[{ region: "one", verdict: "up" }]} size={32} />
        <RegionRing
          verdict="degraded"
          votes={Array.from({ length: 12 }, (_, i) => ({
            region: `r${i}`,
            verdict: verdictOrder[i % 7] ?? "up",
          }))}
        />
      </div>
    </Panel>
  );
}

function Controls() {
  const [kind, setKind] = useState<"http" | "dns">("http");
  const [tags, setTags] = useState(["prod", "eu"]);
  const [region, setRegion] = useState<string | undefined>("eu-west");
  const [on, setOn] = useState(true);
  const [range, setRange] = useState<"1h" | "24h" | "7d">("24h");
  const [tab, setTab] = useState<"a" | "b">("a");
  return (
    <Panel title="Controls" actions={<Button small>Action</Button>}>
      <div className="grid gap-4 md:grid-cols-2">
        <Field label="URL" hint="With the scheme.">
          <Input defaultValue="https://shop.example.com" />
        </Field>
        <Field label="Interval" error="Must be 10 s at least.">
          <Input defaultValue="5" />
        </Field>
        <Field label="Kind">
          <Select
            value={kind}
            onChange={setKind}
            options={[
              { value: "http", label: "HTTP" },
              { value: "dns", label: "DNS" },
            ]}
          />
        </Field>
        <Field label="Region">
          <Combobox
            value={region}
            onChange={setRegion}
            options={regions.map((r) => ({ value: r, label: r }))}
          />
        </Field>
        <Field label="Tags" optional>
          <TagInput value={tags} onChange={setTags} suggestions={["prod", "staging", "eu"]} />
        </Field>
        <Field label="Secret">
          <PasswordInput defaultValue="secret" />
        </Field>
        <Field label="Body">
          <Textarea rows={2} />
        </Field>
        <div className="space-y-3">
          <Switch checked={on} onChange={setOn} label="Paused" hint="Nothing is checked." />
          <Checkbox checked={on} onChange={setOn} label="Follow redirects" />
          <Checkbox checked="indeterminate" onChange={setOn} label="All of them" />
          <Segmented
            label="Range"
            value={range}
            onChange={setRange}
            options={[
              { value: "1h", label: "1h" },
              { value: "24h", label: "24h" },
              { value: "7d", label: "7d" },
            ]}
          />
        </div>
      </div>
      <div className="my-4">
        <FormError>The name is taken.</FormError>
      </div>
      <div className="flex flex-wrap gap-2">
        <Button look="primary">Primary</Button>
        <Button>Secondary</Button>
        <Button look="quiet">Quiet</Button>
        <Button look="danger">Remove</Button>
        <Button busy>Saving</Button>
        <Button disabled>Disabled</Button>
        <IconButton icon="edit" label="Edit" />
        <CopyButton text="x" label="Copy as curl" />
        <Kbd>Ctrl K</Kbd>
      </div>
      <div className="mt-4">
        <Tabs
          label="Views"
          value={tab}
          onChange={setTab}
          tabs={[
            { key: "a", label: "Checks", content: <p>Checks</p> },
            { key: "b", label: "Evidence", content: <p>Evidence</p> },
          ]}
        />
      </div>
    </Panel>
  );
}

function Overlays() {
  const [open, setOpen] = useState<"dialog" | "sheet" | "confirm" | undefined>();
  const set = (which: typeof open) => (o: boolean) => setOpen(o ? which : undefined);
  return (
    <Panel title="Overlays">
      <div className="flex flex-wrap gap-2">
        <Button onClick={() => setOpen("dialog")}>Dialog</Button>
        <Button onClick={() => setOpen("sheet")}>Sheet</Button>
        <Button onClick={() => setOpen("confirm")}>Confirm</Button>
        <Button
          onClick={() => toast.done("Saved", { action: { label: "Undo", run: () => toast.info("Undone") } })}
        >
          Toast
        </Button>
        <Button onClick={() => toast.failed(new Unreachable())}>Failure</Button>
        <Menu label="More" align="start" trigger={<Button>Menu</Button>}>
          <MenuItem icon="edit" hint="e" onSelect={() => {}}>
            Edit
          </MenuItem>
          <MenuSeparator />
          <MenuItem icon="trash" danger onSelect={() => {}}>
            Remove
          </MenuItem>
        </Menu>
      </div>
      <Dialog
        open={open === "dialog"}
        onOpenChange={set("dialog")}
        title="Add websites"
        description="One URL a line."
        footer={<Button look="primary">Add</Button>}
      >
        <Field label="URLs">
          <Textarea />
        </Field>
      </Dialog>
      <Sheet open={open === "sheet"} onOpenChange={set("sheet")} title="A check">
        What it found.
      </Sheet>
      <ConfirmDialog
        open={open === "confirm"}
        onOpenChange={set("confirm")}
        title="Remove shop?"
        action="Remove"
        word="shop"
        onConfirm={() => setOpen(undefined)}
      >
        <p>Its history goes, too.</p>
      </ConfirmDialog>
    </Panel>
  );
}

function States() {
  return (
    <div className="space-y-4">
      <Banner>For your information.</Banner>
      <Banner look="warning" action={<Button small>Add a channel</Button>}>
        Nobody will be told: there is no channel.
      </Banner>
      <Banner look="danger">The API cannot be reached.</Banner>
      <Banner look="unknown">Nothing is known of the last hour.</Banner>
      <div className="grid gap-4 md:grid-cols-3">
        <Panel title="Empty" flush>
          <EmptyState
            level={3}
            icon="overview"
            title="No websites yet"
            action={<Button look="primary">Add one</Button>}
          >
            Paste a URL to begin.
          </EmptyState>
        </Panel>
        <Panel title="Loading">
          <Loading className="space-y-2">
            <Skeleton />
            <Skeleton className="h-24" />
          </Loading>
        </Panel>
        <Panel title="Error" flush>
          <ErrorState
            compact
            what="the incidents"
            error={new Problem(503, { title: "Unavailable", detail: "InfluxDB is away" })}
            retry={() => {}}
          />
        </Panel>
      </div>
    </div>
  );
}

function Rows() {
  const [sort, setSort] = useState({ key: "name", descending: false });
  return (
    <Panel title="5,000 websites" flush>
      <Table<Row>
        main
        label="Websites"
        rows={rows}
        rowKey={(r) => r.id}
        sort={sort}
        onSort={setSort}
        onOpen={(r) => toast.info(r.name)}
        columns={[
          {
            key: "ring",
            header: <span className="sr-only">Verdict</span>,
            width: "28px",
            cell: (r) => <RegionRing verdict={r.verdict} votes={r.votes} />,
          },
          {
            key: "name",
            header: "Name",
            sortable: true,
            width: "minmax(140px, 2fr)",
            cell: (r) => <b className="font-medium">{r.name}</b>,
          },
          {
            key: "beats",
            header: "Last 24 h",
            width: "270px",
            from: "lg",
            cell: (r) => <HeartbeatBar focusable={false} beats={r.beats} label={r.name} />,
          },
          {
            key: "p95",
            header: "p95",
            sortable: true,
            align: "right",
            width: "80px",
            cell: (r) => <Ms value={r.p95} />,
          },
          {
            key: "uptime",
            header: "Uptime",
            align: "right",
            width: "80px",
            from: "sm",
            cell: (r) => <Percent value={r.uptime} />,
          },
        ]}
      />
    </Panel>
  );
}
