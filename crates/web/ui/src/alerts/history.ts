/** What became of an alert, entry by entry, in words. */
import type { Alert, AlertChange, AmendedDetail } from "../api/types";
import { ofTimes, ofWords, type Difference } from "../parts/difference";
import { humidity, plain, temperature } from "../parts/words";
import { localTime } from "../time/words";
import { SEVERITY } from "./words";

export interface Entry {
  title: string;
  /** Who did it; null where the service itself did. */
  by: string | null;
  differences: Difference[];
  /** As it was given: a person's words, or the service's. */
  reason: string | null;
  /** What brought it about, with times in UTC. */
  because: string | null;
  /** The alert that it joined. */
  into: string | null;
}

const NOTHING: Entry = { title: "", by: null, differences: [], reason: null, because: null, into: null };

export function entryOf(change: AlertChange, kind: Alert["kind"]): Entry {
  const entry = { ...NOTHING, by: change.actor };
  switch (change.action) {
    case "alert.raised": {
      const { severity, began_at, alarmed_at, because } = change.detail;
      const differences = [
        { what: "Severity", from: null, to: SEVERITY[severity] },
        { what: "Began", from: null, to: localTime(began_at) },
        { what: "Alarmed", from: null, to: localTime(alarmed_at) },
      ];
      return { ...entry, title: "Raised", differences, because };
    }
    case "alert.amended": {
      const { reopened, because } = change.detail;
      const title = reopened ? "Amended, and open again because it became more severe" : "Amended";
      return { ...entry, title, differences: amended(change.detail, kind), because };
    }
    case "alert.updated":
      return { ...entry, title: "Changed", because: change.detail.because };
    case "alert.merged":
      return { ...entry, title: "Merged into another alert", ...change.detail };
    case "alert.withdrawn":
      return { ...entry, title: "Withdrawn", ...change.detail };
    case "alert.closed":
      return { ...entry, title: "Closed", reason: change.detail.reason };
    case "alert.acknowledged":
      return { ...entry, title: "Acknowledged", reason: change.detail.reason };
    default:
      return { ...entry, title: nameOf(change) };
  }
}

function amended(detail: AmendedDetail, kind: Alert["kind"]): Difference[] {
  const [wasSevere, isSevere] = detail.severity;
  const [wasWorst, isWorst] = detail.extreme;
  return [
    ofTimes("Began", ...detail.began_at, "–"),
    ofTimes("Alarmed", ...detail.alarmed_at, "–"),
    ofTimes("Ended", ...detail.ended_at, "still lasts"),
    wasWorst === null || isWorst === null
      ? null
      : ofWords("Extreme", [valueOf(wasWorst, kind), valueOf(isWorst, kind)]),
    ofWords("Severity", [SEVERITY[wasSevere], SEVERITY[isSevere]]),
  ].filter((difference) => difference !== null);
}

/** From hundredths, with the unit of what the alert is about. */
function valueOf(hundredths: number, kind: Alert["kind"]): string {
  const isHumidity = kind === "humidity_high" || kind === "humidity_low";
  return isHumidity ? humidity(hundredths / 100) : temperature(hundredths / 100);
}

/** Of an entry that a newer service writes and this page, left open, does not know. */
function nameOf({ action }: { action: string }): string {
  return plain(action.replace(/^\w+\./, ""));
}
