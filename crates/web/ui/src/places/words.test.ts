import { expect, test } from "vitest";
import type { Position, Whereabouts } from "../api/types";
import { darkStretches, metres, monitoring, progress } from "./words";

const POSITION: Position = {
  at: "2026-03-01T08:00:00Z",
  lat: 48,
  lon: 11.5,
  accuracy_m: 30000,
  source: "gateway",
  dev_eui: null,
};

function asked(state: Whereabouts["monitoring"], last_position: Position | null): string {
  return monitoring({ monitoring: state, last_position, visits: [], standing: [], legs: [] });
}

test("without a position the page never says that a box is on its way", () => {
  expect(asked("not_monitored", null)).toBe(
    "Not monitored: no position has come. Nobody can tell where it is.",
  );
  expect(asked("unknown", POSITION)).toContain("Unknown where it is: the last position is too old.");
});

test("a position is told with how good it is", () => {
  expect(asked("monitored", POSITION)).toBe(
    "It was within 30 km of a gateway that heard its tracker (48, 11.5).",
  );
  expect(asked("monitored", { ...POSITION, source: "van_gateway", accuracy_m: 900 })).toContain(
    "within 900 m of where the gateway in its vehicle was",
  );
  expect(asked("monitored", { ...POSITION, source: "network", accuracy_m: 40 })).toBe(
    "It was within 40 m of a known point (48, 11.5).",
  );
});

test.each([
  [999, "999 m"],
  [1000, "1 km"],
  [1540, "1.5 km"],
])("%i m is %s", (m, words) => expect(metres(m)).toBe(words));

test.each([
  ["", []],
  ["10m-30m", [{ from: "10m", to: "30m" }]],
  [
    "10m to 30m, 1h – 2h,",
    [
      { from: "10m", to: "30m" },
      { from: "1h", to: "2h" },
    ],
  ],
  ["10-30m", null],
  ["soon", null],
])("%j as dark stretches", (written, expected) => expect(darkStretches(written)).toEqual(expected));

test("a leg says why no arrival is expected", () => {
  const leg = { number: 1, departed_at: null, arrived_at: null, off_route: [], expected: null };
  expect(progress({ ...leg, not_expected_because: "nobody saw it leave" })).toBe(
    "No arrival expected: nobody saw it leave",
  );
  const arrived = { ...leg, arrived_at: "2026-03-01T08:00:00Z", not_expected_because: "it has arrived" };
  expect(progress(arrived)).toBe("Arrived");
});
