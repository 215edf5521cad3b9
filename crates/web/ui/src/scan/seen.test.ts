import { expect, test } from "vitest";
import { meaningOf } from "./code";
import { Seen } from "./seen";

test("a code is said once as long as it is in sight, and again when it comes back", () => {
  const seen = new Seen((code) => code);
  expect(seen.fresh(["a"], 0)).toEqual(["a"]);
  expect(seen.fresh(["a"], 1900)).toEqual([]);
  expect(seen.fresh(["a", "b"], 3800)).toEqual(["b"]);
  expect(seen.fresh([], 4000)).toEqual([]);
  expect(seen.fresh(["a"], 5801)).toEqual(["a"]);
});

test("the three symbols of a label are one, together and one after the other", () => {
  const sscc = "106141412345678908";
  const [bars, matrix, link] = [`]C100${sscc}`, `]d200${sscc}`, `]Q1https://id.gs1.org/00/${sscc}`];
  const seen = new Seen((code) => meaningOf(code, "2026-11-28"));
  expect(seen.fresh([bars, matrix], 0)).toHaveLength(1);
  expect(seen.fresh([link, "]E0not a code"], 100)).toEqual(["]E0not a code"]);
});
