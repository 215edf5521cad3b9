import { expect, test } from "vitest";
import { type Filled, type Given, wantedOf, wrongOf } from "./wanted";

const GIVEN: Given = {
  what: "thresholds",
  hours: "12",
  minutes: "15",
  per_uplink: "2",
  low: "2",
  high: "8",
  delay: "20",
};

test("limits are read as people write them", () => {
  const given = { ...GIVEN, low: " −20,5 ", high: "-15.5" };
  expect(wrongOf(given)).toEqual({ hours: "", per_uplink: "", low: "", high: "", delay: "" });
  expect(wantedOf(given)).toEqual({
    kind: "thresholds",
    low_c: -20.5,
    high_c: -15.5,
    low_delay_min: 20,
    high_delay_min: 20,
  });
});

test.each<[Partial<Given>, Filled]>([
  [{ low: "" }, "low"],
  [{ high: "warm" }, "high"],
  [{ low: "8" }, "high"],
  [{ delay: "241" }, "delay"],
  [{ delay: "1.5" }, "delay"],
  [{ what: "flight", hours: "256" }, "hours"],
  [{ what: "intervals", per_uplink: "0" }, "per_uplink"],
])("%j is refused at %s", (change, field) => {
  const wrong = Object.entries(wrongOf({ ...GIVEN, ...change })).filter(([, told]) => told !== "");
  expect(wrong.map(([name]) => name)).toEqual([field]);
});

test("what is not asked for does not count", () => {
  const given = { ...GIVEN, what: "restart" as const, low: "", hours: "" };
  expect(Object.values(wrongOf(given)).join("")).toBe("");
  expect(wantedOf(given)).toEqual({ kind: "restart" });
});
