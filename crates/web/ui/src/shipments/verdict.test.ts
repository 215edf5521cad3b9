import { expect, test } from "vitest";
import type { Act, Alarm, Disposition, Shipment } from "../api/types";
import { limitsOf, summaryOf } from "./scene";
import { ACTS, actsOf, endings, verdict } from "./verdict";

const GOOD: Shipment = {
  id: "s",
  reference: "SH-1",
  status: "in_transit",
  on_hold: false,
  hold_reason: null,
  hold_reasons: [],
  forbidden: [],
  disposition: null,
  origin: null,
  destination: null,
  days_to_return: 14,
  cancelled: null,
  turned_back: null,
  profile: { id: "p", name: "Refrigerated", version: 1, range: { min_c: 2, max_c: 8 }, approved: true },
  last_reading: { measured_at: "2026-03-01T08:00:00Z", temperature_c: 5, humidity_pct: null, dev_eui: "a" },
  assessment: "no_excursion",
  coverage: null,
  open_alerts: 0,
  trackers: [{ dev_eui: "a", name: "Box 1", box: null, from: "2026-03-01T07:00:00Z", until: null }],
  box_count: 1,
  created_at: "2026-03-01T06:00:00Z",
};

const REJECTED: Disposition = {
  id: "d",
  decision: "reject",
  lifts_recall: false,
  by: "quality@example.org",
  at: "2026-03-01T09:00:00Z",
  meaning: "Rejected",
  reason: "Frozen",
  hold: "excursion",
  assessment: "excursion",
  digest: "0",
};

const LEFT = {
  dev_eui: "b",
  name: "Box 2",
  box: null,
  from: "2026-03-01T07:00:00Z",
  until: "2026-03-01T08:00:00Z",
};

test.each<[string, Partial<Shipment>, string, string]>([
  [
    "an excursion",
    { on_hold: true, hold_reason: "excursion", open_alerts: 2 },
    "bad",
    "Do not use: on hold because of an excursion",
  ],
  [
    "missing readings",
    { on_hold: true, hold_reason: "incomplete" },
    "bad",
    "Do not use: on hold because the record is incomplete",
  ],
  [
    "a rejection",
    { on_hold: true, hold_reason: "decision", disposition: REJECTED },
    "bad",
    "Do not use: rejected by quality",
  ],
  ["a hold without a reason", { on_hold: true }, "bad", "Do not use: on hold"],
  ["an open alert", { open_alerts: 1 }, "look", "Look now: one open alert"],
  ["open alerts", { open_alerts: 3 }, "look", "Look now: 3 open alerts"],
  ["no tracker", { trackers: [], last_reading: null }, "quiet", "Not monitored: no tracker is bound"],
  [
    "a tracker that left unheard",
    { trackers: [LEFT], last_reading: null },
    "quiet",
    "Not monitored: no tracker is bound",
  ],
  ["a tracker that left", { trackers: [LEFT] }, "quiet", "Not monitored any more: no tracker is bound"],
  ["one that left and one that rides", { trackers: [LEFT, ...GOOD.trackers] }, "good", "In range so far"],
  ["delivered without", { status: "delivered", trackers: [LEFT] }, "good", "No excursion on record"],
  ["a tracker never heard", { last_reading: null }, "unknown", "Nothing heard yet"],
  ["all in range", {}, "good", "In range so far"],
  ["delivered in range", { status: "delivered" }, "good", "No excursion on record"],
  ["released by quality", { assessment: "excursion" }, "look", "Excursion on record"],
  ["a gap", { assessment: "incomplete" }, "unknown", "No excursion known, but part is unknown"],
  ["not assessed yet", { assessment: null }, "unknown", "No excursion known, but part is unknown"],
])("with %s the page says first how it stands", (_, part, tone, headline) => {
  expect(verdict({ ...GOOD, ...part }, true)).toMatchObject({ tone, headline });
});

test("a hold outweighs everything else, and unknown is never called good", () => {
  for (const assessment of ["no_excursion", "excursion", "incomplete", null] as const) {
    for (const open_alerts of [0, 5]) {
      expect(verdict({ ...GOOD, assessment, open_alerts, on_hold: true }, true).headline).toMatch(
        /^Do not use/,
      );
      if (assessment !== "no_excursion")
        expect(verdict({ ...GOOD, assessment, open_alerts }, true).tone).not.toBe("good");
    }
  }
});

test("who reads of an excursion on record is told whether quality released it", () => {
  const advice = (disposition: Shipment["disposition"]) =>
    verdict({ ...GOOD, assessment: "excursion", disposition }, true).advice;
  expect(advice(null)).toMatch(/ask quality before it is used\.$/);
  expect(advice({ ...REJECTED, decision: "release" })).toMatch(/Quality released it all the same\.$/);
});

