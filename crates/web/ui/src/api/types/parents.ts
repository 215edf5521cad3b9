export type ParentKind = "pallet" | "roll_cage" | "manifest";

export interface Parent {
  id: string;
  kind: ParentKind;
  sscc: string | null;
  reference: string | null;
  created_at: string;
}

export interface FilledParent extends Parent {
  /** Every stay of a box in it, the latest first. */
  boxes: ParentStay[];
}

export interface ParentStay {
  shipment: string;
  /** The shipment's. */
  reference: string;
  box: number;
  sscc: string | null;
  from: string;
  /** Null while it is in there. */
  until: string | null;
}

/** It has an SSCC or a reference, or both. */
export interface NewParent {
  kind: ParentKind;
  sscc?: string;
  reference?: string;
}

export interface NewFill {
  shipment: string;
  /** Absent: all of them. */
  boxes?: number[];
  from: string;
}

export interface NewEmptying {
  shipment: string;
  /** Absent: all of them that are in it. */
  boxes?: number[];
  until: string;
}
