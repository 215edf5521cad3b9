import { expect, test } from "vitest";
import type { Content } from "../api/types";
import { contents, party } from "./words";

const content: Content = {
  product: "Vaccine",
  gtin: "09506000134352",
  lot: "A-7",
  expiry: "2027-01-31",
  serial: "4",
  quantity: 20,
};

test("a party is its organisation, and the person where one is known", () => {
  expect(party({ organisation: "Carrier", person: null })).toBe("Carrier");
  expect(party({ organisation: "Carrier", person: "Bruno" })).toBe("Carrier (Bruno)");
});

test("what is in a box is said with all that is known of it", () => {
  expect(contents(content)).toBe("20 × Vaccine, lot A-7, use by 2027-01-31, serial number 4");
  const unnamed = { ...content, product: null, lot: null, expiry: null, serial: null, quantity: 1 };
  expect(contents(unnamed)).toBe("1 × GTIN 09506000134352");
});
