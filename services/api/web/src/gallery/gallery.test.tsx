import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { expect, test } from "vitest";
import { TooltipProvider } from "@/ui/tooltip";
import { Gallery } from "./gallery";

const show = () =>
  render(
    <TooltipProvider>
      <Gallery now={Date.UTC(2026, 0, 1)} />
    </TooltipProvider>,
  );

// Colours need a browser: those are looked at there.
const options: axe.RunOptions = {
  rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
};

async function violations() {
  const { violations } = await axe.run(document, options);
  return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`);
}

test("every part passes axe", async () => {
  document.title = "Gallery";
  document.documentElement.lang = "en";
  show();
  expect(await violations()).toEqual([]);
});

test("a dialog takes the focus to what is to be filled in, and gives it back", async () => {
  const user = userEvent.setup();
  show();
  const button = screen.getByRole("button", { name: "Dialog" });
  await user.click(button);
  const dialog = screen.getByRole("dialog", { name: "Add websites" });
  expect(within(dialog).getByLabelText("URLs")).toHaveFocus();
  await user.keyboard("{Escape}");
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(button).toHaveFocus();
});

test("what cannot be undone wants its name typed", async () => {
  const user = userEvent.setup();
  show();
  await user.click(screen.getByRole("button", { name: "Confirm" }));
  const dialog = screen.getByRole("dialog");
  const remove = within(dialog).getByRole("button", { name: "Remove" });
  expect(remove).toBeDisabled();
  await user.type(within(dialog).getByRole("textbox"), "shop");
  expect(remove).toBeEnabled();
});

test("tags are added by Enter and comma and removed by backspace", async () => {
  const user = userEvent.setup();
  show();
  const input = screen.getByLabelText(/^Tags/);
  await user.type(input, "blue,green{Enter}");
  for (const tag of ["prod", "eu", "blue", "green"]) screen.getByRole("button", { name: `Remove ${tag}` });
  await user.type(input, "{Backspace}");
  expect(screen.queryByRole("button", { name: "Remove green" })).toBeNull();
});

test("a combobox is found by typing and chosen by keyboard", async () => {
  const user = userEvent.setup();
  show();
  const input = screen.getByLabelText("Region");
  await user.click(input);
  await user.keyboard("east{ArrowDown}{Enter}");
  expect(input).toHaveValue("sa-east");
});

test("a heartbeat bar tells each slot by keyboard", async () => {
  const user = userEvent.setup();
  show();
  const bar = screen.getByRole("slider", { name: "Last 90 checks of shop" });
  bar.focus();
  await user.keyboard("{Home}");
  expect(bar).toHaveAttribute("aria-valuenow", "0");
  await user.keyboard("{ArrowRight}{ArrowRight}");
  expect(bar).toHaveAttribute("aria-valuetext", expect.stringContaining("up, 94 ms"));
});

test("an error says what happened and offers another try", () => {
  show();
  const error = screen.getByText(/The incidents cannot be shown/).closest("[role=alert]");
  expect(error).toHaveTextContent("InfluxDB is away.");
  within(error as HTMLElement).getByRole("button", { name: "Try again" });
});
