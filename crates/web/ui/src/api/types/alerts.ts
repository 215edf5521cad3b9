export type Severity = "info" | "warning" | "critical";

export type AlertKind =
  | "temperature_high"
  | "temperature_low"
  | "humidity_high"
  | "humidity_low"
  | "silence"
  | "webhook_refused"
  | "webhook_unreadable"
  | "dead_letter"
  | "backlog"
  | "spool_full"
  | "notification_failed";

export type AlertState = "open" | "acknowledged" | "closed" | "withdrawn" | "merged";

export interface Alert {
  id: string;
  kind: AlertKind;
  alarm: string | null;
  severity: Severity;
  shipment: string | null;
  shipment_reference: string | null;
  dev_eui: string | null;
  /** What it is about where that is neither shipment nor tracker: `integration depot`. */
  subject: string | null;
  began_at: string;
  alarmed_at: string;
  ended_at: string | null;
  exposure_s: number | null;
  extreme_c: number | null;
  state: AlertState;
  acknowledged_at: string | null;
  acknowledged_by: string | null;
  acknowledge_reason: string | null;
  closed_at: string | null;
  closed_reason: string | null;
  merged_into: string | null;
}
