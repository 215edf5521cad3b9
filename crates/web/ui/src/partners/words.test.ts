import { expect, test } from "vitest";
import access from "../../../../domain/src/access.rs?raw";
import type { Validity } from "../api/types";
import { keyState, lacks, readProducts, ROLE, roles, standing, suggestion, writeProducts } from "./words";

/** The roles that a function of the service's own table matches. */
function matched(name: string): string[] {
  const body = new RegExp(`fn ${name}\\(self\\)[\\s\\S]*?matches!\\(self, ([^)]*)\\)`).exec(access);
  return (body?.[1] ?? "").split("|").map((word) => word.replace("Self::", "").trim().toLowerCase());
}

test("a role is offered where the service takes it, and nowhere else", () => {
  expect(roles(false)).toEqual(Object.keys(ROLE).filter((role) => matched("is_for_partners").includes(role)));
  const theirs = matched("is_partners_alone");
  expect(theirs).toHaveLength(2);
  expect(roles(true)).toEqual(Object.keys(ROLE).filter((role) => !theirs.includes(role)));
});

test("what somebody lacks is said, and nothing of who is disabled", () => {
  const person = { trained: false, under_contract: false, disabled_at: null };
  expect(lacks(person)).toEqual(["No valid GDP training", "No valid contract"]);
  expect(lacks({ ...person, trained: true })).toEqual(["No valid contract"]);
  expect(lacks({ ...person, disabled_at: "2026-03-01T00:00:00Z" })).toEqual([]);
});

const NOW = Date.parse("2026-03-01T00:00:00Z");
const HELD: Validity = {
  from: "2026-01-01T00:00:00Z",
  until: null,
  ended_at: null,
  ended_reason: null,
  valid: false,
};

test.each([
  [{ ...HELD, valid: true }, "Valid"],
  [{ ...HELD, ended_at: "2026-02-01T00:00:00Z", ended_reason: "x" }, "Ended"],
  [{ ...HELD, until: "2026-03-01T00:00:00Z" }, "Run out"],
  [{ ...HELD, from: "2026-03-02T00:00:00Z", until: "2026-04-01T00:00:00Z" }, "Not yet valid"],
])("%j: %s", (held, words) => expect(standing(held, NOW)).toBe(words));

test("a key counts until it ends or is revoked", () => {
  const [end, before] = ["2026-03-01T08:00:00Z", Date.parse("2026-03-01T07:59:59Z")];
  expect(keyState({ expires_at: end, revoked_at: null }, before)).toBe("Counts");
  expect(keyState({ expires_at: end, revoked_at: null }, before + 1000)).toBe("Expired");
  expect(keyState({ expires_at: null, revoked_at: null }, before)).toBe("Counts");
  expect(keyState({ expires_at: end, revoked_at: end }, before)).toBe("Revoked");
});

test("products are read as they are written, a line each", () => {
  const products = [
    { gtin: "09506000134352", name: "Insulin 100 IU/ml, 5 pens" },
    { gtin: "96385074", name: null },
  ];
  expect(writeProducts(products)).toBe("09506000134352 Insulin 100 IU/ml, 5 pens\n96385074");
  expect(readProducts(` ${writeProducts(products)}\r\n\n`)).toEqual([
    { gtin: "09506000134352", name: "Insulin 100 IU/ml, 5 pens" },
    { gtin: "96385074", name: undefined },
  ]);
  expect(readProducts(" \n")).toEqual([]);
});

test("a suggested password has as many characters as bytes, and none that is mistaken", () => {
  expect(suggestion(new Uint8Array([0, 31, 32, 255]))).toBe("a-a-");
  expect(suggestion(new Uint8Array(12))).toHaveLength(12);
});
