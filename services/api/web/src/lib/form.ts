import { useMutation } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { explain, isProblem } from "@/api/problem";

/**
 * Sending a form: what the API says of a field goes to the field, the rest is one
 * sentence for the form. `error("policy/quorum/count")` is what is wrong with that field.
 * `quiet`: a 401 belongs to the form rather than to the session.
 */
export function useSubmit<In, Out>(
  send: (input: In) => Promise<Out>,
  options: { onDone?: (out: Out) => void; fields?: readonly string[]; quiet?: boolean } = {},
) {
  const m = useMutation({
    mutationFn: send,
    meta: { quiet: options.quiet ?? false },
    ...(options.onDone ? { onSuccess: options.onDone } : {}),
  });
  const fields = isProblem(m.error) ? m.error.fields : {};
  const shown = new Set(options.fields ?? Object.keys(fields));
  const elsewhere = Object.entries(fields).filter(([key]) => !shown.has(key));
  const noneShown = Object.keys(fields).every((key) => !shown.has(key));
  let sentence: string | undefined;
  if (m.error && elsewhere.length > 0) sentence = elsewhere.map(([key, text]) => `${key}: ${text}`).join(" ");
  else if (m.error && noneShown)
    sentence = isProblem(m.error) ? m.error.message : `${explain(m.error).title}. ${explain(m.error).detail}`;
  return {
    submit: m.mutate,
    /** For <form onSubmit={form.on(() => values)}>. */
    on: (values: () => In) => (e: FormEvent) => {
      e.preventDefault();
      m.mutate(values());
    },
    busy: m.isPending,
    done: m.isSuccess,
    failure: m.error,
    reset: m.reset,
    error: (field: string): string | undefined => fields[field],
    /** What no field shows. */
    sentence,
  };
}
