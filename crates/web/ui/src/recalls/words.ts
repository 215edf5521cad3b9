import type { Box } from "../api/types";

export interface Concerned {
  boxes: number[];
  /** Units in them, as far as they are of that lot. */
  quantity: number;
  /** Nobody wrote down whose product it is: it may be the one that is called back. */
  withoutGtin: boolean;
}

/** What a recall did: `2 of 3 shipments with it are on hold`. */
export function outcome(held: number, all: number): string {
  if (all === 0) return "No shipment was packed with it; each that is packed with it from now on is on hold.";
  if (all === 1) return `The one shipment with it is ${held === 1 ? "" : "no longer "}on hold.`;
  return `${held} of ${all} shipments with it ${held === 1 ? "is" : "are"} on hold.`;
}

/** What of a shipment a lot of a GTIN is; null where the lot is another product's. */
export function concerned(boxes: Box[], gtin: string, lot: string): Concerned | null {
  const wanted = gtin.padStart(14, "0");
  const found = boxes.flatMap((box) =>
    box.contents
      .filter((content) => content.lot === lot && (content.gtin === null || content.gtin === wanted))
      .map((content) => ({ ...content, number: box.number })),
  );
  if (found.length === 0) return null;
  return {
    boxes: [...new Set(found.map(({ number }) => number))],
    quantity: found.reduce((sum, { quantity }) => sum + quantity, 0),
    withoutGtin: found.some(({ gtin }) => gtin === null),
  };
}
