import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, data } from "@/api/client";
import { useSubmit } from "@/lib/form";
import { Button, ConfirmDialog, Dialog, Field, FormError, Input, toast } from "@/ui";
import type { Region } from "./data";
import { PlacePicker } from "./world";

export interface Place {
  title: string;
  latitude: string;
  longitude: string;
}

const degrees = (s: string): number | null => (s.trim() === "" ? null : Number(s.replace(",", ".")));
export const placeOf = (p: Place) => ({
  title: p.title.trim(),
  latitude: degrees(p.latitude),
  longitude: degrees(p.longitude),
});

function onMap(p: Place): { latitude: number; longitude: number } | undefined {
  const { latitude, longitude } = placeOf(p);
  if (latitude === null || longitude === null || !(Math.abs(latitude) <= 90) || !(Math.abs(longitude) <= 180))
    return undefined;
  return { latitude, longitude };
}

/** Title and place of a region, by numbers or by a click. */
export function PlaceFields({
  value,
  onChange,
  error,
}: {
  value: Place;
  onChange: (p: Place) => void;
  error: (field: string) => string | undefined;
}) {
  const set = (change: Partial<Place>) => onChange({ ...value, ...change });
  return (
    <>
      <Field label="Title" optional error={error("title")} hint="As people call it: São Paulo">
        <Input value={value.title} maxLength={200} onChange={(e) => set({ title: e.target.value })} />
      </Field>
      <div className="grid grid-cols-2 gap-3">
        <Field label="Latitude" optional error={error("latitude")}>
          <Input
            inputMode="decimal"
            value={value.latitude}
            placeholder="-23.55"
            onChange={(e) => set({ latitude: e.target.value })}
          />
        </Field>
        <Field label="Longitude" optional error={error("longitude")}>
          <Input
            inputMode="decimal"
            value={value.longitude}
            placeholder="-46.63"
            onChange={(e) => set({ longitude: e.target.value })}
          />
        </Field>
      </div>
      <div>
        <PlacePicker
          at={onMap(value)}
          onPick={(p) => set({ latitude: String(p.latitude), longitude: String(p.longitude) })}
        />
        <p className="mt-1 text-[13px] text-muted">Click where it is, or write degrees above.</p>
      </div>
    </>
  );
}

function useChanged() {
  const client = useQueryClient();
  return () => {
    void client.invalidateQueries({ queryKey: ["regions"] });
    void client.invalidateQueries({ queryKey: ["fleet"] });
  };
}

export function EditRegion({ region: r, onClose }: { region: Region; onClose: () => void }) {
  const changed = useChanged();
  const [place, setPlace] = useState<Place>({
    title: r.title,
    latitude: r.latitude === null ? "" : String(r.latitude),
    longitude: r.longitude === null ? "" : String(r.longitude),
  });
  const form = useSubmit(
    (p: Place) =>
      data(api.PATCH("/v1/regions/{name}", { params: { path: { name: r.name } }, body: placeOf(p) })),
    {
      fields: ["title", "latitude", "longitude"],
      onDone: () => {
        changed();
        toast.done(`${r.name} is changed`);
        onClose();
      },
    },
  );
  return (
    <Dialog
      open
      onOpenChange={(o) => !o && onClose()}
      title={`Edit ${r.name}`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" busy={form.busy} onClick={() => form.submit(place)}>
            Save
          </Button>
        </>
      }
    >
      <form className="space-y-4" onSubmit={form.on(() => place)}>
        <PlaceFields value={place} onChange={setPlace} error={form.error} />
        <FormError>{form.sentence}</FormError>
        <button type="submit" className="hidden" aria-hidden="true" tabIndex={-1} />
      </form>
    </Dialog>
  );
}

/** Enabling is at once; disabling and deleting ask first. */
export function SwitchRegion({
  region: r,
  to,
  onClose,
}: {
  region: Region;
  to: "enable" | "disable" | "delete";
  onClose: () => void;
}) {
  const changed = useChanged();
  const at = { params: { path: { name: r.name } } };
  const form = useSubmit(
    async () => {
      if (to === "delete") await data(api.DELETE("/v1/regions/{name}", at));
      else await data(api.PATCH("/v1/regions/{name}", { ...at, body: { enabled: to === "enable" } }));
    },
    {
      onDone: () => {
        changed();
        toast.done(`${r.name} is ${to}d`);
        onClose();
      },
    },
  );
  const words = {
    enable: {
      title: `Enable ${r.name}?`,
      text: "It gets checks and, once it has looked, a vote in every verdict of monitors that do not name their regions.",
    },
    disable: {
      title: `Disable ${r.name}?`,
      text: "It gets no more checks and has no vote. Its workers stay connected; monitors that name only this region read unknown. You can enable it again.",
    },
    delete: {
      title: `Delete ${r.name}?`,
      text: "Monitors that name it beside others lose this name, and its key is void: its workers are let in no more. Response times that it has measured stay until they expire.",
    },
  }[to];
  return (
    <ConfirmDialog
      open
      onOpenChange={(o) => !o && onClose()}
      title={words.title}
      action={to === "enable" ? "Enable" : to === "disable" ? "Disable" : "Delete region"}
      onConfirm={() => form.submit(undefined)}
      busy={form.busy}
      {...(to === "delete" ? { word: r.name } : {})}
    >
      <p>{words.text}</p>
      <FormError>{form.sentence}</FormError>
    </ConfirmDialog>
  );
}
