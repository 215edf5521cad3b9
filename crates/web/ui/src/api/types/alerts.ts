import type { Runbook } from "./alerting";

export type Severity = "info" | "warning" | "critical";

export type AlertKind =
  | "temperature_high"
  | "temperature_low"
  | "humidity_high"
  | "humidity_low"
  | "shock"
  | "light"
  | "silence"
  | "gateway_silent"
  | "readings_missing"
  | "transfer_overdue"
  | "offer_unanswered"
  | "custodian_unexpected"
  | "custodian_unqualified"
  | "left_without_custody"
  | "off_route"
  | "standing_too_long"
  | "arrived_not_accepted"
  | "accepted_elsewhere"
  | "opened_in_transit"
  | "tilt"
  | "seal_differs"
  | "handed_over_out_of_range"
  | "custody_unreadable"
  | "tracker_not_returned"
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
  /** What to know of it, in words, of alerts about custody. */
  detail: string | null;
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
  /** What to do, and who to call. */
  runbook: Runbook;
  /** Of `readings_missing`. */
  missing: MissingReadings | null;
  /** Of `gateway_silent`: all the trackers that are or were silent because of it. */
  affected_trackers: number | null;
  /** At most 50 of them, those that are still silent first. */
  affected: AffectedTracker[];
}

export interface MissingReadings {
  readings: number;
  /** The lowest and the highest of the tracker's own numbers; others between them may have come. */
  first_sequence: number;
  last_sequence: number;
}

export interface AffectedTracker {
  dev_eui: string;
  shipment: string;
  shipment_reference: string;
  silent_since: string;
  /** Null while the gateway is why it is silent. */
  until: string | null;
}

/** One entry of an alert's audit trail: what became of it, and because of what. */
export type AlertChange = { [A in AlertAction]: AlertChangeOf<A> }[AlertAction];

export type AlertAction = keyof AlertDetails;

/** What an entry says, by its action. */
export type AlertDetails = {
  "alert.raised": RaisedDetail;
  "alert.amended": AmendedDetail;
  "alert.updated": UpdatedDetail;
  "alert.merged": MergedDetail;
  "alert.withdrawn": WithdrawnDetail;
  "alert.closed": EndedDetail;
  "alert.acknowledged": EndedDetail;
};

export interface AlertChangeOf<A extends AlertAction> {
  at: string;
  action: A;
  /** An e-mail address; null where the service itself did it. */
  actor: string | null;
  detail: AlertDetails[A];
}

export interface RaisedDetail {
  kind: AlertKind;
  severity: Severity;
  began_at: string;
  alarmed_at: string;
  /** In words, with times in UTC; null where it is no alarm of a profile. */
  because: string | null;
}

/** Each from what to what, also of what stayed as it was. */
export interface AmendedDetail {
  began_at: FromTo<string>;
  alarmed_at: FromTo<string>;
  /** Null: it still lasted. */
  ended_at: FromTo<string | null>;
  severity: FromTo<Severity>;
  /** In hundredths of °C, or of % where the alert is about humidity; null where it is about no exposure. */
  extreme: FromTo<number | null>;
  /** The severity rose, so that its acknowledgement counts no more. */
  reopened: boolean;
  because: string;
}

/** Of an alert that is about no exposure. */
export interface UpdatedDetail {
  because: string;
}

export interface MergedDetail {
  /** The alert that stands for both episodes. */
  into: string;
  reason: string;
  because: string;
}

export interface WithdrawnDetail {
  reason: string;
  because: string;
}

export interface EndedDetail {
  reason: string;
}

export type FromTo<T> = [from: T, to: T];
