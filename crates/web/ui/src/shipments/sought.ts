/** What somebody looks for: one field takes a reference, an SSCC, a GTIN or a lot. */
import type { ShipmentFilter } from "../api/types";
import { bare, keyWords } from "../parts/gs1";

export interface Question {
  /** What it was taken for; empty where nothing is looked for. */
  words: string;
  /** What the service is asked, the likeliest first. */
  asks: { title: string; filter: ShipmentFilter }[];
}

/** Of GS1's set of 82. */
const LOT = /^[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}$/;

export function recognise(written: string): Question {
  const text = written.trim();
  if (text === "") return { words: "", asks: [{ title: "", filter: {} }] };
  const reference = { title: `Reference with ${text}`, filter: { reference: text } };
  const lots = LOT.test(text) ? [{ title: `Lot ${text}`, filter: { lot: text } }] : [];
  const sscc = ssccIn(text);
  if (sscc !== null) {
    const found = { title: `SSCC ${sscc}, of a box or of what it is or was on`, filter: { sscc } };
    return { words: "SSCC, check digit right", asks: [found, reference] };
  }
  const digits = bare(text);
  const gtin = keyWords("gtin", digits);
  if (gtin?.right) {
    return {
      words: gtin.words,
      asks: [{ title: `GTIN ${digits}`, filter: { gtin: digits } }, reference, ...lots],
    };
  }
  const both = gtinWithLot(text);
  if (both !== null) {
    const found = { title: `GTIN ${both.gtin} with lot ${both.lot}`, filter: both };
    return { words: `GTIN, check digit right, with lot ${both.lot}`, asks: [found, reference] };
  }
  const wrong = /^\d{13,14}$|^\d{18}$/.test(digits)
    ? keyWords(digits.length === 18 ? "sscc" : "gtin", digits)
    : null;
  const asLot = lots.length > 0 ? "reference or lot" : "reference";
  return {
    words: wrong ? `No ${wrong.words}; taken for a ${asLot}` : `Taken for a ${asLot}`,
    asks: [reference, ...lots],
  };
}

/** Alone, or behind the 00 by which labels announce it. */
function ssccIn(text: string): string | null {
  const digits = bare(text).replace(/^(?:\(00\)|00(?=\d{18}$))/, "");
  return keyWords("sscc", digits)?.right ? digits : null;
}

/** `09506000134352 A1` */
function gtinWithLot(text: string): { gtin: string; lot: string } | null {
  const [, gtin = "", lot = ""] = /^(\d+)\s+(\S+)$/.exec(text) ?? [];
  return keyWords("gtin", gtin)?.right && LOT.test(lot) ? { gtin, lot } : null;
}
