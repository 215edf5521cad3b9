import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { backoff } from "./backoff";
import { coalesce } from "./coalesce";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a burst of changes is one refresh", async () => {
  const run = vi.fn(() => Promise.resolve());
  const soon = coalesce(run, 100, 1000);
  for (let n = 0; n < 50; n += 1) soon();
  await vi.advanceTimersByTimeAsync(99);
  expect(run).toHaveBeenCalledTimes(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(run).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(5000);
  expect(run).toHaveBeenCalledTimes(1);
});

test("an endless stream of changes refreshes at most once in the interval, and does not starve", async () => {
  const run = vi.fn(() => Promise.resolve());
  const soon = coalesce(run, 100, 1000);
  for (let ms = 0; ms < 5000; ms += 50) {
    soon();
    await vi.advanceTimersByTimeAsync(50);
  }
  expect(run).toHaveBeenCalledTimes(5);
});

test("a change during a refresh causes another, after it, even if the first failed", async () => {
  let fail: (why: Error) => void = () => undefined;
  const run = vi.fn(() => new Promise<void>((_, reject) => (fail = reject)));
  const soon = coalesce(run, 100, 100);
  soon();
  await vi.advanceTimersByTimeAsync(100);
  soon();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(run).toHaveBeenCalledTimes(1);
  fail(new Error("away"));
  await vi.advanceTimersByTimeAsync(100);
  expect(run).toHaveBeenCalledTimes(2);
});

test("after the end nothing runs", async () => {
  const run = vi.fn(() => Promise.resolve());
  const soon = coalesce(run, 100, 100);
  soon();
  soon.cancel();
  soon();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(run).not.toHaveBeenCalled();
});

test("reconnecting waits longer each time, up to a bound, and never not at all", () => {
  const least = [1, 2, 3, 4, 50].map((failures) => backoff(failures, 0));
  const most = [1, 2, 3, 4, 50].map((failures) => backoff(failures, 1));
  expect(least).toEqual([500, 1000, 2000, 4000, 10_000]);
  expect(most).toEqual([1000, 2000, 4000, 8000, 20_000]);
});
