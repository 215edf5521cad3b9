import { expect, test } from "vitest";
import { ServiceClock } from "./clock";

const NOON = Date.parse("2026-03-01T12:00:00Z");

test("before the service was heard there is no time", () => {
  expect(new ServiceClock().now(5000)).toBeNull();
});

test("one look gives the offset, and time goes on at its own pace", () => {
  const clock = new ServiceClock();
  clock.learn(NOON, 1000);
  expect(clock.now(1000)).toBe(NOON);
  expect(clock.now(61_000)).toBe(NOON + 60_000);
});

test("a service that runs sixty times faster is known after the second look", () => {
  const clock = new ServiceClock();
  clock.learn(NOON, 0);
  expect(clock.isSettled).toBe(false);
  clock.learn(NOON + 300_000, 5000);
  expect(clock.isSettled).toBe(true);
  expect(clock.rate).toBe(60);
  expect(clock.now(6000)).toBe(NOON + 360_000);
});

test("a slow first answer leaves the rate in doubt, and the next sharp ones mend it", () => {
  const clock = new ServiceClock();
  // Asked at 0 and answered at 4000 with the time of the beginning: half of the wait is off.
  clock.learn(NOON, 2000, 2000);
  clock.learn(NOON + 120 * 5000, 5000, 20);
  expect(clock.isFast).toBe(true);
  expect(Math.abs(clock.rate - 120)).toBeGreaterThan(50);
  clock.learn(NOON + 120 * 7000, 7000, 20);
  expect(Math.abs(clock.rate - 120)).toBeLessThan(3);
  clock.learn(NOON + 120 * 15_000, 15_000, 20);
  expect(Math.abs(clock.rate - 120)).toBeLessThan(1);
  expect(Math.abs((clock.now(20_000) ?? 0) - (NOON + 120 * 20_000))).toBeLessThan(5000);
  // And a slow one later spoils nothing.
  clock.learn(NOON + 120 * 44_000, 45_500, 1500);
  expect(Math.abs(clock.rate - 120)).toBeLessThan(1);
});

test("slow answers alone are no demonstration", () => {
  const clock = new ServiceClock();
  clock.learn(NOON, 2000, 2000);
  clock.learn(NOON + 5000, 5000, 20);
  expect(clock.isFast).toBe(false);
  expect(clock.rate).toBe(1);
});

test("times cut to whole seconds are not taken for another speed", () => {
  const clock = new ServiceClock();
  clock.learn(NOON, 900);
  clock.learn(NOON + 5000, 5100);
  expect(clock.rate).toBe(1);
  expect(clock.now(5100)).toBe(NOON + 5000);
});

test.each([
  ["backwards", NOON - 3_600_000],
  ["forwards", NOON + 36_000_000],
])("a clock that jumps %s is followed, not averaged", (_, jumped) => {
  const clock = new ServiceClock();
  clock.learn(NOON, 0);
  clock.learn(NOON + 30_000, 30_000);
  clock.learn(jumped, 60_000);
  expect(clock.now(60_000)).toBe(jumped);
  clock.learn(jumped + 30_000, 90_000);
  expect(clock.rate).toBe(1);
  expect(clock.now(91_000)).toBe(jumped + 31_000);
});

test("an answer that is no time changes nothing", () => {
  const clock = new ServiceClock();
  clock.learn(NOON, 0);
  clock.learn(NaN, 1000);
  expect(clock.now(0)).toBe(NOON);
});
