import { expect, test } from "vitest";
import type { Tracker, TrackerSensed, TrackerStatus } from "../api/types";
import { batteryWords, clockWords, heldWords, lookAfter, paceWords, sensingWords } from "./status";

const STATUS: TrackerStatus = {
  received_at: "2026-03-01T08:00:00Z",
  firmware: "1.2.3",
  battery_pct: 87,
  mode: "measuring",
  faulty: false,
  restarted_by: "power_on",
  restarted_at: null,
  restart_received_at: null,
  next: 30,
  held: 30,
  clock_within_s: 4,
};
const TRACKER: Tracker = {
  dev_eui: "0102030405060708",
  name: "Box 17",
  codec: "isotherm",
  mapping: null,
  interval_s: 900,
  pool: "available",
  last_ride: null,
  returned_at: null,
  lost_at: null,
  heard_at: "2026-03-01T08:00:00Z",
  status: STATUS,
  setup: null,
  sensed: null,
};
const SENSED_WELL: TrackerSensed = {
  at: "2026-03-01T08:00:00Z",
  battery_pct: 87,
  battery_v: null,
  battery_low: null,
  open: false,
  light_lux: null,
  moving: null,
  tampered: null,
  sensor_failed: false,
  case_temperature_c: null,
  case_humidity_pct: null,
};

test("a battery is said as its tracker measures it, and a shock with its peak", () => {
  expect(batteryWords(SENSED_WELL)).toBe("87 % left");
  expect(batteryWords({ ...SENSED_WELL, battery_pct: null, battery_v: 3.048 })).toBe("3.05 V");
  expect(batteryWords({ ...SENSED_WELL, battery_pct: null })).toBe("");
  const told = { at: SENSED_WELL.at, received_at: SENSED_WELL.at };
  expect(sensingWords({ ...told, what: "shock", shock_g: 2.5 })).toBe("a shock of 2.5 g");
  expect(sensingWords({ ...told, what: "opened", shock_g: null })).toBe("opened");
});

test.each<[number | null, string]>([
  [null, "not set yet"],
  [4, "right within 4 s"],
  [254, "may be wrong by more than 4 min"],
])("a clock within %j is said as %s", (within, words) => {
  expect(clockWords(within)).toBe(words);
});

test.each<[number, number, string]>([
  [0, 0, "nothing"],
  [30, 0, "nothing"],
  [1, 1, "entry 0"],
  [30, 1, "entry 29"],
  [117, 117, "entries 0 to 116"],
  [70_000, 65_534, "entries 4466 to 69999"],
  [70_000, 65_535, "more than 65,000 entries, up to 69999"],
])("with %i as its next number and %i held its log holds %s", (next, held, words) => {
  expect(heldWords({ next, held })).toBe(words);
});

test("a pace says both, how often it measures and how often it sends", () => {
  expect(paceWords({ minutes: 15, per_uplink: 2 })).toBe("every 15 min, sent every 30 min");
});

test.each<[Partial<Tracker>, string, string[]]>([
  [{}, "2026-03-03T07:59:59Z", []],
  [{}, "2026-03-03T08:00:00Z", ["not heard for 2 d"]],
  [{ pool: "lost" }, "2026-03-09T08:00:00Z", []],
  [{ heard_at: null, status: null }, "2026-03-09T08:00:00Z", []],
  [{ status: { ...STATUS, mode: "shelf" } }, "2026-03-09T08:00:00Z", []],
  [{ status: { ...STATUS, faulty: true } }, "2026-03-01T09:00:00Z", ["broken"]],
  [{ status: { ...STATUS, battery_pct: 20 } }, "2026-03-01T09:00:00Z", []],
  [{ status: { ...STATUS, battery_pct: 19 } }, "2026-03-01T09:00:00Z", ["battery 19 %"]],
  [{ status: { ...STATUS, battery_pct: null } }, "2026-03-01T09:00:00Z", []],
  [{ status: null, sensed: SENSED_WELL }, "2026-03-01T09:00:00Z", []],
  [{ status: null, sensed: { ...SENSED_WELL, sensor_failed: null } }, "2026-03-01T09:00:00Z", []],
  [{ status: null, sensed: { ...SENSED_WELL, battery_pct: 19 } }, "2026-03-01T09:00:00Z", ["battery 19 %"]],
  [
    { status: null, sensed: { ...SENSED_WELL, battery_pct: null, battery_low: true, sensor_failed: true } },
    "2026-03-01T09:00:00Z",
    ["a thermometer does not measure", "battery low"],
  ],
])("%j at %s is looked after for %j", (change, now, words) => {
  expect(lookAfter({ ...TRACKER, ...change }, Date.parse(now))).toEqual(words);
});
