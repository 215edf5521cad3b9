import { expect, test } from "vitest";
import type { AlertChange, AmendedDetail } from "../api/types";
import { exactTime, localTime } from "../time/words";
import { entryOf } from "./history";

const AT = "2026-03-01T12:00:00Z";
const BECAUSE = "1 reading of 2026-03-01 11:00:00 UTC arrived late";
const [NINE, TEN] = ["2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z"];
const AS_IT_WAS: AmendedDetail = {
  began_at: [NINE, NINE],
  alarmed_at: [TEN, TEN],
  ended_at: [null, null],
  severity: ["warning", "warning"],
  extreme: [950, 950],
  reopened: false,
  because: BECAUSE,
};

const amended = (detail: Partial<AmendedDetail>): AlertChange => ({
  at: AT,
  action: "alert.amended",
  actor: null,
  detail: { ...AS_IT_WAS, ...detail },
});

test("raised: how severe, since when, and because of what", () => {
  const detail = {
    kind: "temperature_high",
    severity: "critical",
    began_at: NINE,
    alarmed_at: TEN,
    because: BECAUSE,
  } as const;
  expect(entryOf({ at: AT, action: "alert.raised", actor: null, detail }, "temperature_high")).toEqual({
    title: "Raised",
    by: null,
    differences: [
      { what: "Severity", from: null, to: "Critical" },
      { what: "Began", from: null, to: localTime(NINE) },
      { what: "Alarmed", from: null, to: localTime(TEN) },
    ],
    reason: null,
    because: BECAUSE,
    into: null,
  });
});

test.each<[Partial<AmendedDetail>, [string, string, string][]]>([
  [{}, []],
  [{ began_at: [TEN, NINE] }, [["Began", localTime(TEN), localTime(NINE)]]],
  [
    { alarmed_at: ["2026-03-01T10:00:05Z", "2026-03-01T10:00:35Z"] },
    [["Alarmed", exactTime("2026-03-01T10:00:05Z"), exactTime("2026-03-01T10:00:35Z")]],
  ],
  [{ ended_at: [null, TEN] }, [["Ended", "still lasts", localTime(TEN)]]],
  [{ ended_at: [TEN, null] }, [["Ended", localTime(TEN), "still lasts"]]],
  [{ extreme: [-14, -250] }, [["Extreme", "−0.14 °C", "−2.50 °C"]]],
  [{ severity: ["warning", "critical"] }, [["Severity", "Warning", "Critical"]]],
  [
    { extreme: [950, 1200], began_at: [TEN, NINE] },
    [
      ["Began", localTime(TEN), localTime(NINE)],
      ["Extreme", "9.50 °C", "12.00 °C"],
    ],
  ],
])("amended with %j: what changed, and nothing else", (detail, lines) => {
  const { title, differences, because } = entryOf(amended(detail), "temperature_low");
  expect(title).toBe("Amended");
  expect(because).toBe(BECAUSE);
  expect(
    differences.map(({ what, from, to }) => [what, from, to].map((word) => word?.replace("\u00a0", " "))),
  ).toEqual(lines);
});

test("an alert about no exposure has no extreme", () => {
  const { differences } = entryOf(
    amended({ extreme: [null, null], severity: ["info", "warning"] }),
    "off_route",
  );
  expect(differences.map(({ what }) => what)).toEqual(["Severity"]);
});

test("the extreme of a humidity is no temperature", () => {
  const { differences } = entryOf(amended({ extreme: [7550, 8100] }), "humidity_high");
  expect(differences).toEqual([{ what: "Extreme", from: "75.5 %", to: "81.0 %" }]);
});

test("an acknowledgement that counts no more is said", () => {
  const reopened = amended({ severity: ["warning", "critical"], reopened: true });
  expect(entryOf(reopened, "temperature_high").title).toContain("open again");
});

test("merged: which alert it joined", () => {
  const detail = { into: "other", reason: "late readings join its episode", because: BECAUSE };
  expect(entryOf({ at: AT, action: "alert.merged", actor: null, detail }, "temperature_high")).toMatchObject({
    title: "Merged into another alert",
    ...detail,
  });
});

test("withdrawn and closed: for which reason", () => {
  const detail = { reason: "late readings show that there was no exposure", because: BECAUSE };
  const withdrawn: AlertChange = { at: AT, action: "alert.withdrawn", actor: null, detail };
  expect(entryOf(withdrawn, "temperature_high")).toMatchObject({ title: "Withdrawn", ...detail });
  const closed: AlertChange = {
    at: AT,
    action: "alert.closed",
    actor: null,
    detail: { reason: "heard again" },
  };
  expect(entryOf(closed, "silence")).toMatchObject({
    title: "Closed",
    reason: "heard again",
    because: null,
  });
});

test("acknowledged: by whom and why", () => {
  const [by, reason] = ["quality@example.org", "Moved to the cold room"];
  expect(
    entryOf({ at: AT, action: "alert.acknowledged", actor: by, detail: { reason } }, "temperature_high"),
  ).toMatchObject({ title: "Acknowledged", by, reason });
});

test("an entry that the page has never heard of is still named", () => {
  const escalated = { at: AT, action: "alert.passed_on", actor: null, detail: {} } as unknown as AlertChange;
  expect(entryOf(escalated, "silence")).toMatchObject({ title: "Passed on", differences: [] });
});
