import { expect, test } from "vitest";
import { fitted } from "./photo";

test("a photo is made to fit in its proportions, and a small one stays as it is", () => {
  expect(fitted(4000, 3000)).toEqual([1600, 1200]);
  expect(fitted(3000, 4000)).toEqual([1200, 1600]);
  expect(fitted(1601, 1600)).toEqual([1600, 1599]);
  expect(fitted(1600, 1600)).toEqual([1600, 1600]);
  expect(fitted(640, 480)).toEqual([640, 480]);
  expect(fitted(10_000, 1)).toEqual([1600, 1]);
});
