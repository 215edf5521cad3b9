import type { FilledParent, ParentKind, ParentStay } from "../api/types";
import { bare, keyWords } from "../parts/gs1";

export const KIND: Record<ParentKind, string> = {
  pallet: "Pallet",
  roll_cage: "Roll cage",
  manifest: "Manifest",
};

/** `Pallet P-7`; without a reference its SSCC stands for it. */
export function name(of: Pick<FilledParent, "kind" | "sscc" | "reference">): string {
  return `${KIND[of.kind]} ${of.reference ?? of.sscc ?? ""}`.trim();
}

export interface Load {
  shipment: string;
  reference: string;
  boxes: number[];
}

/** What is in it now, by shipment. */
export function loads(stays: ParentStay[]): Load[] {
  const all = new Map<string, Load>();
  for (const { shipment, reference, box, until } of stays) {
    if (until !== null) continue;
    const load = all.get(shipment) ?? { shipment, reference, boxes: [] };
    load.boxes.push(box);
    all.set(shipment, load);
  }
  return [...all.values()];
}

/** `1-3, 5` as numbers of boxes; undefined where nothing is written, null where it cannot be read. */
export function numbers(written: string): number[] | undefined | null {
  const parts = written.split(",").map((part) => part.trim());
  if (parts.every((part) => part === "")) return undefined;
  const all: number[] = [];
  for (const part of parts) {
    const [, from = "", to = from] = /^(\d{1,3})(?:\s*[-–]\s*(\d{1,3}))?$/.exec(part) ?? [];
    const [first, last] = [Number(from), Number(to)];
    if (first < 1 || last < first) return null;
    for (let number = first; number <= last; number += 1) all.push(number);
  }
  return all;
}

/** How a parent is looked for. */
export function filterOf(written: string): { sscc?: string; reference?: string } {
  const text = written.trim();
  if (text === "") return {};
  return keyWords("sscc", text)?.right ? { sscc: bare(text) } : { reference: text };
}
