import { expect, test } from "vitest";
import type { Custody, Entry, Holding } from "../api/types";
import { boxes, groups, what, who } from "./custody";

const holding = (name: string, entry: string): Holding => ({
  organisation: { id: 1, name, gln: null },
  person: null,
  from: "2026-03-01T08:00:00Z",
  strength: "account",
  quarantine: false,
  entry,
});

test.each([
  [[1], "1"],
  [[2, 1], "1 to 2"],
  [[1, 2, 3, 5], "1 to 3 and 5"],
  [[9, 1, 3, 3], "1, 3 and 9"],
])("boxes %j are %s", (numbers, words) => {
  expect(boxes(numbers)).toBe(words);
});

test("a custodian is an organisation, and a person where one is known", () => {
  expect(who(holding("Carrier", "a"))).toBe("Carrier");
  expect(who({ ...holding("Carrier", "a"), person: "driver" })).toBe("Carrier (driver)");
});

test("boxes of one handover stand together, and apart where some of them are offered", () => {
  const box = (number: number, entry: string, offers: string[], seal: string | null = null) => ({
    box: number,
    custodian: holding("Carrier", entry),
    seal,
    offers,
    earlier: [],
  });
  const custody = {
    boxes: [box(1, "a", [], "S-1"), box(2, "a", []), box(3, "a", ["o"]), box(4, "b", [])],
  } as unknown as Custody;
  expect(groups(custody).map((group) => [group.boxes, group.seals, group.offers])).toEqual([
    [[1, 2], ["S-1"], []],
    [[3], [], ["o"]],
    [[4], [], []],
  ]);
});

test("an entry says what happened", () => {
  const entry = (more: Partial<Entry>) => ({ boxes: [1, 2], ...more }) as Entry;
  expect(what(entry({ act: "accepted", quarantine: true }))).toBe("accepted box 1 to 2 into quarantine");
  expect(
    what(
      entry({ act: "offered", to: { organisation: { id: 2, name: "Pharmacy", gln: null }, person: null } }),
    ),
  ).toBe("offered box 1 to 2 to Pharmacy");
  expect(what(entry({ act: "corrected", boxes: [], effect: "annulled" }))).toBe("took an entry out");
});
