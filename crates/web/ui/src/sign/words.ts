/** An offer in the words of whoever opens its link. */
import type { Content, HoldReason, Party } from "../api/types";

export const HOLD: Record<HoldReason, string> = {
  excursion: "its temperature left the range",
  incomplete: "its temperature is not known for all of its way",
  returned: "it turned back",
  recall: "what is in it was called back",
  decision: "quality decided so",
};

/** `Wholesaler (Anna Driver)`. */
export function party({ organisation, person }: Party): string {
  return person ? `${organisation} (${person})` : organisation;
}

/** `20 × Vaccine, lot A-7, use by 2027-01-31, serial number 4`. */
export function contents({ product, gtin, lot, expiry, serial, quantity }: Content): string {
  const parts = [
    `${quantity} × ${product ?? `GTIN ${gtin}`}`,
    lot && `lot ${lot}`,
    expiry && `use by ${expiry}`,
    serial && `serial number ${serial}`,
  ];
  return parts.filter(Boolean).join(", ");
}
