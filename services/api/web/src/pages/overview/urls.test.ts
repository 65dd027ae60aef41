import { expect, test } from "vitest";
import { readUrls } from "./urls";

test.each([
  ["shop.example.com", ["https://shop.example.com"]],
  ["http://a.example/x?y=1\nhttps://b.example", ["http://a.example/x?y=1", "https://b.example"]],
  [
    "1. a.example\n2) b.example\n- c.example\n* <https://d.example>",
    ["https://a.example", "https://b.example", "https://c.example", "https://d.example"],
  ],
  ["a.example, b.example; a.example", ["https://a.example", "https://b.example"]],
  ["localhost:8080/health 127.0.0.1:3000", ["https://localhost:8080/health", "https://127.0.0.1:3000"]],
  ["", []],
])("reads %j", (text, want) => expect(readUrls(text).map((l) => l.url)).toEqual(want));

test.each(["ftp://files.example", "word", "http://", "https://exa mple"])(
  "%s is said to be wrong",
  (text) => {
    const lines = readUrls(text);
    expect(lines.some((l) => l.wrong && !l.url)).toBe(true);
  },
);
