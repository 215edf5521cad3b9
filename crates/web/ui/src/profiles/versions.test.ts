import { expect, test } from "vitest";
import type { Profile } from "../api/types";
import { byName } from "./versions";

const version = (name: string, number: number): Profile => ({
  id: `${name}-${number}`,
  name,
  version: number,
  definition: { name, max_gap: "40m" },
  approved: null,
});

test("the versions of a name stand together, the newest first", () => {
  const list = [version("a", 1), version("b", 1), version("a", 10), version("a", 9)];
  expect(byName(list).map((versions) => versions.map(({ id }) => id))).toEqual([
    ["a-10", "a-9", "a-1"],
    ["b-1"],
  ]);
});
