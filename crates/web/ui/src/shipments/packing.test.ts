import { expect, test } from "vitest";
import { emptyBox, emptyContent, newBoxes } from "./packing";

test("what was not written is not sent, and a line of which nothing was written is none", () => {
  const vaccine = { ...emptyContent(), gtin: " 09506000134352 ", lot: "A1", quantity: 10 };
  expect(newBoxes([emptyBox()])).toEqual([{ contents: [] }]);
  expect(newBoxes([{ sscc: "106141412345678908", contents: [vaccine, emptyContent()] }, emptyBox()])).toEqual(
    [
      { sscc: "106141412345678908", contents: [{ gtin: "09506000134352", lot: "A1", quantity: 10 }] },
      { contents: [] },
    ],
  );
});

test("an empty quantity is not taken for one", () => {
  const nothing = { ...emptyContent(), product: "Vaccine", quantity: null };
  expect(newBoxes([{ sscc: "", contents: [nothing] }])).toEqual([
    { contents: [{ product: "Vaccine", quantity: 0 }] },
  ]);
});
