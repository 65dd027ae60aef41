import { expect, test } from "vitest";
import { badgeMarkdown, brokenSection, type Entry, gathered, moved, slugOf } from "./order";

const list = (...sections: string[]): Entry[] =>
  sections.map((section, i) => ({ website_id: String(i), title: "", section }));

test.each([
  [0, 2, "bca"],
  [2, 0, "cab"],
  [1, 9, "acb"],
  [1, -1, "bac"],
  [7, 0, "abc"],
])("from %s to %s", (from, to, want) => expect(moved(["a", "b", "c"], from, to).join("")).toBe(want));

test("a section in two parts is noticed, and put together", () => {
  expect(brokenSection(list("A", "A ", "B"))).toBeUndefined();
  expect(brokenSection(list("", "A", ""))).toBe("");
  const broken = list("A", "B", "A");
  expect(brokenSection(broken)).toBe("A");
  expect(gathered(broken).map((e) => e.website_id)).toEqual(["0", "2", "1"]);
});

test.each([
  ["Acme's Services!", "acme-s-services"],
  ["  Zürich – Öffentlich ", "zurich-offentlich"],
  ["…", ""],
  ["x".repeat(80), "x".repeat(63)],
])("%s becomes %s", (title, want) => expect(slugOf(title)).toBe(want));

test("brackets of a title stay within the badge's Markdown", () => {
  expect(badgeMarkdown("https://s.example/status/a", "A [b]")).toBe(
    "[![A \\[b\\]](https://s.example/status/a/badge.svg)](https://s.example/status/a)",
  );
});
