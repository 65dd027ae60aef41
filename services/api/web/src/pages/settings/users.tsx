import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, type Schema } from "@/api/client";
import { meQuery, type Role, useMe } from "@/api/session";
import { plural } from "@/lib/format";
import {
  Button,
  type Column,
  ConfirmDialog,
  ErrorState,
  IconButton,
  Panel,
  Select,
  Table,
  Time,
  Tooltip,
  toast,
} from "@/ui";
import { Invitations } from "./invitations";
import { Invite } from "./invite";
import { everyPage } from "./pages";
import { assignable, fixedBecause, roles, roleWords } from "./roles";

type Member = Schema["Member"];

/** Who belongs to the organisation, what they may do, and who is invited. */
export default function Users() {
  const [inviting, setInviting] = useState(false);
  const members = useQuery({
    queryKey: ["members"],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        data(
          api.GET("/v1/members", {
            params: { query: { limit: 1_000, ...(cursor ? { cursor } : {}) } },
            signal,
          }),
        ),
      ),
  });
  return (
    <div className="space-y-6">
      <Panel
        title={members.data ? plural(members.data.length, "user") : "Users"}
        flush
        actions={
          <Button small look="primary" icon="plus" onClick={() => setInviting(true)}>
            Invite somebody
          </Button>
        }
      >
        {members.isError && !members.data ? (
          <ErrorState error={members.error} what="the users" retry={() => void members.refetch()} />
        ) : (
          <Members members={members.data} />
        )}
      </Panel>
      <Invitations />
      <Panel title="What roles may do">
        <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-2">
          {[...roles].reverse().map((r) => (
            <div key={r} className="contents">
              <dt className="font-medium">{roleWords[r].label}</dt>
              <dd className="text-muted">{roleWords[r].may}</dd>
            </div>
          ))}
        </dl>
        <p className="mt-3 text-[13px] text-muted">Each includes those below it.</p>
      </Panel>
      {inviting && <Invite close={() => setInviting(false)} />}
    </div>
  );
}

function Members({ members }: { members: Member[] | undefined }) {
  const me = useMe();
  const [leaving, setLeaving] = useState<Member | undefined>();
  const owners = members?.filter((m) => m.role === "owner").length ?? 0;
  const columns: Column<Member>[] = [
    {
      key: "who",
      header: "User",
      width: "minmax(0, 2fr)",
      cell: (m) => (
        <div className="leading-5">
          <div className="truncate font-medium">
            {m.name || m.email}
            {m.id === me.account?.id && <span className="font-normal text-muted"> · you</span>}
          </div>
          {m.name && <div className="truncate text-[13px] text-muted">{m.email}</div>}
        </div>
      ),
    },
    { key: "role", header: "Role", width: "128px", cell: (m) => <RoleOf member={m} owners={owners} /> },
    {
      key: "seen",
      header: "Last sign-in",
      width: "112px",
      from: "sm",
      cell: (m) =>
        m.last_sign_in_at ? <Time at={m.last_sign_in_at} /> : <span className="text-muted">never</span>,
    },
    {
      key: "totp",
      header: "Second factor",
      width: "112px",
      from: "lg",
      cell: (m) =>
        m.totp ? <span className="text-up">● on</span> : <span className="text-muted">○ off</span>,
    },
    {
      key: "remove",
      header: <span className="sr-only">Remove</span>,
      width: "36px",
      align: "right",
      cell: (m) =>
        m.id !== me.account?.id &&
        fixedBecause(me.role, m, owners) === undefined && (
          <IconButton
            small
            icon="trash"
            label={`Remove ${m.name || m.email}`}
            onClick={() => setLeaving(m)}
          />
        ),
    },
  ];
  return (
    <>
      <Table
        label="Users"
        columns={columns}
        rows={members ?? []}
        rowKey={(m) => m.id}
        rowHeight={56}
        loading={members === undefined}
      />
      {leaving && <Remove member={leaving} close={() => setLeaving(undefined)} />}
    </>
  );
}

function RoleOf({ member: m, owners }: { member: Member; owners: number }) {
  const me = useMe();
  const client = useQueryClient();
  const set = useMutation({
    mutationFn: (role: Role) =>
      data(api.PATCH("/v1/members/{id}", { params: { path: { id: m.id } }, body: { role } })),
    onSuccess: (changed) => {
      client.setQueryData<Member[]>(["members"], (all) =>
        all?.map((o) => (o.id === changed.id ? changed : o)),
      );
      toast.done(`${m.name || m.email} is ${changed.role} now`);
      if (m.id === me.account?.id) void client.invalidateQueries({ queryKey: meQuery.queryKey });
    },
    onError: (err) => toast.failed(err, "The role was not changed"),
  });
  const fixed = fixedBecause(me.role, m, owners);
  if (fixed)
    return (
      <Tooltip text={fixed}>
        <span tabIndex={0}>{roleWords[m.role].label}</span>
      </Tooltip>
    );
  return (
    <Select
      small
      label={`Role of ${m.name || m.email}`}
      value={set.isPending ? set.variables : m.role}
      disabled={set.isPending}
      onChange={(role) => role !== m.role && set.mutate(role)}
      options={assignable(me.role).map((r) => ({ value: r, label: roleWords[r].label }))}
    />
  );
}

function Remove({ member: m, close }: { member: Member; close: () => void }) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => data(api.DELETE("/v1/members/{id}", { params: { path: { id: m.id } } })),
    onSuccess: () => {
      close();
      toast.done(`${m.name || m.email} was removed`);
      void client.invalidateQueries({ queryKey: ["members"] });
    },
    onError: (err) => toast.failed(err, "The user was not removed"),
  });
  return (
    <ConfirmDialog
      open
      onOpenChange={(o) => !o && close()}
      title={`Remove ${m.name || m.email}?`}
      action="Remove from the organisation"
      busy={remove.isPending}
      onConfirm={() => remove.mutate()}
    >
      <p>Sessions here end at once. The account itself stays, and what it did stays in the audit log.</p>
    </ConfirmDialog>
  );
}
