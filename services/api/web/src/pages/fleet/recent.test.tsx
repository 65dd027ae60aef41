import { fireEvent, render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { TooltipProvider } from "@/ui/tooltip";
import type { Fleet, RecentEvent } from "./data";
import { eventName, Recent, resolvedWords } from "./recent";

const at = (s: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, 0) + s * 1000).toISOString();
const event = (more: Partial<RecentEvent>): RecentEvent => ({
  kind: "sick",
  region: "eu-west",
  opened_at: at(0),
  resolved_at: at(240),
  explanation: "",
  ...more,
});
const fleet = (events: RecentEvent[]) => ({ recent_events: events }) as Fleet;

it("says what it was and how long it took", () => {
  expect(eventName(event({}))).toBe("sick: eu-west");
  expect(eventName(event({ kind: "stalled_pusher", region: "" }))).toBe("stalled pusher");
  expect(resolvedWords(event({}))).toBe("resolved after 4 min");
  expect(resolvedWords(event({ resolved_at: at(0) }))).toBe("resolved at once");
});

it("shows nothing where nothing was", () => {
  const { container } = render(<Recent fleet={fleet([])} />);
  expect(container.textContent).toBe("");
});

it("shows the latest, and all when asked", () => {
  const events = [...Array(7).keys()].map((n) =>
    event({ explanation: `reason ${n}`, opened_at: at(-n * 600), resolved_at: at(240 - n * 600) }),
  );
  render(
    <TooltipProvider>
      <Recent fleet={fleet(events)} />
    </TooltipProvider>,
  );
  const list = () => screen.getAllByRole("listitem").map((li) => li.textContent);
  expect(list()).toHaveLength(5);
  expect(list()[0]).toContain("reason 0");
  expect(list()[0]).toContain("resolved after 4 min");
  fireEvent.click(screen.getByRole("button", { name: "Show all 7" }));
  expect(list()).toHaveLength(7);
  fireEvent.click(screen.getByRole("button", { name: "Show fewer" }));
  expect(list()).toHaveLength(5);
});
