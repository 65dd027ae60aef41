import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { Link, useLocation } from "wouter";
import { api, data } from "@/api/client";
import { isProblem } from "@/api/problem";
import { useMay } from "@/api/session";
import { useSubmit } from "@/lib/form";
import { asCurl } from "@/pages/website/copies";
import { Page } from "@/shell/page";
import {
  Button,
  ConfirmDialog,
  CopyButton,
  EmptyState,
  ErrorState,
  Field,
  FormError,
  Input,
  LinkButton,
  Loading,
  Panel,
  Skeleton,
  Switch,
  Textarea,
  toast,
} from "@/ui";
import { pageQuery, type StatusPage } from "./data";
import { badgeMarkdown, type Entry, entriesOf, slugOf } from "./order";
import { Websites } from "./websites";

/** One status page to change, or a new one. */
export function Edit({ id }: { id: string }) {
  const may = useMay("write");
  const isNew = id === "new";
  const page = useQuery({ ...pageQuery(id), enabled: !isNew });
  if (!may) {
    return (
      <Page title="Status page">
        <EmptyState icon="shield" title="Editors change status pages">
          As a viewer you can{" "}
          <Link href="/status-pages" className="text-accent underline">
            look at them
          </Link>
          .
        </EmptyState>
      </Page>
    );
  }
  if (isNew) return <Form page={undefined} />;
  if (page.data) return <Form page={page.data} />;
  if (page.isError) {
    return (
      <Page title="Status page">
        <ErrorState error={page.error} what="the status page" retry={() => void page.refetch()} />
      </Page>
    );
  }
  return (
    <Page title="Status page" heading={<Skeleton className="h-7 w-48" />}>
      <Loading className="grid gap-6 lg:grid-cols-2">
        <Skeleton className="h-96" />
        <Skeleton className="h-64" />
      </Loading>
    </Page>
  );
}

const shownFields = (entries: number) => [
  "title",
  "slug",
  "description",
  "link",
  "websites",
  ...Array.from({ length: entries }, (_, i) => [
    `websites/${i}`,
    `websites/${i}/website_id`,
    `websites/${i}/title`,
    `websites/${i}/section`,
  ]).flat(),
];

