import { describe, expect, test } from "vitest";
import { age, duration, fromInput, localTime, toInput, utcTime, zoneName } from "./words";

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

test("a time typed in is local and sent as UTC in whole seconds", () => {
  const ms = Date.parse("2026-05-04T10:20:00Z");
  expect(fromInput(toInput(ms))).toBe("2026-05-04T10:20:00Z");
  expect(fromInput("")).toBeNull();
});