test.each<[Partial<Shipment>, string[]]>([
  [{ status: "draft" }, ["cancel"]],
  [{ status: "packed" }, ["cancel"]],
  [{ status: "packed", on_hold: true }, ["decide", "cancel"]],
  [{ status: "in_transit" }, ["turnBack"]],
  [{ status: "delivered", on_hold: true }, ["decide", "turnBack"]],
  [{ status: "delivered", turned_back: { at: "2026-03-01T09:00:00Z", reason: "refused" } }, []],
  [{ status: "received" }, ["decide"]],
  [{ status: "closed" }, []],
  [{ status: "closed", on_hold: true }, ["decide"]],
  [{ status: "cancelled" }, []],
])("of %j the page offers %j", (part, expected) => {
  const offered = Object.entries(endings({ ...GOOD, ...part })).filter(([, may]) => may);
  expect(offered.map(([what]) => what)).toEqual(expected);
});

const USE: Act[] = ["accept_into_stock", "dispense"];
const ONLY_QUARANTINE = "Accept into quarantine only. Do not put into stock, do not dispense";

test.each<[Shipment["hold_reason"], string, RegExp]>([
  ["excursion", ", until quality has decided.", /^The temperature left/],
  [
    "incomplete",
    ".",
    /The hold ends by itself when the missing readings arrive and show no excursion; otherwise quality decides\.$/,
  ],
  ["recall", ", until quality has decided.", /^Keep the goods apart\.$/],
  ["returned", ", until quality has decided.", /^Keep the goods apart when they are back\.$/],
  ["decision", ".", /^Quality has decided so, for good\.$/],
  [null, ", until quality has decided.", /^Keep the goods apart\.$/],
])("on hold for %s it says what is forbidden, and what is allowed all the same", (reason, until, advice) => {
  const held = verdict({ ...GOOD, on_hold: true, hold_reason: reason, forbidden: USE }, true);
  expect(held.rule).toBe(ONLY_QUARANTINE + until);
  expect(held.advice).toMatch(advice);
  expect(held.allowed).toBe("Still allowed: hand over to the next custodian, return to the consignor.");
});

test.each(Object.keys(ACTS))("the page has words for %s, forbidden or not", (act) => {
  const words = ACTS[act as Act];
  expect(actsOf([act]).rule).toContain(`o not ${words}`);
  expect(actsOf([act]).allowed).not.toContain(words);
});

test("an act that the page has never heard of is forbidden all the same", () => {
  expect(actsOf([...USE, "sell_abroad"]).rule).toBe(`${ONLY_QUARANTINE}, do not sell abroad`);
});

const ALARM: Omit<Alarm, "name"> = {
  quantity: "temperature",
  inclusive: false,
  exposure: "single",
  delay: "30m",
  start_delay: "0s",
  severity: "critical",
};

test("alarm limits on temperature are lines, one for each limit, with the words of all its alarms", () => {
  const limits = limitsOf({
    id: "p",
    name: "Refrigerated",
    version: 1,
    approved: null,
    definition: {
      name: "Refrigerated",
      max_gap: "40m",
      alarm: [
        { ...ALARM, name: "warm", above: 8, severity: "warning" },
        { ...ALARM, name: "too warm", above: 8 },
        { ...ALARM, name: "freezing", below: -0.5, inclusive: true },
        { ...ALARM, name: "damp", quantity: "humidity", above: 80 },
      ],
    },
  });
  expect(limits).toEqual([
    { at: 8, label: "warm, too warm > 8\u00a0°C" },
    { at: -0.5, label: "freezing ≤ −0.5\u00a0°C" },
  ]);
  expect(limitsOf(null)).toEqual([]);
});

test("who does not see the chart is told what it shows", () => {
  expect(summaryOf([], [])).toBe("Temperature chart without readings.");
});

test("a recall does not hide what readings say", () => {
  const advice = (...reasons: Shipment["hold_reasons"]) =>
    verdict({ ...GOOD, on_hold: true, hold_reason: "recall", hold_reasons: reasons }, true).advice;
  expect(advice("recall")).toBe("Keep the goods apart.");
  expect(advice("recall", "excursion")).toMatch(/Apart from the recall, the temperature left 2 to 8/);
  expect(advice("recall", "incomplete")).toContain("unknown for part of the time");
});

test("a courier is told what it means that nobody measures, and a packer what to do about it", () => {
  const courier = ["Keep them at their range", "Keep the boxes at their range"];
  const unmonitored: Partial<Shipment>[] = [{ trackers: [], last_reading: null }, { trackers: [LEFT] }];
  unmonitored.forEach((part, index) => {
    expect(verdict({ ...GOOD, ...part }, true).advice).toMatch(/Bind (a tracker|the next one) below/);
    const advice = verdict({ ...GOOD, ...part }, false).advice;
    expect(advice).toContain(courier[index]);
    expect(advice).not.toMatch(/bind/i);
  });
});
