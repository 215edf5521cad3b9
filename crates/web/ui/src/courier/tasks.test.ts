import { expect, test } from "vitest";
import type { Handover, OpenOffer, Shipment } from "../api/types";
import { answer } from "./answer";
import { accepting, countOf, offering, refusing, tasksOf } from "./tasks";
import { done, nextOf, whichBoxes } from "./words";

const SSCC = "106141412345678908";
const PALLET = "006141411234567890";

function offer(entry: string, boxes: number[]): OpenOffer {
  const party = (id: number, name: string) => ({ organisation: { id, name, gln: null }, person: null });
  return {
    entry,
    boxes,
    by: party(1, "Shipper"),
    to: party(2, "Carrier"),
    at: "2026-11-28T05:00:00Z",
    exceptions: [],
    note: null,
  };
}

function handover(id: string, more: Partial<Handover> = {}, on_hold = false): Handover {
  const shipment = { id, reference: `PO-${id}`, on_hold } as Shipment;
  const boxes = [1, 2, 3].map((box) => ({ box, sscc: id === "1" && box === 2 ? SSCC : null }));
  return { shipment, boxes, parents: [], to_take: [], held: [], offered: [], unreadable: false, ...more };
}
const onPallet = (boxes: number[]) => [
  { id: "p", kind: "pallet" as const, sscc: PALLET, reference: "P-7", boxes },
];

test("a pallet is one task over its shipments, and what stands beside it another", () => {
  const tasks = tasksOf([
    handover("1", { to_take: [offer("a", [1, 2, 3])], parents: onPallet([1, 2]) }),
    handover("2", { to_take: [offer("b", [1])], parents: onPallet([1]) }),
  ]);
  expect(tasks.map(({ key, parts }) => [key, parts.map(({ boxes }) => boxes)])).toEqual([
    ["take-p", [[1, 2], [1]]],
    ["take-a", [[3]]],
  ]);
  const [pallet] = tasks;
  expect(pallet && whichBoxes(pallet)).toBe("3 boxes of 2 shipments");
  const left = [{ shipment: "1", box: 2, reason: "missing" }];
  expect(pallet && countOf(pallet, left)).toBe(2);
  expect(pallet && accepting(pallet, left)).toEqual({
    path: { of: "parents", id: "p", step: "accept" },
    body: { exceptions: left, answers: ["a", "b"] },
  });
  expect(pallet && refusing(pallet, "Wet").body).toEqual({ reason: "Wet", answers: ["a", "b"] });
  expect(pallet && done("accept", pallet, left)).toBe("took over 2 boxes on Pallet P-7");
});

test("boxes of a shipment are answered by their offer, those left out with the reason", () => {
  const [task] = tasksOf([handover("1", { to_take: [offer("a", [1, 2])] }, true)]);
  if (!task) throw new Error("no task");
  expect(accepting(task, [{ shipment: "1", box: 2, reason: "damaged" }])).toEqual({
    path: { of: "shipments", id: "1", step: "accept" },
    body: { quarantine: true, boxes: [1], exceptions: [{ box: 2, reason: "damaged" }], answers: "a" },
  });
  expect(done("accept", task, [{ shipment: "1", box: 2, reason: "damaged" }])).toBe(
    "took over box 1 of PO-1",
  );
  // What is left out and no longer the task's counts for nothing.
  const gone = [{ shipment: "1", box: 3, reason: "wet" }];
  expect([countOf(task, gone), accepting(task, gone).body.exceptions]).toEqual([2, undefined]);
  expect(refusing(task, "Damaged").body).toEqual({ reason: "Damaged", boxes: [1, 2], answers: "a" });
});

test("what is held goes to whom the plan says, where it says one for all", () => {
  const next = { to: 3, name: "Pharmacy", place: "Rome", from: "", until: "" };
  const held = (boxes: number[], to: typeof next | null) => ({
    boxes,
    since: "",
    quarantine: false,
    next: to,
  });
  const parents = onPallet([1, 2, 3]);
  const [same] = tasksOf([
    handover("1", { held: [held([1, 2], next)], parents }),
    handover("2", { held: [held([1], next)], parents }),
  ]);
  expect(same && nextOf(same)?.name).toBe("Pharmacy");
  expect(same && offering(same, [], 3).body).toEqual({ to: { organisation: 3 } });
  const [parted] = tasksOf([
    handover("1", { held: [held([1, 2], next)], parents }),
    handover("2", { held: [held([1], null)], parents }),
  ]);
  expect(parted && nextOf(parted)).toBeNull();
});

test("a code means a box, a pallet or a shipment that is there", () => {
  const all = [handover("1", { parents: onPallet([1]) })];
  const asked = (code: string) => answer(code, all, "2026-11-28");
  for (const code of [`]C100${SSCC}`, SSCC, "1 0614141 234567890-8", `https://id.gs1.org/00/${SSCC}`]) {
    expect(asked(code), code).toMatchObject({ what: "box", box: 2 });
  }
  expect(asked(`]d200${PALLET}`)).toEqual({ what: "parent", id: "p" });
  expect(asked("P-7")).toEqual({ what: "parent", id: "p" });
  expect(asked("PO-1")).toMatchObject({ what: "shipment" });
  expect(asked("]C100106141412345678915")).toEqual({ what: "stranger", sscc: "106141412345678915" });
});

test.each([
  ["]E09506000134352", "This is a product's barcode (GTIN 09506000134352), not a box."],
  ["010950600013435210A", "This is a product's barcode (GTIN 09506000134352), not a box."],
  ["4149506000134307", "This is the code of a place or a company (GLN 9506000134307), not a box."],
  ["80049506000134ABC", "This is the mark of a thing that is used again (GIAI 9506000134ABC), not a box."],
  ["0209506000134352371", "This says what is in a box (GTIN 09506000134352), and not which box it is."],
  ["10LOT7", "This is a lot, a date or a serial number without its product, not a box."],
  ["]Q1https://shop.example/x", "This is a web address (shop.example), not a box."],
  ["https://shop.example/x", "This is a web address (shop.example), not a box."],
  ["]A0HELLO", "This is a code of another kind (“HELLO”), not a box."],
  [
    "]C100106141412345678909",
    "Not read: `106141412345678909` is no SSCC: its last digit is 9 and would be 8",
  ],
  ["Größe", "Not read: the code holds a character that no GS1 code can hold"],
  [" ", "Not read: the code is empty."],
])("%s is answered with what it is", (code, words) => {
  const found = answer(code, [], "2026-11-28");
  expect(found.what).toBe("foreign");
  expect(found.what === "foreign" && found.words).toContain(words);
});
