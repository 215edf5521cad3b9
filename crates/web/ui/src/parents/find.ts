import { api } from "../api";
import { Problem } from "../api/problem";
import { keyWords } from "../parts/gs1";

export interface FoundBoxes {
  /** The shipment's. */
  id: string;
  reference: string;
  /** The box that carries the SSCC; undefined: all of the shipment. */
  boxes?: number[];
}

/** The shipment of that reference, or the box of that SSCC. Throws what the form says at its field. */
export async function findBoxes(written: string, digits: string): Promise<FoundBoxes> {
  const reference = written.trim();
  const named = (await api.shipments({ reference }, null)).items.find((one) => one.reference === reference);
  if (named) return { id: named.id, reference };
  if (!keyWords("sscc", digits)?.right) {
    throw missing("no shipment has exactly this reference, and it is no SSCC");
  }
  for (const { id } of (await api.shipments({ sscc: digits }, null)).items) {
    const shipment = await api.shipment(id);
    const box = shipment.boxes?.find(({ sscc }) => sscc === digits);
    if (box) return { id, reference: shipment.reference, boxes: [box.number] };
  }
  throw missing("no box carries this SSCC");
}

function missing(detail: string): Problem {
  return new Problem(404, "Not found", `shipment: ${detail}`);
}
