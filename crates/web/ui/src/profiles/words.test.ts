import { expect, test } from "vitest";
import type { Alarm, ProfileDefinition } from "../api/types";
import {
  alarmRule,
  allowanceRule,
  coverageRule,
  freezeThawRule,
  kineticRule,
  neverAllowed,
  span,
} from "./words";

const plain = (words: string | null) => words?.replaceAll("\u00a0", " ");

const ALARM: Alarm = {
  name: "too warm",
  quantity: "temperature",
  above: 8,
  inclusive: false,
  exposure: "single",
  delay: "30m",
  start_delay: "0s",
  severity: "critical",
};

test.each([
  ["40m", "40 min"],
  ["90s", "90 s"],
  ["1d", "1 d"],
  ["soon", "soon"],
])("%s is %s, never rounded", (written, words) => {
  expect(plain(span(written))).toBe(words);
});

test.each<[Partial<Alarm>, string]>([
  [{}, "above 8 °C for 30 min without a break"],
  [{ hysteresis_c: 0.2 }, "above 8 °C for 30 min without a break; over when it is back at 7.8 °C"],
  [
    { above: undefined, below: 2, hysteresis_c: 0.1, delay: "0s" },
    "below 2 °C at once; over when it is back at 2.1 °C",
  ],
  [{ above: 30, inclusive: true, exposure: "cumulative", delay: "10h" }, "at or above 30 °C for 10 h in all"],
  [{ start_delay: "10m" }, "above 8 °C for 30 min without a break; nothing counts in the first 10 min"],
  [{ quantity: "humidity", above: 70, delay: "1h" }, "relative humidity above 70 % for 1 h without a break"],
  [{ quantity: "shock", above: 50, delay: "0s" }, "a shock above 50 g at once"],
  [{ quantity: "light", above: 10, delay: "0s" }, "light above 10 lux at once"],
  [
    { above: undefined, below: -0.5, inclusive: true, delay: "60m" },
    "at or below −0.5 °C for 60 min without a break",
  ],
])("an alarm with %j is said as it is", (fields, words) => {
  expect(plain(alarmRule({ ...ALARM, ...fields }))).toBe(words);
});

const DEFINITION: ProfileDefinition = {
  name: "n",
  max_gap: "40m",
  range: { min_c: 2, max_c: 8 },
  allowance: [
    { name: "a", up_to_c: 25, total: "3d" },
    { name: "b", up_to_c: 30, total: "1d" },
  ],
};

test("allowances say how far, for how long, and what is never allowed", () => {
  expect(DEFINITION.allowance?.map(allowanceRule).map(plain)).toEqual([
    "above the range up to 25 °C: at most 3 d in all",
    "above the range up to 30 °C: at most 1 d in all",
  ]);
  expect(plain(allowanceRule({ name: "c", down_to_c: 0, total: "unlimited" }))).toBe(
    "below the range down to 0 °C: without limit in time",
  );
  expect(plain(neverAllowed(DEFINITION))).toBe("never above 30 °C, never below 2 °C");
  expect(plain(neverAllowed({ ...DEFINITION, range: { max_c: 8 } }))).toBe("never above 30 °C");
  expect(neverAllowed({ name: "n", max_gap: "40m" })).toBeNull();
});

test("cycles, the kinetic mean and coverage", () => {
  const thaw = (at_most: number) => plain(freezeThawRule({ at_most, below_c: -0.5, above_c: 0.5 }));
  expect(thaw(2)).toBe("at most 2 cycles of freezing (below −0.5 °C) and thawing (above 0.5 °C)");
  expect(thaw(0)).toMatch(/^no cycle of/);
  const mkt = { limit_c: 8, window: "24h", activation_energy_kj_per_mol: 83.144 };
  expect(plain(kineticRule(mkt))).toMatch(/^at most 8 °C in the worst 24 h, with 83.144 kJ\/mol/);
  expect(coverageRule(DEFINITION)).toBe("all of the time must be known before a release");
  expect(plain(coverageRule({ ...DEFINITION, coverage: { min_for_release_pct: 95 } }))).toBe(
    "at least 95 % of the time must be known before a release",
  );
});
