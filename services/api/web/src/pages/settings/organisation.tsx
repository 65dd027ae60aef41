import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useLocation } from "wouter";
import { api, data, type Schema } from "@/api/client";
import { isProblem } from "@/api/problem";
import { meQuery, switchOrganisation, useMay, useMayMakeOrganisations, useMe } from "@/api/session";
import { useSubmit } from "@/lib/form";
import { flag, useUrlState } from "@/lib/url";
import {
  Button,
  ConfirmDialog,
  Dialog,
  ErrorState,
  Field,
  FormError,
  Input,
  Loading,
  Panel,
  Skeleton,
  toast,
} from "@/ui";
import { NewOrganisation } from "./new-organisation";
import { ProofFields } from "./proof";
import { Quotas } from "./quotas";

/** The organisation that one works in. */
export default function Organisation() {
  const me = useMe();
  const organisation = useQuery({
    queryKey: ["organisation"],
    queryFn: ({ signal }) => data(api.GET("/v1/organisation", { signal })),
  });
  if (organisation.isPending) {
    return (
      <Loading className="space-y-6">
        <Skeleton className="h-56" />
        <Skeleton className="h-56" />
      </Loading>
    );
  }
  if (organisation.isError) {
    return (
      <ErrorState
        error={organisation.error}
        what="the organisation"
        retry={() => void organisation.refetch()}
      />
    );
  }
  const o = organisation.data;
  return (
    <div className="space-y-6">
      <Names key={o.id} organisation={o} />
      <Quotas quotas={o.quotas} />
      {me.account && <Others />}
      {me.account && <Leaving organisation={o} />}
    </div>
  );
}

function Names({ organisation: o }: { organisation: Schema["Organisation"] }) {
  const client = useQueryClient();
  const may = useMay("admin");
  const [name, setName] = useState(o.name);
  const [slug, setSlug] = useState(o.slug);
  const form = useSubmit(
    (body: Schema["OrganisationUpdate"]) => data(api.PATCH("/v1/organisation", { body })),
    {
      fields: ["name", "slug"],
      onDone: (changed) => {
        client.setQueryData(["organisation"], changed);
        void client.invalidateQueries({ queryKey: meQuery.queryKey });
        toast.done("The organisation was changed");
      },
    },
  );
  if (!may) {
    return (
      <Panel title="Organisation">
        <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-2">
          <dt className="text-muted">Name</dt>
          <dd>{o.name}</dd>
          <dt className="text-muted">Slug</dt>
          <dd>{o.slug}</dd>
        </dl>
        <p className="mt-3 text-[13px] text-muted">Admins and owners can change them.</p>
      </Panel>
    );
  }
  const same = name.trim() === o.name && slug.trim() === o.slug;
  return (
    <Panel title="Organisation">
      <form
        noValidate
        onSubmit={form.on(() => ({ name: name.trim(), slug: slug.trim() }))}
        className="max-w-md space-y-4"
      >
        <Field label="Name" error={form.error("name")}>
          <Input maxLength={200} value={name} onChange={(e) => setName(e.target.value)} />
        </Field>
        <Field
          label="Slug"
          hint="1 to 63 small letters, digits and hyphens, of no other organisation."
          error={form.error("slug")}
        >
          <Input
            maxLength={63}
            spellCheck={false}
            value={slug}
            onChange={(e) => setSlug(e.target.value.toLowerCase())}
          />
        </Field>
        <FormError>{form.sentence}</FormError>
        <Button type="submit" busy={form.busy} disabled={same}>
          Save
        </Button>
      </form>
    </Panel>
  );
}

/** The organisations that one belongs to. */
function Others() {
  const me = useMe();
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const mayMake = useMayMakeOrganisations();
  const [making, setMaking] = useUrlState("new", false, flag);
  const change = useMutation({
    mutationFn: (id: string) => switchOrganisation(client, id),
    onSuccess: () => navigate("/"),
    onError: (err) => toast.failed(err, "The organisation was not changed"),
  });
  return (
    <Panel
      title="Your organisations"
      flush
      actions={
        mayMake && (
          <Button small icon="plus" onClick={() => setMaking(true)}>
            New organisation
          </Button>
        )
      }
    >
      <ul>
        {me.organisations.map((o) => (
          <li key={o.id} className="flex min-h-12 items-center gap-3 border-b border-line px-4 last:border-0">
            <span className="min-w-0 flex-1 truncate">
              {o.name} <span className="text-muted">· {o.role}</span>
            </span>
            {o.id === me.organisation?.id ? (
              <span className="text-[13px] text-up">● you work here</span>
            ) : (
              <Button
                small
                busy={change.isPending && change.variables === o.id}
                aria-label={`Work there: ${o.name}`}
                onClick={() => change.mutate(o.id)}
              >
                Work there
              </Button>
            )}
          </li>
        ))}
      </ul>
      {!mayMake && (
        <p className="border-t border-line px-4 py-3 text-[13px] text-muted">
          New organisations are made by owners of one, or by everybody where sign-up is open.
        </p>
      )}
      {making && <NewOrganisation close={() => setMaking(false)} />}
    </Panel>
  );
}

