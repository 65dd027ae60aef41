import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, type Schema } from "@/api/client";
import { useSubmit } from "@/lib/form";
import { Button, CopyButton, Dialog, Field, FormError, Input, Segmented, Spinner } from "@/ui";
import { useFirstVote, useRegions } from "./data";
import { type Place, PlaceFields, placeOf } from "./edit";

/** Name and place first, then what to type on the machine, until its first vote counts. */
export function AddRegion({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [place, setPlace] = useState<Place>({ title: "", latitude: "", longitude: "" });
  const [made, setMade] = useState<Schema["RegionCreated"] | undefined>();
  const form = useSubmit(
    () => data(api.POST("/v1/regions", { body: { name: name.trim(), ...placeOf(place) } })),
    {
      fields: ["name", "title", "latitude", "longitude"],
      onDone: (region) => {
        setMade(region);
        void client.invalidateQueries({ queryKey: ["regions"] });
        void client.invalidateQueries({ queryKey: ["fleet"] });
      },
    },
  );
  if (made) {
    return (
      <Dialog
        open
        onOpenChange={(o) => !o && onClose()}
        title={`Start a worker of ${made.name}`}
        description="The key below is shown this once."
        footer={<Button onClick={onClose}>Done</Button>}
        wide
      >
        <Start region={made.name} messageKey={made.message_key} />
      </Dialog>
    );
  }
  return (
    <Dialog
      open
      onOpenChange={(o) => !o && onClose()}
      title="Add region"
      description="A place to look from: any machine that reaches the fleet's Redis and the world."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="primary"
            busy={form.busy}
            disabled={name.trim() === ""}
            onClick={() => form.submit(undefined)}
          >
            Add region
          </Button>
        </>
      }
    >
      <form className="space-y-4" onSubmit={form.on(() => undefined)}>
        <Field
          label="Name"
          error={form.error("name")}
          hint="Lower-case letters, digits and hyphens, such as sao-paulo; it cannot be changed later"
        >
          <Input
            value={name}
            maxLength={40}
            autoComplete="off"
            spellCheck={false}
            onChange={(e) => {
              setName(e.target.value);
              form.reset();
            }}
          />
        </Field>
        <PlaceFields value={place} onChange={setPlace} error={form.error} />
        <FormError>{form.sentence}</FormError>
        <button type="submit" className="hidden" aria-hidden="true" tabIndex={-1} />
      </form>
    </Dialog>
  );
}

type Way = "checkout" | "docker" | "binary";

/** What to type, by how the fleet is run. */
export function command(way: Way, region: string, key: string): string {
  switch (way) {
    case "checkout":
      return `mkdir -p .data/regions && (umask 077; echo '${key}' > .data/regions/${region}.key)\nscripts/region-add ${region}`;
    case "docker":
      return [
        "docker run -d --restart unless-stopped \\",
        `  -e REGION_NAME=${region} -e REGION_KEY='${key}' -e SITE=${region} \\`,
        "  -e REDIS_URL='rediss://USER:PASSWORD@HOST:PORT/0' \\",
        "  probefleet/worker",
      ].join("\n");
    case "binary":
      return [
        `REGION_NAME=${region} REGION_KEY='${key}' SITE=${region} \\`,
        "REDIS_URL='rediss://USER:PASSWORD@HOST:PORT/0' bin/worker",
      ].join("\n");
  }
}

const hints: Record<Way, string> = {
  checkout:
    "In the fleet's checkout, where make up runs. It makes a Redis user that reaches this region's keys alone, and prints and keeps the environment of its workers: take that file to the other machine, and start one there with: set -a; . ./NAME.env; set +a; bin/worker",
  docker:
    "On the other machine. Put in the address of the fleet's Redis and a user that is confined to the region, as deploy/redis/README.md shows.",
  binary:
    "On the other machine. Put in the address of the fleet's Redis and a user that is confined to the region, as deploy/redis/README.md shows.",
};

function Start({ region, messageKey }: { region: string; messageKey: string }) {
  const [way, setWay] = useState<Way>("checkout");
  const text = command(way, region, messageKey);
  return (
    <div className="space-y-4">
      <Segmented
        label="How the fleet runs"
        value={way}
        onChange={setWay}
        options={[
          { value: "checkout", label: "make up" },
          { value: "docker", label: "Docker" },
          { value: "binary", label: "Binary" },
        ]}
      />
      <div>
        <pre
          className="rounded border border-line bg-bg p-3 font-mono text-xs whitespace-pre-wrap wrap-anywhere"
          tabIndex={0}
          role="group"
          aria-label="Command"
        >
          {text}
        </pre>
        <div className="mt-2 flex flex-wrap items-start gap-3">
          <CopyButton text={text} label="Copy command" look="secondary" />
          <p className="min-w-0 flex-1 basis-60 text-[13px] text-muted">
            {hints[way].replace("NAME", region)}
          </p>
        </div>
      </div>
      <Progress region={region} />
    </div>
  );
}

/** From nothing heard to a vote that counts, as it happens. */
function Progress({ region }: { region: string }) {
  const now = useRegions().data?.items.find((r) => r.name === region);
  const alive = (now?.live_workers ?? 0) > 0;
  const vote = useFirstVote(region, alive).data;
  const worker = now?.workers.find((w) => w.alive);
  return (
    <ol aria-label="Progress" aria-live="polite" className="space-y-2 rounded border border-line p-3">
      <Step done words={`${region} is added and enabled`} />
      <Step
        done={alive}
        words={
          alive
            ? `A worker is alive${worker ? `: ${worker.id} on ${worker.host}` : ""}`
            : "Waiting for its first worker. This window may be closed: the fleet goes on."
        }
      />
      <Step
        done={vote?.website !== undefined}
        waits={!alive}
        words={
          vote?.website !== undefined
            ? `Its first vote counts, for ${vote.website}`
            : vote && !vote.any
              ? "There is no website to look at yet"
              : "Its first vote counts"
        }
      />
    </ol>
  );
}

function Step({ done, waits = false, words }: { done: boolean; waits?: boolean; words: string }) {
  return (
    <li className={done ? "flex items-center gap-2 text-up" : "flex items-center gap-2 text-muted"}>
      <span aria-hidden="true" className="flex w-4 justify-center">
        {done ? "●" : waits ? "○" : <Spinner />}
      </span>
      <span>
        {words}
        <span className="sr-only">{done ? ": done" : ": not yet"}</span>
      </span>
    </li>
  );
}
