import { expect, test } from "vitest";
import type { ParentStay } from "../api/types";
import { filterOf, loads, name, numbers } from "./words";

test.each([
  ["", undefined],
  [" , ", undefined],
  ["4", [4]],
  ["1-3, 5", [1, 2, 3, 5]],
  ["1 – 2", [1, 2]],
  ["0", null],
  ["3-1", null],
  ["1,,2", null],
  ["all", null],
  ["1-", null],
])("%j as numbers of boxes", (written, expected) => expect(numbers(written)).toEqual(expected));

test("what is in it now, by shipment; what was taken out is not", () => {
  const stay = (reference: string, box: number, until: string | null): ParentStay => ({
    shipment: `id of ${reference}`,
    reference,
    box,
    sscc: null,
    from: "2026-03-01T08:00:00Z",
    until,
  });
  const stays = [
    stay("A", 2, null),
    stay("B", 1, null),
    stay("A", 1, null),
    stay("A", 3, "2026-03-01T09:00:00Z"),
  ];
  expect(loads(stays)).toEqual([
    { shipment: "id of A", reference: "A", boxes: [2, 1] },
    { shipment: "id of B", reference: "B", boxes: [1] },
  ]);
});

test("it is called by what is written on it", () => {
  expect(name({ kind: "roll_cage", sscc: "106141412345678908", reference: "R-7" })).toBe("Roll cage R-7");
  expect(name({ kind: "pallet", sscc: "106141412345678908", reference: null })).toBe(
    "Pallet 106141412345678908",
  );
});

test.each([
  [" ", {}],
  ["1 0614141 234567890 8", { sscc: "106141412345678908" }],
  ["106141412345678907", { reference: "106141412345678907" }],
  ["P-7", { reference: "P-7" }],
])("%j is looked for as %j", (written, filter) => expect(filterOf(written)).toEqual(filter));