function Leaving({ organisation: o }: { organisation: Schema["Organisation"] }) {
  const me = useMe();
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const [asking, setAsking] = useState<"leave" | "delete" | undefined>();
  const elsewhere = async () => {
    const other = me.organisations.find((x) => x.id !== o.id);
    if (other) await switchOrganisation(client, other.id);
    else {
      client.clear();
      await client.invalidateQueries({ queryKey: meQuery.queryKey });
    }
    navigate("/");
  };
  const leave = useMutation({
    mutationFn: () =>
      data(api.DELETE("/v1/organisations/{id}/membership", { params: { path: { id: o.id } } })),
    onSuccess: () => {
      toast.done(`You left ${o.name}`);
      return elsewhere();
    },
    onError: (err) => {
      setAsking(undefined);
      toast.failed(
        err,
        isProblem(err) && err.type.endsWith(":last-owner")
          ? "The last owner cannot leave"
          : "You are still in it",
      );
    },
  });
  return (
    <Panel title="Leave or delete">
      <div className="space-y-4">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <p className="min-w-0 flex-1 basis-64 text-muted">
            You see nothing of {o.name} any more. Its last owner cannot leave.
          </p>
          <Button icon="signOut" onClick={() => setAsking("leave")}>
            Leave it
          </Button>
        </div>
        {me.role === "owner" && (
          <div className="flex flex-wrap items-center justify-between gap-3 border-t border-line pt-4">
            <p className="min-w-0 flex-1 basis-64 text-muted">
              Its websites, history, channels, keys and members go for ever. The first organisation of a fleet
              stays.
            </p>
            <Button icon="trash" onClick={() => setAsking("delete")}>
              Delete it
            </Button>
          </div>
        )}
      </div>
      <ConfirmDialog
        open={asking === "leave"}
        onOpenChange={(open) => setAsking(open ? "leave" : undefined)}
        title={`Leave ${o.name}?`}
        action="Leave it"
        busy={leave.isPending}
        onConfirm={() => leave.mutate()}
      >
        <p>Only an invitation of an admin or owner brings you back.</p>
      </ConfirmDialog>
      {asking === "delete" && (
        <Delete organisation={o} close={() => setAsking(undefined)} onDone={elsewhere} />
      )}
    </Panel>
  );
}

function Delete({
  organisation: o,
  close,
  onDone,
}: {
  organisation: Schema["Organisation"];
  close: () => void;
  onDone: () => Promise<void>;
}) {
  const id = useId();
  const me = useMe();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const form = useSubmit(
    (body: Schema["OrganisationDelete"]) => data(api.DELETE("/v1/organisation", { body })),
    {
      fields: ["name", "password", "code"],
      onDone: () => {
        toast.done(`${o.name} was deleted`);
        void onDone();
      },
    },
  );
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && close()}
      title={`Delete ${o.name}?`}
      footer={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" form={id} look="danger" busy={form.busy} disabled={name !== o.name}>
            Delete the organisation
          </Button>
        </>
      }
    >
      <form
        id={id}
        noValidate
        className="space-y-4"
        onSubmit={form.on(() => ({ name, password, ...(me.account?.totp ? { code } : {}) }))}
      >
        <p>All that belongs to it goes with it, and cannot come back.</p>
        <Field
          label={
            <>
              To go on, type <b>{o.name}</b>
            </>
          }
          error={form.error("name")}
        >
          <Input
            autoComplete="off"
            spellCheck={false}
            value={name}
            onChange={(e) => setName(e.target.value)}
          />
        </Field>
        <ProofFields
          password={password}
          onPassword={setPassword}
          code={code}
          onCode={setCode}
          error={form.error}
        />
        <FormError>{form.sentence}</FormError>
      </form>
    </Dialog>
  );
}
