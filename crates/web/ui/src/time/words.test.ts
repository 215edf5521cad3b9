import { describe, expect, test } from "vitest";
import because from "../../../../domain/src/because.rs?raw";
import {
  age,
  dayEnd,
  dayStart,
  duration,
  exactDuration,
  exactTime,
  fromInput,
  inLocalTime,
  localSpan,
  localTime,
  toInput,
  utcTime,
  zoneName,
} from "./words";

test.each([
  [0, "0 s"],
  [59, "59 s"],
  [60, "1 min"],
  [3599, "59 min"],
  [3600, "1 h"],
  [7500, "2 h 5 min"],
  [172_799, "47 h 59 min"],
  [172_800, "2 d"],
  [273_600, "3 d 4 h"],
  [-5, "0 s"],
])("%i seconds are %s", (seconds, words) => {
  expect(duration(seconds)).toBe(words);
});

test.each([
  [0, "0 s"],
  [7507, "2 h 5 min 7 s"],
  [3600, "1 h"],
  [3607, "1 h 7 s"],
  [176_460, "49 h 1 min"],
])("%i seconds are exactly %s", (seconds, words) => {
  expect(exactDuration(seconds)).toBe(words);
});

describe("age", () => {
  const now = Date.parse("2026-03-01T12:00:00Z");
  test.each([
    ["2026-03-01T11:59:51Z", "just now"],
    ["2026-03-01T11:59:50Z", "10 s ago"],
    ["2026-03-01T11:55:00Z", "5 min ago"],
    ["2026-03-01T12:05:00Z", "in 5 min"],
  ])("%s is %s", (at, words) => {
    expect(age(at, now)).toBe(words);
  });

  test("of a time that is ahead by no more than the clock may be behind nothing is made", () => {
    const ahead = (ms: number) => new Date(now + ms).toISOString();
    expect(age(ahead(120_000), now, 120_000)).toBe("just now");
    expect(age(ahead(121_000), now, 120_000)).toBe("in 2 min");
    expect(age(ahead(-121_000), now, 600_000)).toBe("2 min ago");
  });
});

describe("a time is shown in its zone, by name, and again in UTC", () => {
  test.each([
    ["2026-01-15T08:00:00Z", "Europe/Zurich", "15 Jan 2026, 09:00 CET"],
    ["2026-07-15T22:30:00Z", "Europe/Zurich", "16 Jul 2026, 00:30 CEST"],
    ["2026-01-15T08:00:00Z", "UTC", "15 Jan 2026, 08:00 UTC"],
  ])("%s in %s", (at, zone, words) => {
    expect(localTime(at, zone)).toBe(words);
    expect(words.endsWith(zoneName(Date.parse(at), zone))).toBe(true);
  });

  test("UTC to the second", () => {
    expect(utcTime("2026-01-15T08:00:07Z")).toBe("2026-01-15 08:00:07 UTC");
  });
});

test.each([
  ["2026-03-03T08:10:00Z", "2026-03-03T08:40:00Z", "3 Mar 2026, 09:10 to 09:40 CET"],
  ["2026-03-03T08:10:00Z", "2026-03-03T08:10:30Z", "3 Mar 2026, 09:10 CET"],
  ["2026-03-03T22:10:00Z", "2026-03-03T23:20:00Z", "3 Mar 2026, 23:10 CET to 4 Mar 2026, 00:20 CET"],
  ["2026-03-29T00:10:00Z", "2026-03-29T01:20:00Z", "29 Mar 2026, 01:10 CET to 29 Mar 2026, 03:20 CEST"],
])("the span from %s to %s", (from, to, words) => {
  expect(localSpan(from, to, "Europe/Zurich")).toBe(words);
});

test("what minutes do not tell apart is told to the second", () => {
  expect(exactTime("2026-01-15T08:00:07Z", "Europe/Zurich")).toBe("15 Jan 2026, 09:00:07 CET");
});

test.each([
  ["1 reading of 1970-01-01 00:00:00 UTC arrived", "1 reading of 1 Jan 1970, 01:00 CET arrived"],
  [
    "3 readings of 1970-01-01 00:00:00 to 1970-01-01 01:00:00 UTC arrived late",
    "3 readings of 1 Jan 1970, 01:00 to 02:00 CET arrived late",
  ],
  ["time passed without a reading", "time passed without a reading"],
])("the service says that %s", (said, words) => {
  expect(because).toContain(`"${said}"`);
  expect(inLocalTime(said, "Europe/Zurich")).toBe(words);
});

test("a time typed in is local and sent as UTC in whole seconds", () => {
  const ms = Date.parse("2026-05-04T10:20:00Z");
  expect(fromInput(toInput(ms))).toBe("2026-05-04T10:20:00Z");
  expect(fromInput("")).toBeNull();
});

test("a day that was chosen lasts from its first second until the next day's, by the clock on the wall", () => {
  expect(dayStart("2026-03-31")).toBe(fromInput("2026-03-31T00:00"));
  expect(dayEnd("2026-03-31")).toBe(fromInput("2026-04-01T00:00"));
  expect(dayEnd("2026-12-31")).toBe(fromInput("2027-01-01T00:00"));
  expect([dayStart(""), dayEnd(""), dayEnd("2026-13-01")]).toEqual([null, null, null]);
});
