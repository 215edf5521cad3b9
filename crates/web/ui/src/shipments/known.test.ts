import { expect, test } from "vitest";
import type { Episode, PastAssessment, SpanAssessment } from "../api/types";
import { localTime } from "../time/words";
import { knownWhen, type QuantityOf } from "./known";

/** `10:30` of one day. */
const at = (time: string) => `2026-03-01T${time}:00Z`;
const said = (time: string) => localTime(at(time));

function episode(alarm: string, began: string, ended: string | null, minutes: number): Episode {
  return {
    alarm,
    severity: "critical",
    began_at: at(began),
    alarmed_at: at(began),
    ended_at: ended === null ? null : at(ended),
    exposure_s: minutes * 60,
    extreme_c: 9.5,
  };
}

function past(
  episodes: Episode[],
  of: Partial<PastAssessment> = {},
  assessment: Partial<SpanAssessment> = {},
): PastAssessment {
  return {
    recorded_at: at("12:00"),
    dev_eui: "a",
    cause: "readings",
    because: "1 reading of 2026-03-01 11:00:00 UTC arrived",
    new_readings: 1,
    measured_from: at("11:00"),
    measured_to: at("11:00"),
    settled_until: null,
    ...of,
    assessment: {
      from: at("06:00"),
      to: at("12:00"),
      readings: 20,
      min_c: 4,
      max_c: 9.5,
      mean_c: 5,
      mkt_c: null,
      coverage: { in_range_s: 20_000, out_of_range_s: 1600, unknown_s: 0 },
      episodes,
      exposures: [],
      mkt_windows: [],
      assessment: "excursion",
      ...assessment,
    },
  };
}

const quantityOf: QuantityOf = (alarm) => (alarm === "damp" ? "humidity" : "temperature");

/** What the first of them says against the others, a line each: `what: from > to`. */
function lines(latestFirst: PastAssessment[], isAll = true, of = quantityOf): string[] | null {
  const [known] = knownWhen(latestFirst, isAll, of);
  const line = ({ what, from, to }: { what: string; from: string | null; to: string }) =>
    `${what}: ${from === null ? "" : `${from} > `}${to}`.replaceAll("\u00a0", " ");
  return known?.differences?.map(line) ?? null;
}

const WARM = episode("too warm", "09:10", "09:50", 40);

test("verdict, time out of range and unknown time are told from what to what, and what stayed is not", () => {
  const coverage = { in_range_s: 14_000, out_of_range_s: 600, unknown_s: 7200 };
  const before = past([], {}, { assessment: "incomplete", coverage });
  expect(lines([past([]), before])).toEqual([
    "Verdict: Incomplete > Excursion",
    "Out of range: 10 min > 26 min",
    "Unknown: 2 h > 0 s",
  ]);
  expect(lines([past([]), past([])])).toEqual([]);
});

test("a change of seconds is told as such", () => {
  const later = past([], {}, { coverage: { in_range_s: 0, out_of_range_s: 1615, unknown_s: 0 } });
  expect(lines([later, past([])])).toEqual(["Out of range: 26 min 40 s > 26 min 55 s"]);
});

test("the first of a ride says all that it knew", () => {
  const [first] = knownWhen([past([WARM])], true, quantityOf);
  expect(first?.isFirst).toBe(true);
  expect(lines([past([WARM])])).toEqual([
    "Out of range: 26 min",
    "Unknown: 0 s",
    `“too warm” of ${said("09:10")}: added, 40 min, extreme 9.50 °C, alarmed ${said("09:10")}`,
  ]);
});

