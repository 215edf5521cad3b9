import type { HoldReason } from "./shipments";

export interface Recall {
  id: string;
  /** 14 digits. */
  gtin: string;
  lot: string;
  reason: string;
  /** The e-mail address of who called it back. */
  by: string;
  at: string;
  /** How many shipments it put on hold, so far. */
  shipments: number;
}

export interface RecallWithShipments extends Recall {
  concerned: RecalledShipment[];
}

export interface RecalledShipment {
  id: string;
  reference: string;
  held_at: string;
  hold_reason: HoldReason | null;
}

export interface NewRecall {
  gtin: string;
  lot: string;
  reason: string;
}
