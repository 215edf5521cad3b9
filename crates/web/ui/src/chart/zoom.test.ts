import { expect, test } from "vitest";
import { timeLabels } from "./axes";
import { moved, unlessWhole, zoomed } from "./zoom";

const whole = { min: 0, max: 10_000 };

test("zooming in halves what is shown about its middle, down to five minutes", () => {
  expect(zoomed(whole, whole, 0.5)).toEqual({ min: 2500, max: 7500 });
  expect(zoomed({ min: 4900, max: 5200 }, whole, 0.5)).toEqual({ min: 4900, max: 5200 });
});

test("zooming out and moving stop at the ends", () => {
  expect(zoomed({ min: 0, max: 8000 }, whole, 2)).toEqual(whole);
  expect(moved({ min: 0, max: 1000 }, whole, -0.5)).toEqual({ min: 0, max: 1000 });
  expect(moved({ min: 8800, max: 9800 }, whole, 0.5)).toEqual({ min: 9000, max: 10_000 });
});

test("showing everything is no zoom, so that new readings stay in sight", () => {
  expect(unlessWhole(whole, whole)).toBeNull();
  expect(unlessWhole({ min: 1, max: 5000 }, whole)).toEqual({ min: 1, max: 5000 });
});

test("the axis names the zone once and the day where it begins", () => {
  const midnight = Date.parse("2026-03-01T23:00:00Z") / 1000;
  expect(timeLabels([midnight - 3600, midnight, midnight + 3600], 3600, "Europe/Zurich")).toEqual([
    "23:00\n1 Mar CET",
    "00:00\n2 Mar",
    "01:00",
  ]);
});
