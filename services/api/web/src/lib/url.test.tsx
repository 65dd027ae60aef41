import { act, renderHook } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import { flag, integer, list, oneOf, useUrlState } from "./url";

beforeEach(() => history.replaceState(null, "", "/w/1"));

const range = oneOf("1h", "24h");

test("the URL holds what is not the default, and only that", () => {
  const { result } = renderHook(() => ({
    range: useUrlState("range", "24h", range),
    tags: useUrlState<string[]>("tag", [], list),
  }));
  expect(result.current.range[0]).toBe("24h");
  act(() => {
    result.current.range[1]("1h");
    result.current.tags[1](["a,b", "c"]);
  });
  expect(result.current.range[0]).toBe("1h");
  expect(result.current.tags[0]).toEqual(["a,b", "c"]);
  expect(new URLSearchParams(location.search).get("range")).toBe("1h");
  act(() => {
    result.current.range[1]("24h");
    result.current.tags[1]([]);
  });
  expect(location.search).toBe("");
});

test("a word that no version knows is the default", () => {
  history.replaceState(null, "", "/w/1?range=2y&n=x&open=0");
  const { result } = renderHook(() => [
    useUrlState("range", "24h", range)[0],
    useUrlState("n", 3, integer)[0],
    useUrlState("open", true, flag)[0],
  ]);
  expect(result.current).toEqual(["24h", 3, false]);
});

test("push can be undone by the back button, the others replace", () => {
  const before = history.length;
  const { result } = renderHook(
    () => [useUrlState("n", 0, integer), useUrlState("page", 0, integer, { push: true })] as const,
  );
  act(() => result.current[0][1](1));
  expect(history.length).toBe(before);
  act(() => result.current[1][1](2));
  expect(history.length).toBe(before + 1);
  expect(location.search).toBe("?n=1&page=2");
});
