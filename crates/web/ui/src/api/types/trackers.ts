export interface Tracker {
  dev_eui: string;
  name: string;
  codec: string;
  interval_s: number;
  pool: PoolState;
  /** The last ride that took it away; null before the first. */
  last_ride: LastRide | null;
  /** When somebody last said that it is back, and that it is lost. */
  returned_at: string | null;
  lost_at: string | null;
  /** When a network last heard it. */
  heard_at: string | null;
}

export type PoolState = "available" | "bound" | "to_return" | "overdue" | "lost";

export interface LastRide {
  shipment: string;
  shipment_reference: string;
  /** Null while it lasts. */
  until: string | null;
  due_back_at: string | null;
}

export interface NewTracker {
  dev_eui: string;
  name: string;
  codec: string;
  interval_s?: number;
}

export interface UnknownTracker {
  dev_eui: string;
  integration: string;
  first_heard_at: string;
  last_heard_at: string;
}

export interface Uplink {
  integration: string;
  f_cnt: number;
  f_port: number;
  /** Lower-case hex; empty where there were no bytes. */
  payload: string | null;
  confirmed: boolean;
  received_at: string;
  arrived_at: string;
  gateways: Gateway[];
  /** Why it gave no readings; null where it gave some. */
  problem: string | null;
}

export interface Gateway {
  id: string | null;
  rssi_dbm: number | null;
  snr_db: number | null;
  location: Location | null;
}

/** Degrees, WGS 84. */
export interface Location {
  lat: number;
  lon: number;
}

export interface SetAside {
  /** Null where the tracker did not know the time. */
  measured_at: string | null;
  received_at: string;
  sequence: number | null;
  temperature_c: number;
  humidity_pct: number | null;
  reason: string;
}

/** A gateway that heard a device. */
export interface KnownGateway {
  id: number;
  name: string;
  integration: string;
  heard_at: string;
  /** Null for one that stands. */
  vehicle: Vehicle | null;
}

export interface Vehicle {
  accuracy_m: number;
}

export interface NewGateway {
  vehicle?: Vehicle;
}
