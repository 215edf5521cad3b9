import type { NewBox, NewContent } from "../api/types";

/** A line of a box as it stands in the form. */
export interface WrittenContent {
  gtin: string;
  product: string;
  lot: string;
  expiry: string;
  serial: string;
  quantity: number | null;
}

export interface WrittenBox {
  sscc: string;
  contents: WrittenContent[];
}

export function emptyContent(): WrittenContent {
  return { gtin: "", product: "", lot: "", expiry: "", serial: "", quantity: 1 };
}

export function emptyBox(): WrittenBox {
  return { sscc: "", contents: [] };
}

/** What the service is asked for. A line of which nothing was written is none. */
export function newBoxes(boxes: WrittenBox[]): NewBox[] {
  return boxes.map(({ sscc, contents }) => ({
    sscc: given(sscc),
    contents: contents.filter(isWritten).map(newContent),
  }));
}

function isWritten({ gtin, product, lot, expiry, serial }: WrittenContent): boolean {
  return [gtin, product, lot, expiry, serial].some((text) => given(text) !== undefined);
}

function newContent({ gtin, product, lot, expiry, serial, quantity }: WrittenContent): NewContent {
  return {
    product: given(product),
    gtin: given(gtin),
    lot: given(lot),
    expiry: given(expiry),
    serial: given(serial),
    // Left empty, the service says what a quantity is.
    quantity: quantity ?? 0,
  };
}

function given(text: string): string | undefined {
  return text.trim() || undefined;
}
