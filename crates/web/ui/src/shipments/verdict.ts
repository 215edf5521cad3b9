import type { Act, Decision, Shipment } from "../api/types";
import { plain, range, sentence } from "../parts/words";

export type Tone = "bad" | "look" | "unknown" | "good" | "quiet";

/** What a shipment's page says first: how it stands, and what the reader does about it. */
export interface Verdict {
  tone: Tone;
  headline: string;
  /** On hold: what must not be done. */
  rule?: string;
  advice: string;
  /** On hold: what may be done all the same. */
  allowed?: string;
}

/** The icon beside an assessment. */
export const MARK = { no_excursion: "check", excursion: "excursion", incomplete: "unknown" } as const;

/** Said of a box; in the order in which they are allowed. */
export const ACTS: Record<Act, string> = {
  accept_into_quarantine: "accept into quarantine",
  hand_over: "hand over to the next custodian",
  return_to_consignor: "return to the consignor",
  accept_into_stock: "put into stock",
  dispense: "dispense",
};

/** What quality's decision made of a shipment. */
export const DECIDED: Record<Decision, string> = {
  release: "released by quality",
  reject: "rejected by quality",
  return: "to be returned to the consignor",
  destroy: "to be destroyed",
};

/** Whether quality may decide now, and whether somebody may call it off or turn it back: the service has the last word. */
export function endings({
  status,
  on_hold,
  turned_back,
}: Pick<Shipment, "status" | "on_hold" | "turned_back">) {
  return {
    decide: on_hold || status === "received",
    cancel: status === "draft" || status === "packed",
    turnBack: (status === "in_transit" || status === "delivered") && turned_back === null,
  };
}

type Known = Pick<
  Shipment,
  | "status"
  | "on_hold"
  | "hold_reason"
  | "hold_reasons"
  | "forbidden"
  | "disposition"
  | "assessment"
  | "open_alerts"
  | "last_reading"
  | "trackers"
  | "profile"
>;

/**
 * Never an all-clear: the record is described, and a person decides. `binds`: the reader binds trackers, and is told to;
 * anybody else is told what it means for who has the boxes.
 */
export function verdict(shipment: Known, binds: boolean): Verdict {
  if (shipment.on_hold) return held(shipment);
  // Who may not read alerts is told of none.
  const alerts = shipment.open_alerts ?? 0;
  if (alerts > 0) {
    return {
      tone: "look",
      headline: alerts === 1 ? "Look now: one open alert" : `Look now: ${alerts} open alerts`,
      advice: "See what happened below, act on it, and acknowledge with the reason.",
    };
  }
  if (shipment.last_reading === null) return unheard(shipment, binds);
  return onRecord(shipment, binds);
}

function held(shipment: Known): Verdict {
  const { rule, allowed } = actsOf(shipment.forbidden);
  const untilDecided = `${rule}, until quality has decided.`;
  switch (shipment.hold_reason) {
    case "excursion":
      return {
        tone: "bad",
        headline: "Do not use: on hold because of an excursion",
        rule: untilDecided,
        advice: `The temperature left ${range(shipment.profile.range)}.`,
        allowed,
      };
    case "incomplete":
      return {
        tone: "bad",
        headline: "Do not use: on hold because the record is incomplete",
        rule: `${rule}.`,
        advice:
          "For part of the time the temperature is unknown. The hold ends by itself when the missing readings arrive and show no excursion; otherwise quality decides.",
        allowed,
      };
    case "recall":
      return {
        tone: "bad",
        headline: "Do not use: on hold because a lot in it was recalled",
        rule: untilDecided,
        advice: `Keep the goods apart.${besideRecall(shipment)}`,
        allowed,
      };
    case "returned":
      return {
        tone: "bad",
        headline: "Do not use: on hold because it was turned back",
        rule: untilDecided,
        advice: "Keep the goods apart when they are back.",
        allowed,
      };
    case "decision":
      return {
        tone: "bad",
        headline: `Do not use: ${shipment.disposition ? DECIDED[shipment.disposition.decision] : "kept from use"}`,
        rule: `${rule}.`,
        advice: "Quality has decided so, for good.",
        allowed,
      };
    default:
      return {
        tone: "bad",
        headline: "Do not use: on hold",
        rule: untilDecided,
        advice: "Keep the goods apart.",
        allowed,
      };
  }
}

/** What would keep it on hold without the recall. */
function besideRecall({ hold_reasons: reasons, profile }: Known): string {
  if (reasons.includes("excursion")) {
    return ` Apart from the recall, the temperature left ${range(profile.range)}.`;
  }
  return reasons.includes("incomplete")
    ? " Apart from the recall, the temperature is unknown for part of the time."
    : "";
}

/** `Accept into quarantine only. Do not put into stock, do not dispense`, and what else is allowed. */
export function actsOf(forbidden: string[]): { rule: string; allowed: string | undefined } {
  const words = (act: string) => (act in ACTS ? ACTS[act as Act] : plain(act).toLowerCase());
  const allowed = Object.keys(ACTS).filter((act) => !forbidden.includes(act));
  const isOnlyQuarantine =
    allowed.includes("accept_into_quarantine") && forbidden.includes("accept_into_stock");
  const only = isOnlyQuarantine ? "Accept into quarantine only. " : "";
  const rest = allowed.filter((act) => !isOnlyQuarantine || act !== "accept_into_quarantine").map(words);
  return {
    rule: `${only}${sentence(forbidden.map((act) => `do not ${words(act)}`).join(", "))}`,
    allowed: rest.length > 0 ? `Still allowed: ${rest.join(", ")}.` : undefined,
  };
}

function rides(shipment: Known): boolean {
  return shipment.trackers.some(({ until }) => until === null);
}

function unheard(shipment: Known, binds: boolean): Verdict {
  if (!rides(shipment)) {
    return {
      tone: "quiet",
      headline: "Not monitored: no tracker is bound",
      advice: binds
        ? "Bind a tracker below before the box is packed."
        : "Nobody can say how warm the boxes are. Keep them at their range, and ask the consignor if they should be monitored.",
    };
  }
  return {
    tone: "unknown",
    headline: "Nothing heard yet",
    advice:
      "The tracker is bound but no reading has arrived. Check that it is switched on and in range of a gateway.",
  };
}

function onRecord(shipment: Known, binds: boolean): Verdict {
  const over = shipment.status === "delivered" || shipment.status === "closed";
  switch (shipment.assessment) {
    case "no_excursion":
      if (!over && !rides(shipment)) {
        return {
          tone: "quiet",
          headline: "Not monitored any more: no tracker is bound",
          advice: `While one was, every second is known and within ${range(shipment.profile.range)}. ${binds ? "Bind the next one below, or see to it that the box is received." : "From then on nothing is known. Keep the boxes at their range."}`,
        };
      }
      return {
        tone: "good",
        headline: over ? "No excursion on record" : "In range so far",
        advice: over
          ? `Every second is known and within ${range(shipment.profile.range)}.`
          : `Every second so far is known and within ${range(shipment.profile.range)}. Nothing to do.`,
      };
    case "excursion":
      return {
        tone: "look",
        headline: "Excursion on record",
        advice: `The temperature left ${range(shipment.profile.range)}. ${shipment.disposition?.decision === "release" ? "Quality released it all the same." : "It is not on hold: ask quality before it is used."}`,
      };
    default:
      return {
        tone: "unknown",
        headline: over ? "Record incomplete" : "No excursion known, but part is unknown",
        advice: over
          ? "For part of the time the temperature is unknown. Unknown is not in range."
          : "For part of the time the temperature is unknown. Late readings may still fill it.",
      };
  }
}
