import { expect, test } from "vitest";
import type { Box, Content } from "../api/types";
import { concerned, outcome } from "./words";

const GTIN = "09506000134352";
const content = (gtin: string | null, lot: string | null, quantity: number): Content => ({
  product: gtin ? null : "Vaccine",
  gtin,
  lot,
  expiry: null,
  serial: null,
  quantity,
});
const box = (number: number, ...contents: Content[]): Box => ({ number, sscc: null, contents });

test("the boxes that hold that lot of that product, and how much of it", () => {
  const boxes = [
    box(1, content(GTIN, "A1", 10), content(GTIN, "A1", 5), content(GTIN, "B2", 7)),
    box(2, content("09506000134369", "A1", 3)),
    box(3, content(GTIN, "A1", 1)),
  ];
  expect(concerned(boxes, GTIN, "A1")).toEqual({ boxes: [1, 3], quantity: 16, withoutGtin: false });
  expect(concerned(boxes, "9506000134352", "A1")?.boxes).toEqual([1, 3]);
});

test("the same lot of another product is not concerned, a lot of which nobody wrote the product is", () => {
  expect(concerned([box(1, content("09506000134369", "A1", 3))], GTIN, "A1")).toBeNull();
  expect(concerned([box(1, content(GTIN, "a1", 3))], GTIN, "A1")).toBeNull();
  expect(concerned([box(1, content(null, "A1", 3))], GTIN, "A1")).toEqual({
    boxes: [1],
    quantity: 3,
    withoutGtin: true,
  });
});

test.each([
  [0, 0, "No shipment was packed with it; each that is packed with it from now on is on hold."],
  [1, 1, "The one shipment with it is on hold."],
  [0, 1, "The one shipment with it is no longer on hold."],
  [1, 3, "1 of 3 shipments with it is on hold."],
  [0, 3, "0 of 3 shipments with it are on hold."],
])("%d of %d on hold", (held, all, words) => expect(outcome(held, all)).toBe(words));