function Form({ page: p }: { page: StatusPage | undefined }) {
  const id = useId();
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const [title, setTitle] = useState(p?.title ?? "");
  const [slug, setSlug] = useState(p?.slug ?? "");
  const [description, setDescription] = useState(p?.description ?? "");
  const [link, setLink] = useState(p?.link ?? "");
  const [published, setPublished] = useState(p?.published ?? true);
  const [entries, setEntries] = useState<Entry[]>(() => entriesOf(p?.websites ?? []));
  const ownSlug = slug || slugOf(title);
  const form = useSubmit(
    () => {
      const body = {
        title: title.trim(),
        slug: ownSlug,
        description: description.trim(),
        link: link.trim(),
        published,
        websites: entries.map((e) => ({ ...e, title: e.title.trim(), section: e.section.trim() })),
      };
      if (p) return data(api.PATCH("/v1/status-pages/{id}", { params: { path: { id: p.id } }, body }));
      return data(api.POST("/v1/status-pages", { body }));
    },
    {
      fields: shownFields(entries.length),
      onDone: (saved) => {
        client.setQueryData(pageQuery(saved.id).queryKey, saved);
        void client.invalidateQueries({ queryKey: ["status-pages"] });
        toast.done(p ? "The page was changed" : "The page was made");
        if (!p) navigate(`/status-pages/${saved.id}`, { replace: true });
      },
    },
  );
  const taken = isProblem(form.failure, 409) && !form.error("slug") ? form.failure.message : undefined;
  return (
    <Page
      title={p ? `${p.title} – Status pages` : "New status page"}
      heading={p ? p.title : "New status page"}
      subtitle={
        <Link href="/status-pages" className="text-accent">
          All status pages
        </Link>
      }
      actions={
        <>
          {p?.published && (
            <LinkButton icon="external" href={`/status/${encodeURIComponent(p.slug)}`}>
              Open the page
            </LinkButton>
          )}
          <Button type="submit" form={id} look="primary" busy={form.busy}>
            {p ? "Save" : "Make the page"}
          </Button>
        </>
      }
    >
      <form
        id={id}
        noValidate
        onSubmit={form.on(() => undefined)}
        className="grid items-start gap-6 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]"
      >
        <div className="space-y-6">
          <Panel title="The page">
            <div className="space-y-4">
              <Field label="Title" error={form.error("title")}>
                <Input
                  maxLength={200}
                  value={title}
                  placeholder="Acme's services"
                  onChange={(e) => setTitle(e.target.value)}
                />
              </Field>
              <Field
                label="Slug"
                hint={`${location.origin}/status/${ownSlug || "…"}`}
                error={form.error("slug") ?? taken}
              >
                <Input
                  maxLength={63}
                  spellCheck={false}
                  value={slug}
                  placeholder={slugOf(title) || "acme"}
                  onChange={(e) => setSlug(e.target.value.toLowerCase())}
                />
              </Field>
              <Field
                label="Description"
                optional
                hint="Below the title; lines stay lines."
                error={form.error("description")}
              >
                <Textarea
                  rows={3}
                  maxLength={2000}
                  value={description}
                  onChange={(e) => setDescription(e.target.value)}
                />
              </Field>
              <Field label="Link" optional hint="To whoever keeps the page." error={form.error("link")}>
                <Input
                  inputMode="url"
                  maxLength={2048}
                  value={link}
                  placeholder="https://example.com"
                  onChange={(e) => setLink(e.target.value)}
                />
              </Field>
              <Switch
                checked={published}
                onChange={setPublished}
                label="Published"
                hint="Everybody may read it, and it stands on the fleet's front page."
              />
              {!taken && <FormError>{form.sentence}</FormError>}
            </div>
          </Panel>
          {p && <Share page={p} />}
          {p && <Remove page={p} />}
        </div>
        <Panel title="Websites on it">
          {form.error("websites") && (
            <p role="alert" className="mb-2 text-[13px] text-down">
              ■ {form.error("websites")}
            </p>
          )}
          <Websites value={entries} onChange={setEntries} error={form.error} />
        </Panel>
      </form>
    </Page>
  );
}

function Share({ page: p }: { page: StatusPage }) {
  if (!p.published) return null;
  const badge = badgeMarkdown(p.url, p.title);
  return (
    <Panel title="Share it">
      <div className="space-y-4">
        <Copied label="Address" text={p.url} />
        <Copied label="Badge, as Markdown" text={badge} />
        <img
          src={`/status/${encodeURIComponent(p.slug)}/badge.svg?at=${encodeURIComponent(p.updated_at)}`}
          alt="The badge as it is now"
        />
        <CopyButton
          look="secondary"
          text={asCurl(location.origin, `/v1/public/status/${p.slug}`)}
          label="Copy as curl"
        />
      </div>
    </Panel>
  );
}

function Copied({ label, text }: { label: string; text: string }) {
  return (
    <div>
      <div className="mb-1 text-[13px] text-muted">{label}</div>
      <div className="flex items-center gap-2">
        <Input aria-label={label} readOnly value={text} onFocus={(e) => e.target.select()} />
        <CopyButton text={text} look="secondary" small={false} label="Copy" />
      </div>
    </div>
  );
}

function Remove({ page: p }: { page: StatusPage }) {
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const [asking, setAsking] = useState(false);
  const remove = useMutation({
    mutationFn: () => data(api.DELETE("/v1/status-pages/{id}", { params: { path: { id: p.id } } })),
    onSuccess: () => {
      toast.done(`${p.title} was deleted`);
      void client.invalidateQueries({ queryKey: ["status-pages"] });
      navigate("/status-pages", { replace: true });
    },
    onError: (err) => toast.failed(err, "The page was not deleted"),
  });
  return (
    <Panel title="Delete it">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="min-w-0 flex-1 basis-40 text-muted">Its address answers 404 then; the websites stay.</p>
        <Button icon="trash" onClick={() => setAsking(true)}>
          Delete the page
        </Button>
      </div>
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title={`Delete ${p.title}?`}
        action="Delete the page"
        busy={remove.isPending}
        onConfirm={() => remove.mutate()}
      >
        <p>Links and badges of it break. Unpublish it instead if that is for a while.</p>
      </ConfirmDialog>
    </Panel>
  );
}
