import { expect, test } from "vitest";
import { devEui, limit, plain, range, share, side, sides, temperature } from "./words";

test.each([
  [5, "5.00 °C"],
  [8.04, "8.04 °C"],
  [-0.5, "−0.50 °C"],
  [-80, "−80.00 °C"],
])("%d is %s, never rounded back into range", (celsius, words) => {
  expect(temperature(celsius)).toBe(words.replace(" ", "\u00a0"));
});

test("a limit stands as its author wrote it", () => {
  expect(limit(-0.5)).toBe("−0.5\u00a0°C");
  expect(limit(8)).toBe("8\u00a0°C");
});

test.each([
  [{ min_c: 2, max_c: 8 }, "2 to 8 °C"],
  [{ min_c: -90, max_c: -60 }, "−90 to −60 °C"],
  [{ min_c: null, max_c: 25 }, "up to 25 °C"],
  [{ min_c: 2, max_c: null }, "2 °C and above"],
  [null, "no range given"],
])("the range %j is %s", (of, words) => {
  expect(range(of).replaceAll("\u00a0", " ")).toBe(words);
});

test.each([
  [1.99, "below"],
  [2, "in"],
  [8, "in"],
  [8.01, "above"],
])("%d °C is %s for 2 to 8: the ends are inside", (celsius, expected) => {
  expect(side(celsius, { min_c: 2, max_c: 8 })).toBe(expected);
  expect(side(celsius, null)).toBe("in");
});

test.each([
  [[5, null, null], "in range"],
  [[5, 2, 8], "in range"],
  [[5, 2, 8.01], "above range"],
  [[5, 1.99, 8], "below range"],
  [[9, 1, 10], "below and above range"],
])("a reading with lowest and highest %j is %s for 2 to 8", (values, words) => {
  expect(sides(values, { min_c: 2, max_c: 8 })).toBe(words);
});

test.each([
  [0, 100, "0 %"],
  [100, 100, "100 %"],
  [99_999, 100_000, ">99.9 %"],
  [1, 100_000, "<0.1 %"],
  [998, 1000, "99.8 %"],
  [1, 3, "33.3 %"],
  [0, 0, "0 %"],
])("%d of %d is %s", (part, whole, words) => {
  expect(share(part, whole)).toBe(words);
});

test.each([
  ["70B3D57ED0060001", "70b3d57ed0060001"],
  ["70-b3-d5-7e-d0-06-00-01", "70b3d57ed0060001"],
  [" 70:B3:D5:7E:D0:06:00:01 ", "70b3d57ed0060001"],
  ["70b3d57ed006000", null],
  ["70b3d57ed00600011", null],
  ["70b3d57ed006000g", null],
  ["", null],
])("the DevEUI %j is read as %j", (written, expected) => {
  expect(devEui(written)).toBe(expected);
});

test("an unknown word is shown, not dropped", () => {
  expect(plain("position_lost")).toBe("Position lost");
});
