import { expect, test } from "vitest";
import type { Alert, TrackerLimits } from "../api/types";
import { plain } from "../parts/words";
import { affectedOf, announcement, canAcknowledge, kindOf, KINDS, missingWords, ownWords } from "./words";

const ALERT: Alert = {
  id: "a",
  kind: "temperature_high",
  alarm: "too warm",
  severity: "critical",
  shipment: "s",
  shipment_reference: "SH-7",
  dev_eui: "70b3d57ed0060001",
  subject: null,
  detail: null,
  began_at: "2026-03-01T08:00:00Z",
  alarmed_at: "2026-03-01T08:30:00Z",
  ended_at: null,
  exposure_s: 1800,
  extreme_c: 9.4,
  state: "open",
  acknowledged_at: null,
  acknowledged_by: null,
  acknowledge_reason: null,
  closed_at: null,
  closed_reason: null,
  merged_into: null,
  runbook: { what_to_do: "Call the driver.", who_to_call: "Logistics" },
  missing: null,
  affected_trackers: null,
  affected: [],
  own_alarm: null,
  own_limits: null,
};

test("a new alert is announced with what, where and how grave", () => {
  expect(announcement([ALERT])).toBe("New alert: Too warm, shipment SH-7, critical.");
  expect(announcement([ALERT, ALERT])).toBe("2 new alerts.");
  expect(announcement([{ ...ALERT, shipment: null, shipment_reference: null }])).toContain(
    "tracker 70b3d57ed0060001",
  );
  const ofNoTracker = { shipment: null, shipment_reference: null, dev_eui: null };
  expect(announcement([{ ...ALERT, ...ofNoTracker, subject: "integration depot" }])).toContain(
    "Too warm, integration depot, critical",
  );
  expect(announcement([])).toBe("");
});

test.each(Object.keys(KINDS))("the page has its own words for %s", (kind) => {
  expect(kindOf({ kind })).not.toBe(plain(kind));
});

test("a kind the page has never heard of is still said", () => {
  expect(kindOf({ kind: "position_lost" })).toBe("Position lost");
});

test.each<[Partial<Alert>, boolean]>([
  [{}, true],
  [{ state: "closed" }, true],
  [{ state: "acknowledged", acknowledged_at: "2026-03-01T09:00:00Z" }, false],
  [{ state: "closed", acknowledged_at: "2026-03-01T09:00:00Z" }, false],
  [{ state: "withdrawn" }, false],
  [{ state: "merged" }, false],
])("with %j it can be acknowledged: %s", (part, expected) => {
  expect(canAcknowledge({ ...ALERT, ...part })).toBe(expected);
});

test("missing readings are said with how many and which", () => {
  expect(missingWords({ readings: 1, first_sequence: 7, last_sequence: 7 })).toBe("1 reading, number 7");
  expect(missingWords({ readings: 3, first_sequence: 12, last_sequence: 20 })).toBe(
    "3 readings, numbers 12 to 20",
  );
});

test("a gateway's alert names each shipment once, and says how many trackers it leaves out", () => {
  const tracker = (shipment: string, until: string | null) => ({
    dev_eui: "70b3d57ed0060001",
    shipment,
    shipment_reference: `SH-${shipment}`,
    silent_since: "2026-03-01T08:00:00Z",
    until,
  });
  const heard = "2026-03-01T09:00:00Z";
  const affected = [tracker("1", null), tracker("1", heard), tracker("2", heard)];
  expect(affectedOf({ affected, affected_trackers: 5 })).toEqual({
    shipments: [
      { id: "1", reference: "SH-1", silent: true },
      { id: "2", reference: "SH-2", silent: false },
    ],
    more: 2,
  });
  expect(affectedOf({ affected: [], affected_trackers: null })).toEqual({ shipments: [], more: 0 });
});

const LIMITS: TrackerLimits = { low_c: 2, high_c: 8, low_delay_min: 10, high_delay_min: 30 };
const SAID = "below 2 °C after 10 min, above 8 °C after 30 min";

test.each<[Alert["own_alarm"], TrackerLimits | null, string | null]>([
  [null, null, null],
  [null, LIMITS, null],
  ["raised", null, "The tracker raised its own alarm, too."],
  ["raised", LIMITS, "The tracker raised its own alarm, too."],
  ["not_raised", null, "The tracker raised no alarm of its own. Its own limits are not known here."],
  ["not_raised", LIMITS, `The tracker raised no alarm of its own. Its own limits are now ${SAID}.`],
  [
    "within_its_limits",
    null,
    "The tracker raised no alarm of its own: its limits are wider, or its delay is longer. Its own limits are not known here.",
  ],
  [
    "within_its_limits",
    LIMITS,
    `The tracker raised no alarm of its own: its limits are wider, or its delay is longer. Its own limits are now ${SAID}.`,
  ],
])("what the tracker made of it, %j with limits %j, is said as %j", (own_alarm, own_limits, words) => {
  expect(ownWords({ own_alarm, own_limits })?.replaceAll("\u00a0", " ") ?? null).toBe(words);
});
