import { expect } from "vitest";
import { everyPage } from "../lib/all-pages";
import { look } from "../lib/axe";
import { desk, scenario } from "../lib/scenario";

scenario(
  "axe finds nothing on a desk, light and dark",
  async (stage) => {
    expect(await look(stage, desk, await everyPage("axe-desk"))).toEqual([]);
  },
  { traced: false },
);
