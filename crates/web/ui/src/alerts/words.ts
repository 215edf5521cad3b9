import type { Alert, AlertKind, AlertState, MissingReadings, Severity } from "../api/types";
import { plain } from "../parts/words";
import { limitsWords } from "../trackers/said";

export const KINDS: Record<AlertKind, string> = {
  temperature_high: "Too warm",
  temperature_low: "Too cold",
  humidity_high: "Too humid",
  humidity_low: "Too dry",
  shock: "Dropped or hit",
  light: "Light in the box",
  silence: "No readings come",
  gateway_silent: "Gateway silent, and the trackers it heard",
  readings_missing: "Readings are missing",
  transfer_overdue: "Handover overdue",
  offer_unanswered: "Offered and not answered",
  custodian_unexpected: "Accepted by who was not to have it",
  custodian_unqualified: "Custodian without contract or training",
  left_without_custody: "Left, and nobody has accepted it",
  off_route: "Off its route",
  standing_too_long: "Standing outside known places",
  arrived_not_accepted: "Arrived and not accepted",
  accepted_elsewhere: "Accepted at another place",
  opened_in_transit: "Opened on its way",
  tilt: "Tilted",
  seal_differs: "Another seal than was put on",
  handed_over_out_of_range: "Handed over while out of range",
  custody_unreadable: "Its custody record is not as it was written",
  tracker_not_returned: "A tracker has not come back",
  webhook_refused: "A network's messages are refused",
  webhook_unreadable: "A network's messages cannot be read",
  dead_letter: "A message could not be read",
  backlog: "What was received waits: alarms are late",
  spool_full: "The store of waiting messages is filling up",
  notification_failed: "E-mail cannot be delivered",
};

export const SEVERITY: Record<Severity, string> = { info: "Info", warning: "Warning", critical: "Critical" };

export const STATE: Record<AlertState, string> = {
  open: "Open",
  acknowledged: "Acknowledged",
  closed: "Closed",
  withdrawn: "Withdrawn",
  merged: "Merged into another alert",
};

/** What happened, in words; also of a kind that a newer service has and this page, left open, does not. */
export function kindOf({ kind }: { kind: string }): string {
  return kind in KINDS ? KINDS[kind as AlertKind] : plain(kind);
}

/** What the tracker made of it by limits of its own; it is no alert of its own. Null where there is nothing to say. */
export function ownWords({ own_alarm, own_limits }: Pick<Alert, "own_alarm" | "own_limits">): string | null {
  switch (own_alarm) {
    case null:
      return null;
    case "raised":
      return "The tracker raised its own alarm, too.";
    case "within_its_limits":
    case "not_raised": {
      const limits = own_limits ? `are now ${limitsWords(own_limits)}` : "are not known here";
      const why = own_alarm === "not_raised" ? "" : ": its limits are wider, or its delay is longer";
      return `The tracker raised no alarm of its own${why}. Its own limits ${limits}.`;
    }
  }
}

/** `3 readings, numbers 12 to 20`: what is missing of a tracker's numbered readings. */
export function missingWords({
  readings,
  first_sequence: first,
  last_sequence: last,
}: MissingReadings): string {
  return readings === 1 ? `1 reading, number ${first}` : `${readings} readings, numbers ${first} to ${last}`;
}

/** The shipments that a gateway has taken out of hearing, each once, and how many trackers are not shown. */
export function affectedOf({ affected, affected_trackers }: Pick<Alert, "affected" | "affected_trackers">): {
  shipments: { id: string; reference: string; silent: boolean }[];
  more: number;
} {
  const shipments = new Map<string, { id: string; reference: string; silent: boolean }>();
  for (const { shipment: id, shipment_reference: reference, until } of affected) {
    const silent = until === null || (shipments.get(id)?.silent ?? false);
    shipments.set(id, { id, reference, silent });
  }
  return { shipments: [...shipments.values()], more: (affected_trackers ?? 0) - affected.length };
}

/** Whether what came in can be looked at under Intake. */
export function isOfIntake({ kind }: Pick<Alert, "kind">): boolean {
  return kind === "webhook_unreadable" || kind === "dead_letter";
}

/** What an alert is about: the shipment where there is one. */
export function subjectOf(
  alert: Pick<Alert, "shipment" | "shipment_reference" | "dev_eui" | "subject">,
): string {
  if (alert.shipment_reference) return `shipment ${alert.shipment_reference}`;
  if (alert.shipment) return "a shipment";
  return alert.dev_eui ? `tracker ${alert.dev_eui}` : (alert.subject ?? "the service");
}

/** For the live region: `New alert: Too warm, shipment SH-7, critical.` */
export function announcement(fresh: Alert[]): string {
  const [first] = fresh;
  if (!first) return "";
  if (fresh.length > 1) return `${fresh.length} new alerts.`;
  return `New alert: ${kindOf(first)}, ${subjectOf(first)}, ${SEVERITY[first.severity].toLowerCase()}.`;
}

/** Nobody needs to acknowledge what was withdrawn, merged or already acknowledged. */
export function canAcknowledge(alert: Pick<Alert, "state" | "acknowledged_at">): boolean {
  return alert.acknowledged_at === null && (alert.state === "open" || alert.state === "closed");
}
