import { expect, test } from "vitest";
import { Seen } from "./seen";

test("a code is said once as long as it is in sight, and again when it comes back", () => {
  const seen = new Seen();
  expect(seen.fresh(["a"], 0)).toEqual(["a"]);
  expect(seen.fresh(["a"], 1900)).toEqual([]);
  expect(seen.fresh(["a", "b"], 3800)).toEqual(["b"]);
  expect(seen.fresh([], 4000)).toEqual([]);
  expect(seen.fresh(["a"], 5801)).toEqual(["a"]);
});
