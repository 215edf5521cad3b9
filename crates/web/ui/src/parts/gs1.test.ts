import { expect, test } from "vitest";
import { checkDigit, keyWords } from "./gs1";

test.each([
  ["0950600013435", 2],
  ["10614141234567890", 8],
  ["950600013430", 7],
  ["9638507", 4],
])("%s is checked by %d", (others, digit) => expect(checkDigit(others)).toBe(digit));

test.each([
  ["gln", "", null],
  ["gln", "9506000134307", "GLN, check digit right"],
  ["gln", " 9506000 13430-7 ", "GLN, check digit right"],
  ["gln", "9506000134308", "GLN: the check digit is 8 and would be 7"],
  ["gln", "950600013430", "GLN: 12 digits, it has 13"],
  ["gln", "95060001343O7", "GLN: digits alone, 13 of them"],
  ["gln", "0000000000000", "GLN: zeros alone are none"],
  ["sscc", "106141412345678908", "SSCC, check digit right"],
  ["gtin", "09506000134352", "GTIN, check digit right"],
  ["gtin", "9506000134352", "GTIN, check digit right"],
  ["gtin", "123", "GTIN: 3 digits, it has 8, 12, 13 or 14"],
] as const)("%s %j: %s", (kind, written, words) => {
  expect(keyWords(kind, written)?.words ?? null).toBe(words);
});
