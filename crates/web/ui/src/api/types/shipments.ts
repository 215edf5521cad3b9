import type { Assessment, Coverage } from "./assessments";

export type ShipmentStatus =
  "draft" | "packed" | "in_transit" | "delivered" | "received" | "closed" | "cancelled";
export type HoldReason = "excursion" | "incomplete" | "returned" | "recall" | "decision";

export type Decision = "release" | "reject" | "return" | "destroy";

export type Act =
  "hand_over" | "accept_into_quarantine" | "return_to_consignor" | "accept_into_stock" | "dispense";

export interface Range {
  min_c: number | null;
  max_c: number | null;
}

export interface LastReading {
  measured_at: string;
  temperature_c: number;
  humidity_pct: number | null;
  dev_eui: string;
}

export interface Ride {
  dev_eui: string;
  name: string;
  /** The number of the box that it rides in; null where nobody said. */
  box: number | null;
  from: string;
  /** Null while it lasts. */
  until: string | null;
}

export interface ShipmentProfile {
  id: string;
  name: string;
  version: number;
  range: Range | null;
  /** Whether quality has signed this version. */
  approved: boolean;
}

export interface Halt {
  at: string;
  reason: string;
}

/** A signed decision of quality. */
export interface Disposition {
  id: string;
  decision: Decision;
  lifts_recall: boolean;
  by: string;
  at: string;
  meaning: string;
  reason: string;
  /** The hold that it settled. */
  hold: HoldReason | null;
  /** The machine's assessment then; null without a tracker. */
  assessment: Assessment | null;
  digest: string;
}

export interface NewDisposition {
  decision: Decision;
  meaning: string;
  reason: string;
  password: string;
  /** The digest of the assessment that was looked at. */
  seen: string | null;
  lifts_recall: boolean;
}

export interface Decided extends Disposition {
  /** What speaks against the decision without forbidding it. */
  warnings: string[];
}

export interface Shipment {
  id: string;
  reference: string;
  status: ShipmentStatus;
  on_hold: boolean;
  hold_reason: HoldReason | null;
  /** The gravest first: a recall does not hide what readings say. */
  hold_reasons: HoldReason[];
  /** What must not be done with its boxes now. */
  forbidden: Act[];
  /** Quality's last decision; null before the first. */
  disposition: Disposition | null;
  origin: string | null;
  destination: string | null;
  /** How many days its trackers may take to come back. */
  days_to_return: number;
  /** Called off before anybody took it over. */
  cancelled: Halt | null;
  /** Turned back on its way. */
  turned_back: Halt | null;
  profile: ShipmentProfile;
  last_reading: LastReading | null;
  /** Null without a tracker, as the coverage is. */
  assessment: Assessment | null;
  coverage: Coverage | null;
  open_alerts: number;
  trackers: Ride[];
  box_count: number;
  /** Absent in a list. */
  boxes?: Box[];
  created_at: string;
}

export interface Box {
  /** From 1. */
  number: number;
  sscc: string | null;
  contents: Content[];
}

/** It has a product's name or a GTIN. */
export interface Content {
  product: string | null;
  /** 14 digits. */
  gtin: string | null;
  lot: string | null;
  /** The last day on which it may be used, YYYY-MM-DD. */
  expiry: string | null;
  serial: string | null;
  quantity: number;
}

export interface NewBox {
  sscc?: string;
  contents: NewContent[];
}

export interface NewContent {
  product?: string;
  gtin?: string;
  lot?: string;
  expiry?: string;
  serial?: string;
  quantity: number;
}

export interface NewShipment {
  reference: string;
  profile: string;
  origin?: string;
  destination?: string;
  days_to_return?: number;
  boxes?: NewBox[];
}

export interface MadeShipment extends Shipment {
  /** What speaks against the shipment without forbidding it. */
  warnings: string[];
}

export interface BoundShipment extends Shipment {
  /** What speaks against the binding without forbidding it. */
  warnings: string[];
}
