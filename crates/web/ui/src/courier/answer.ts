/** What a scan means to somebody with boxes in hand; a code that is no box of his is answered with what it is. */
import type { Handover } from "../api/types";
import { bare, keyWords } from "../parts/gs1";
import { bytesOf, readCode } from "../scan/code";
import { CodeError, type Elements } from "../scan/elements";

export type Answer =
  | { what: "box"; handover: Handover; box: number }
  | { what: "parent"; id: string }
  | { what: "shipment"; handover: Handover }
  /** A box or pallet that is none of these. */
  | { what: "stranger"; sscc: string }
  | { what: "foreign"; words: string };

const LABEL = "Scan the box's own label: the number with 18 digits (SSCC).";

export function answer(code: string, handovers: Handover[], today: string): Answer {
  const typed = code.trim();
  if (typed === "") return { what: "foreign", words: "Not read: the code is empty." };
  const named = handovers.find(({ shipment }) => shipment.reference === typed);
  if (named) return { what: "shipment", handover: named };
  const parent = handovers.flatMap(({ parents }) => parents).find(({ reference }) => reference === typed);
  if (parent) return { what: "parent", id: parent.id };
  const digits = bare(typed);
  // As people type it. A symbol carries it behind an identifier.
  if (digits.length === 18 && keyWords("sscc", digits)?.right) return bySscc(digits, handovers);
  try {
    const elements = readCode(bytesOf(code), today);
    return elements.sscc
      ? bySscc(elements.sscc, handovers)
      : { what: "foreign", words: `${kindOf(elements)} ${LABEL}` };
  } catch (thrown) {
    if (!(thrown instanceof CodeError)) throw thrown;
    return { what: "foreign", words: refusedAs(thrown, typed) };
  }
}

function bySscc(sscc: string, handovers: Handover[]): Answer {
  for (const handover of handovers) {
    const box = handover.boxes.find((one) => one.sscc === sscc);
    if (box) return { what: "box", handover, box: box.box };
    const parent = handover.parents.find((one) => one.sscc === sscc);
    if (parent) return { what: "parent", id: parent.id };
  }
  return { what: "stranger", sscc };
}

function kindOf({ gtin, contained, asset, ship_to, location, party }: Elements): string {
  const gln = ship_to ?? location ?? party;
  if (gtin) return `This is a product's barcode (GTIN ${gtin}), not a box.`;
  if (contained) return `This says what is in a box (GTIN ${contained}), and not which box it is.`;
  if (asset) return `This is the mark of a thing that is used again (GIAI ${asset}), not a box.`;
  if (gln) return `This is the code of a place or a company (GLN ${gln}), not a box.`;
  return "This is a lot, a date or a serial number without its product, not a box.";
}

function refusedAs({ why, message }: CodeError, code: string): string {
  const content = code.replace(/^\]../, "");
  const host = /^https?:\/\/([^/?#]+)/i.exec(content)?.[1];
  if (host) return `This is a web address (${host.slice(0, 60)}), not a box. ${LABEL}`;
  if (why === "symbol")
    return `This is a code of another kind (“${content.slice(0, 30)}”), not a box. ${LABEL}`;
  return `Not read: ${message}.`;
}
