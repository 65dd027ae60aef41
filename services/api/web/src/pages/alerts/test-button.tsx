import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, data } from "@/api/client";
import { Button, cx } from "@/ui";
import { type Delivery, outcome, statuses, testFailure } from "./words";

/** Sends a test alert; the answer of the other side stands below until the next one. */
export function useTest(channel: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => data(api.POST("/v1/channels/{id}/test", { params: { path: { id: channel } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["deliveries"] }),
  });
}

export function TestButton({ name, test }: { name: string; test: ReturnType<typeof useTest> }) {
  return (
    <Button
      small
      icon="play"
      busy={test.isPending}
      aria-label={`${test.isPending ? "Sending" : "Test"} ${name}`}
      onClick={() => test.mutate()}
    >
      {test.isPending ? "Sending" : "Test"}
    </Button>
  );
}

export function TestAnswer({ test }: { test: ReturnType<typeof useTest> }) {
  if (test.isPending)
    return (
      <p role="status" className="text-muted">
        A test alert is on its way; the answer is waited for, 15 s at most.
      </p>
    );
  if (test.isError)
    return (
      <p role="status">
        <span className="text-down">■ Test:</span> {testFailure(test.error)}
      </p>
    );
  if (test.data)
    return (
      <p role="status" className="wrap-anywhere">
        <Outcome d={test.data} prefix="Test " />
      </p>
    );
  return null;
}

/** What became of a delivery: mark, word and what the other side said. */
export function Outcome({ d, prefix = "" }: { d: Delivery; prefix?: string }) {
  const s = statuses[d.status];
  return (
    <span className={cx("min-w-0", d.status === "dead" && "text-down")}>
      <span aria-hidden="true" className={s.colour}>
        {s.mark}{" "}
      </span>
      {prefix}
      {outcome(d)}
    </span>
  );
}
