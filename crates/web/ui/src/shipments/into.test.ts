import { expect, test } from "vitest";
import { scanInto } from "./into";
import { emptyBox, type WrittenBox } from "./packing";

const nothing = { unread: [], warnings: [] };
const GTIN = "09506000134352";
const scanned = (box: WrittenBox, ...codes: object[]) =>
  codes.map((code) => scanInto(box, { ...nothing, ...code }).contradictions);

test("a second scan adds to the first and takes nothing of it back", () => {
  const box = emptyBox();
  const codes = [
    { sscc: "106141412345678908" },
    { gtin: GTIN, expiry: "2027-03-31" },
    { lot: "A1" },
    { gtin: GTIN, serial: "7" },
    { sscc: "106141412345678908" },
  ];
  expect(scanned(box, ...codes)).toEqual([[], [], [], [], []]);
  expect(box.sscc).toBe("106141412345678908");
  expect(box.contents).toMatchObject([{ gtin: GTIN, lot: "A1", expiry: "2027-03-31", serial: "7" }]);
});

test("what contradicts is said, and what stood there stays", () => {
  const box = emptyBox();
  scanned(box, { sscc: "106141412345678908" }, { gtin: GTIN, lot: "A1", expiry: "2027-03-31" });
  const [[sscc], [expiry], [lot]] = scanned(
    box,
    { sscc: "006141411234567890" },
    { gtin: GTIN, lot: "A1", expiry: "2027-04-30" },
    { lot: "B2" },
  ) as [string[], string[], string[]];
  expect(sscc).toContain("106141412345678908 stands here");
  expect(expiry).toBe(
    "The expiry in the code is 2027-04-30, and 2027-03-31 stands here: nothing was changed.",
  );
  expect(lot).toContain("The lot in the code is B2");
  expect(box.sscc).toBe("106141412345678908");
  expect(box.contents).toMatchObject([{ gtin: GTIN, lot: "A1", expiry: "2027-03-31" }]);
});

test("another product, lot or item is another line", () => {
  const box = emptyBox();
  scanned(
    box,
    { gtin: GTIN, lot: "A1", serial: "1" },
    { gtin: GTIN, lot: "A1", serial: "2" },
    { gtin: GTIN, lot: "B2", serial: "1" },
    { gtin: "00614141123452" },
  );
  expect(box.contents.map(({ gtin, lot, serial }) => [gtin, lot, serial])).toEqual([
    [GTIN, "A1", "1"],
    [GTIN, "A1", "2"],
    [GTIN, "B2", "1"],
    ["00614141123452", "", ""],
  ]);
});

test("the same number written otherwise is the same", () => {
  const box = { sscc: "1 0614141 234567890-8", contents: [] };
  expect(scanned(box, { sscc: "106141412345678908" })).toEqual([[]]);
  expect(box.sscc).toBe("1 0614141 234567890-8");
});
