/** What is scanned goes into the form of a box: it adds to what stands there, and takes nothing of it back. */
import { bare } from "../parts/gs1";
import type { Elements } from "../scan/elements";
import { emptyContent, type WrittenBox, type WrittenContent } from "./packing";

const FIELDS = ["gtin", "lot", "expiry", "serial"] as const;
const NAMES = { gtin: "GTIN", lot: "lot", expiry: "expiry", serial: "serial number" };

export interface Scanned {
  read: string[];
  /** What stands there otherwise, and was left as it is. */
  contradictions: string[];
}

/** Fills `box`. */
export function scanInto(box: WrittenBox, elements: Elements): Scanned {
  const contradictions: string[] = [];
  const read: string[] = [];
  const fill = (name: string, stands: string, found: string): string => {
    if (stands !== "" && stands !== found && bare(stands) !== found) {
      contradictions.push(
        `The ${name} in the code is ${found}, and ${stands} stands here: nothing was changed.`,
      );
      return stands;
    }
    read.push(`${name} ${found}`);
    return stands || found;
  };
  if (elements.sscc) box.sscc = fill("SSCC", box.sscc, elements.sscc);
  if (!FIELDS.some((field) => elements[field])) return { read, contradictions };
  const line = lineFor(box, elements);
  for (const field of FIELDS) {
    const found = elements[field];
    if (found) line[field] = fill(NAMES[field], line[field], found);
  }
  return { read, contradictions };
}

/** The line that the code is about: the same product's, lot's and item's, one that does not say yet, or a new one. */
function lineFor(box: WrittenBox, { gtin, lot, serial }: Elements): WrittenContent {
  const agrees = (stands: string, found: string | undefined) =>
    stands === "" || found === undefined || stands.padStart(14, "0") === found.padStart(14, "0");
  // A lot or an expiry alone says nothing of its product: it is about what was scanned last.
  const isOfLast = gtin === undefined;
  const found = isOfLast
    ? box.contents.at(-1)
    : box.contents.findLast(
        (line) => agrees(line.gtin, gtin) && agrees(line.lot, lot) && agrees(line.serial, serial),
      );
  if (found) return found;
  box.contents.push(emptyContent());
  // As it is kept, and not as it was made: a page sees changes of that one alone.
  return box.contents.at(-1) as WrittenContent;
}
