import { expect } from "vitest";
import { everyPage } from "../lib/all-pages";
import { look } from "../lib/axe";
import { phone, scenario } from "../lib/scenario";

scenario(
  "axe finds nothing on a phone, light and dark",
  async (stage) => {
    expect(await look(stage, phone, await everyPage("axe-phone"))).toEqual([]);
  },
  { traced: false },
);
