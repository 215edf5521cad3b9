/** The shapes of the tracking API under /api/v1, as the page uses them. Times are RFC 3339 UTC, temperatures °C. */

export type Role =
  | "admin"
  | "coordinator"
  | "packer"
  | "courier"
  | "receiver"
  | "dispatcher"
  | "quality"
  | "supplier"
  | "auditor";

export interface User {
  id: string;
  email: string;
  role: Role;
  organisation: string | number;
}

export interface LogIn {
  access_token: string;
  expires_at: string;
  user: User;
}

export interface Page<T> {
  items: T[];
  /** Opaque; null on the last page. */
  next: string | null;
}

export interface Status {
  /** The service's clock: the only "now" that ages may be counted from. A demonstration runs it faster. */
  now: string;
  notifications: { configured: boolean; pending: number; failing: number; sent: number } | null;
}

export type ShipmentStatus = "draft" | "in_transit" | "delivered" | "closed";
export type HoldReason = "excursion" | "incomplete";
export type Assessment = "no_excursion" | "excursion" | "incomplete";

export interface Range {
  min_c: number | null;
  max_c: number | null;
}

/** Whole seconds; the three add up to the span that was assessed. */
export interface Coverage {
  in_range_s: number;
  out_of_range_s: number;
  unknown_s: number;
}

export interface LastReading {
  measured_at: string;
  temperature_c: number;
  humidity_pct: number | null;
  dev_eui: string;
}

export interface Assignment {
  dev_eui: string;
  name: string | null;
  from: string;
  until: string | null;
}

export interface Shipment {
  id: string;
  reference: string;
  status: ShipmentStatus;
  on_hold: boolean;
  hold_reason: HoldReason | null;
  origin: string | null;
  destination: string | null;
  profile: { id: string; name: string; version: number; range: Range | null };
  last_reading: LastReading | null;
  assessment: Assessment | null;
  coverage: Coverage | null;
  open_alerts: number;
  trackers: Assignment[];
  created_at: string;
}

export interface NewShipment {
  reference: string;
  profile: string;
  origin?: string;
  destination?: string;
}

export interface Binding {
  warnings?: string[];
}

export interface Reading {
  measured_at: string;
  received_at: string | null;
  dev_eui: string;
  sequence: number | null;
  temperature_c: number;
  humidity_pct: number | null;
}

export type Severity = "info" | "warning" | "critical";

export interface Episode {
  alarm: string;
  severity: Severity;
  began_at: string;
  alarmed_at: string | null;
  ended_at: string | null;
  exposure_s: number;
  extreme_c: number | null;
}

export interface Span {
  from: string;
  to: string;
}

export interface TrackerAssessment {
  dev_eui: string;
  from: string;
  until?: string | null;
  to: string;
  readings: number;
  min_c: number | null;
  max_c: number | null;
  mean_c: number | null;
  coverage: Coverage;
  episodes: Episode[];
  assessment: Assessment;
  gaps?: Span[];
}

export interface ShipmentAssessment {
  assessment: Assessment | null;
  coverage: Coverage | null;
  trackers: TrackerAssessment[];
}

export type AlertState = "open" | "acknowledged" | "closed" | "withdrawn" | "merged";

export interface Alert {
  id: string;
  /** temperature_high, temperature_low, silence, …; further kinds may come. */
  kind: string;
  alarm: string | null;
  severity: Severity;
  shipment: string | null;
  shipment_reference: string | null;
  dev_eui: string | null;
  began_at: string;
  alarmed_at: string | null;
  ended_at: string | null;
  exposure_s: number | null;
  extreme_c: number | null;
  state: AlertState;
  acknowledged_at: string | null;
  acknowledged_by: string | null;
  acknowledge_reason: string | null;
  closed_at: string | null;
  closed_reason: string | null;
}

export interface Tracker {
  dev_eui: string;
  name: string | null;
  codec: string;
  interval_s?: number | null;
  last_heard_at?: string | null;
}

export interface NewTracker {
  dev_eui: string;
  name: string;
  codec: string;
  interval_s?: number;
}

/** Heard by an ingester, registered by nobody. */
export interface UnknownTracker {
  dev_eui: string;
  first_heard_at?: string | null;
  last_heard_at?: string | null;
  uplinks?: number | null;
}

export interface Uplink {
  received_at: string;
  f_cnt: number | null;
  f_port: number | null;
  payload: string | null;
}

export interface Alarm {
  name: string;
  quantity?: "temperature" | "humidity";
  above?: number;
  below?: number;
  inclusive?: boolean;
  delay?: string;
  severity: Severity;
}

export interface Profile {
  id: string;
  name: string;
  version: number;
  definition?: { max_gap?: string; range?: Partial<Range>; alarm?: Alarm[] };
}
