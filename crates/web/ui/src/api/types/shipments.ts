import type { Assessment, Coverage } from "./assessments";

export type ShipmentStatus =
  "draft" | "packed" | "in_transit" | "delivered" | "received" | "closed" | "cancelled";
export type HoldReason = "excursion" | "incomplete" | "recall";

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

export interface Shipment {
  id: string;
  reference: string;
  status: ShipmentStatus;
  on_hold: boolean;
  hold_reason: HoldReason | null;
  /** What must not be done with its boxes now. */
  forbidden: Act[];
  origin: string | null;
  destination: string | null;
  profile: ShipmentProfile;
  last_reading: LastReading | null;
  /** Null without a tracker, as the coverage is. */
  assessment: Assessment | null;
  coverage: Coverage | null;
  open_alerts: number;
  trackers: Ride[];
  created_at: string;
}

export interface NewShipment {
  reference: string;
  profile: string;
  origin?: string;
  destination?: string;
}

export interface MadeShipment extends Shipment {
  /** What speaks against the shipment without forbidding it. */
  warnings: string[];
}

export interface BoundShipment extends Shipment {
  /** What speaks against the binding without forbidding it. */
  warnings: string[];
}
