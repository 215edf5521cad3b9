import { expect, test } from "vitest";
import { heights } from "./heights";

const RANGE = { min: 2, max: 8 };
const limits = (...at: number[]) => at.map((value) => ({ at: value, label: "" }));

test("the range is in sight however quiet the line is, with room around it", () => {
  const [low, high] = heights({ range: RANGE, limits: [] }, 5, 5.5);
  expect(low).toBeLessThan(2);
  expect(high).toBeGreaterThan(8);
});

test("a limit outside the range is in sight with room for its label", () => {
  const [low, high] = heights({ range: RANGE, limits: limits(8, 0) }, 4, 12);
  expect(low).toBeLessThanOrEqual(-0.5);
  expect(high).toBeGreaterThan(12);
});

test("a limit far off does not squeeze the line flat", () => {
  expect(heights({ range: RANGE, limits: limits(40) }, 4, 6)).toEqual(
    heights({ range: RANGE, limits: [] }, 4, 6),
  );
});

test("with nothing but limits these are in sight, and with nothing at all there still is an axis", () => {
  const nothing = { min: null, max: null };
  const [low, high] = heights({ range: nothing, limits: limits(25) }, null, null);
  expect(low).toBeLessThan(25);
  expect(high).toBeGreaterThan(25);
  expect(heights({ range: nothing, limits: [] }, null, null)).toEqual([0, 10]);
});
