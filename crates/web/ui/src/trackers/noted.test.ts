import { expect, test } from "vitest";
import type { Noted } from "../api/types";
import { notedWords } from "./noted";

test.each<[Noted, string]>([
  [{ what: "event", kind: "alarm_high", value: 31 }, "its own alarm: too warm, by 3.1 °C"],
  [{ what: "event", kind: "shock", value: 255 }, "a shock of more than 25 g"],
  [{ what: "event", kind: "restarted", value: 2 }, "restarted: its watchdog"],
  [{ what: "event", kind: "restarted", value: 99 }, "restarted: for another reason"],
  [{ what: "event", kind: "clock_set", value: 7 }, "clock set, by 7 s"],
  [{ what: "event", kind: "self_test", value: 0 }, "it tested itself: all is well"],
  [
    { what: "event", kind: "self_test", value: 16 },
    "it tested itself: its log failed and it must be replaced",
  ],
  [
    { what: "event", kind: "self_test", value: 0b0_0111 },
    "it tested itself: its thermometer, humidity sensor and motion sensor failed and it must be replaced",
  ],
  [
    { what: "event", kind: "self_test", value: 128 },
    "it tested itself: its parts failed and it must be replaced",
  ],
  [{ what: "lost", first: 7, last: 7 }, "entry 7 of its log is lost"],
  [{ what: "lost", first: 7, last: 9 }, "entries 7 to 9 of its log are lost"],
])("%j is said as %s", (noted, words) => {
  expect(notedWords(noted)).toBe(words);
});