test.each<[string, Episode[], Episode[], string[]]>([
  [
    "added while it lasts",
    [],
    [{ ...episode("too warm", "09:10", null, 40), alarmed_at: null }],
    ["added, 40 min so far, extreme 9.50 °C, alarm's delay not reached"],
  ],
  ["removed", [WARM], [], ["removed"]],
  [
    "extended at its beginning",
    [WARM],
    [episode("too warm", "09:00", "09:50", 50)],
    [
      `extended from 40 min to 50 min, began ${said("09:00")} instead of ${said("09:10")}, ` +
        `alarmed ${said("09:00")} instead of ${said("09:10")}`,
    ],
  ],
  [
    "shortened at its end",
    [WARM],
    [episode("too warm", "09:10", "09:30", 20)],
    [`shortened from 40 min to 20 min, ended ${said("09:30")} instead of ${said("09:50")}`],
  ],
  [
    "over now",
    [episode("too warm", "09:10", null, 30)],
    [WARM],
    [`extended from 30 min to 40 min, ended ${said("09:50")}`],
  ],
  ["going on after all", [WARM], [{ ...WARM, ended_at: null }], ["goes on after all"]],
  ["alarmed at last", [{ ...WARM, alarmed_at: null }], [WARM], [`alarmed ${said("09:10")}`]],
  [
    "too short for its alarm",
    [WARM],
    [{ ...WARM, alarmed_at: null }],
    ["alarm's delay not reached after all"],
  ],
  ["worse", [WARM], [{ ...WARM, extreme_c: 12 }], ["extreme 12.00 °C instead of 9.50 °C"]],
  [
    "moist and worse",
    [{ ...WARM, alarm: "damp" }],
    [{ ...WARM, alarm: "damp", extreme_c: 81 }],
    ["extreme 81.0 % instead of 9.5 %"],
  ],
  ["as it was", [WARM], [{ ...WARM }], []],
  [
    "joined with a later one",
    [WARM, episode("too warm", "10:10", "10:30", 20)],
    [episode("too warm", "09:10", "10:30", 80)],
    [
      `extended from 40 min to 1 h 20 min, ended ${said("10:30")} instead of ${said("09:50")}`,
      `joined with the one of ${said("09:10")}`,
    ],
  ],
  [
    "split",
    [episode("too warm", "09:10", "10:30", 80)],
    [WARM, episode("too warm", "10:10", "10:30", 20)],
    [
      `shortened from 1 h 20 min to 40 min, ended ${said("09:50")} instead of ${said("10:30")}`,
      `split off, 20 min, extreme 9.50 °C, alarmed ${said("10:10")}`,
    ],
  ],
  [
    "another alarm's",
    [WARM],
    [WARM, { ...WARM, alarm: "warm" }],
    [`added, 40 min, extreme 9.50 °C, alarmed ${said("09:10")}`],
  ],
])("an episode that is %s", (_, before, now, words) => {
  const [known] = knownWhen([past(now), past(before)], true, quantityOf);
  expect(known?.differences?.map(({ to }) => to.replaceAll("\u00a0", " "))).toEqual(words);
});

test("an episode that is over and no longer listed is not removed", () => {
  const before = past([WARM]);
  expect(lines([past([], { settled_until: at("10:00") }), before])).toEqual([]);
  expect(lines([past([], { settled_until: at("09:30") }), before])?.[0]).toContain("removed");
});

test("one that is listed again, since late readings had everything folded anew, is not added", () => {
  const between = past([], { settled_until: at("10:00") });
  const cold = episode("too cold", "07:00", "07:10", 10);
  const anew = past([cold, WARM], { cause: "late_readings", settled_until: at("06:30") });
  expect(lines([anew, between, past([WARM])])).toEqual([
    `“too cold” of ${said("07:00")}: added, 10 min, extreme 9.50 °C, alarmed ${said("07:00")}`,
  ]);
});

test("of one that never alarmed and may have been known, and of one whose past is not loaded, nothing is claimed", () => {
  const between = past([], { settled_until: at("10:00") });
  const short = { ...episode("too cold", "07:00", "07:10", 10), alarmed_at: null };
  expect(lines([past([short]), between])).toEqual([]);
  expect(lines([past([WARM]), between], false)).toEqual([]);
});

test("without the alarm's quantity its extreme is left out", () => {
  expect(lines([past([WARM]), past([])], true, () => null)).toEqual([
    `“too warm” of ${said("09:10")}: added, 40 min, alarmed ${said("09:10")}`,
  ]);
});

test("each is held against the one before of the same ride of the same tracker", () => {
  const other = past([], { dev_eui: "b" }, { assessment: "no_excursion" });
  const ridAgain = past([], {}, { from: at("11:00") });
  const list = [past([WARM]), other, ridAgain, past([WARM])];
  const known = knownWhen(list, true, quantityOf);
  expect(known.map(({ isFirst }) => isFirst)).toEqual([false, true, true, true]);
  expect(known[0]?.differences).toEqual([]);
});

test("nothing is said of what changed while the one before is on a page that is not loaded", () => {
  const [known] = knownWhen([past([WARM])], false, quantityOf);
  expect(known).toMatchObject({ isFirst: false, differences: null });
});
