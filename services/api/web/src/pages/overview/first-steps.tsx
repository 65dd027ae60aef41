import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Link } from "wouter";
import { api, data, type Schema } from "@/api/client";
import { remember, remembered } from "@/lib/store";
import { cx, Icon } from "@/ui";

interface Step {
  key: string;
  done: boolean;
  label: string;
  why: string;
  to: ReactNode;
}

const go = (href: string, text: string) => (
  <Link href={href} className="whitespace-nowrap font-medium text-accent hover:underline">
    {text}
  </Link>
);

/** What is still missing before the fleet can be relied upon; it stays until all of it is done. */
export function FirstSteps({ overview, websites }: { overview: Schema["Overview"]; websites: number }) {
  const told = useQuery({
    queryKey: ["channels", "told"],
    queryFn: async ({ signal }) => {
      const page = await data(api.GET("/v1/deliveries", { params: { query: { limit: 200 } }, signal }));
      return page.items.some((d) => d.status === "delivered");
    },
    enabled: overview.channels > 0,
    refetchInterval: (q) => (q.state.data ? false : 10_000),
  });
  const [chosen, setChosen] = useState(() => remembered("first-steps"));
  const steps: Step[] = [
    {
      key: "website",
      done: websites > 0,
      label: "Watch a first website",
      why: "Paste its address; every region looks at it at once.",
      to: go("/?add=1", "Add a website"),
    },
    {
      key: "channel",
      done: overview.channels > 0,
      label: "Say where alerts go",
      why: "Without a channel, nobody is told of an outage.",
      to: go("/alerts", "Add a channel"),
    },
    {
      key: "told",
      done: told.data === true,
      label: "See an alert arrive",
      why: "Send a test: it is done once one was delivered.",
      to: go("/alerts", "Send a test"),
    },
    {
      key: "region",
      done: overview.sites > 1,
      label: "Run a region on another machine",
      why: "Regions of one network cannot tell its trouble from the website's.",
      to: go("/fleet", "Add a region"),
    },
  ];
  const done = steps.filter((s) => s.done).length;
  // Not known yet is not undone.
  if (done === steps.length || (overview.channels > 0 && told.data === undefined)) return null;
  const next = steps.find((s) => !s.done);
  // Until somebody chooses: a phone has no room to spare, and the last step no need of much.
  const closed = chosen ? chosen === "closed" : window.innerWidth < 640 || done === steps.length - 1;
  const toggle = () => {
    const to = closed ? "open" : "closed";
    setChosen(to);
    remember("first-steps", to);
  };
  return (
    <section aria-label="First steps" className="rounded border border-line bg-surface">
      <button
        type="button"
        aria-expanded={!closed}
        onClick={toggle}
        className="flex min-h-11 w-full items-center gap-3 px-4 text-left"
      >
        <span className="whitespace-nowrap font-semibold">First steps</span>
        <span className="text-muted">
          {done} of {steps.length} done
          {closed && next && (
            <span className="hidden sm:inline">
              , next: {next.label.charAt(0).toLowerCase() + next.label.slice(1)}
            </span>
          )}
        </span>
        <span className="flex gap-1" aria-hidden="true">
          {steps.map((s) => (
            <span key={s.key} className={cx("h-1.5 w-5 rounded-full", s.done ? "bg-up-fill" : "bg-line")} />
          ))}
        </span>
        <Icon name={closed ? "chevronDown" : "chevronUp"} size={14} className="ml-auto text-muted" />
      </button>
      {!closed && (
        <ol className="grid gap-x-6 gap-y-3 border-t border-line px-4 py-3 sm:grid-cols-2 xl:grid-cols-4">
          {steps.map((s) => (
            <li key={s.key} className="flex gap-2">
              <span className={cx("mt-0.5", s.done ? "text-up" : "text-faint")}>
                {s.done ? (
                  <Icon name="check" />
                ) : (
                  <span className="inline-block size-4 text-center leading-4">○</span>
                )}
                <span className="sr-only">{s.done ? "Done:" : "To do:"}</span>
              </span>
              <div className="min-w-0">
                <div className={cx("font-medium", s.done && "text-muted")}>{s.label}</div>
                {!s.done && (
                  <div className="text-[13px] text-muted">
                    {s.why} {s.to}
                  </div>
                )}
              </div>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
