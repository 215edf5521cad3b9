import { expect, test } from "vitest";
import { recognise } from "./sought";

const asked = (written: string) => recognise(written).asks.map(({ filter }) => filter);

test("where nothing is written everything is asked for", () => {
  expect(recognise("  ")).toEqual({ words: "", asks: [{ title: "", filter: {} }] });
});

test.each(["106141412345678908", "1 0614141 234567890 8", "00106141412345678908", "(00)106141412345678908"])(
  "%s is an SSCC, and may be a reference all the same",
  (written) => {
    expect(recognise(written).words).toBe("SSCC, check digit right");
    expect(asked(written)).toEqual([{ sscc: "106141412345678908" }, { reference: written }]);
  },
);

test("a GTIN may be a reference or a lot all the same", () => {
  const written = "09506000134352";
  expect(recognise(written).words).toBe("GTIN, check digit right");
  expect(asked(written)).toEqual([{ gtin: written }, { reference: written }, { lot: written }]);
});

test("a GTIN with a lot behind it looks for that lot of that product", () => {
  expect(recognise("09506000134352 A1").words).toBe("GTIN, check digit right, with lot A1");
  expect(asked("09506000134352  A1")[0]).toEqual({ gtin: "09506000134352", lot: "A1" });
});

test.each([
  ["106141412345678907", "No SSCC: the check digit is 7 and would be 8; taken for a reference or lot"],
  ["09506000134353", "No GTIN: the check digit is 3 and would be 2; taken for a reference or lot"],
  ["PO-2026-0042", "Taken for a reference or lot"],
  ["12345678", "Taken for a reference or lot"],
  ["order of Tuesday", "Taken for a reference"],
  ["PO-2026-0042-of-the-northern-depot", "Taken for a reference"],
])("%s: %s", (written, words) => {
  expect(recognise(written).words).toBe(words);
  const lot = words.endsWith("lot") ? [{ lot: written }] : [];
  expect(asked(written)).toEqual([{ reference: written }, ...lot]);
});
