import { expect, test } from "vitest";
import type { Command, TrackerLimits } from "../api/types";
import { limitsWords, saidWords } from "./said";

test.each<[Command, string]>([
  [{ kind: "acknowledge", first: 0, last: 99 }, "entries 0 to 99 of its log are kept here"],
  [{ kind: "resend", first: 7, last: 7 }, "send entry 7 of the log again"],
  [
    { kind: "read_log", from: "2026-03-03T09:10:01Z", to: "2026-03-03T09:39:59Z" },
    "send what its log holds of 3 Mar 2026, 09:10 to 09:39 UTC",
  ],
  [
    { kind: "thresholds", low_c: 2, high_c: 8, low_delay_min: 0, high_delay_min: 20 },
    "its own alarm is below 2 °C at once, above 8 °C after 20 min",
  ],
  [{ kind: "intervals", minutes: 15, per_uplink: 1 }, "measure every 15 min, send after 1 reading"],
  [{ kind: "clock", forward_s: -90 }, "set the clock 1 min 30 s back"],
  [{ kind: "clock", forward_s: 0 }, "its clock is right"],
  [{ kind: "flight", hours: 1 }, "send nothing for 1 hour"],
  [{ kind: "flight", hours: 0 }, "flight mode ends"],
  [{ kind: "identify", seconds: 5 }, "blink for 5 seconds, and say how it is"],
  [{ kind: "restart" }, "start anew"],
])("%j is said as %s", (command, words) => {
  expect(saidWords(command, "UTC").replaceAll("\u00a0", " ")).toBe(words);
});

test.each<[TrackerLimits, string]>([
  [
    { low_c: 2, high_c: 8, low_delay_min: 10, high_delay_min: 30 },
    "below 2 °C after 10 min, above 8 °C after 30 min",
  ],
  [{ low_c: 0, high_c: 25, low_delay_min: 0, high_delay_min: 0 }, "below 0 °C at once, above 25 °C at once"],
  [
    { low_c: -20.5, high_c: -0.01, low_delay_min: 59, high_delay_min: 0 },
    "below −20.5 °C after 59 min, above −0.01 °C at once",
  ],
  [
    { low_c: 15, high_c: 25, low_delay_min: 60, high_delay_min: 240 },
    "below 15 °C after 1 h, above 25 °C after 4 h",
  ],
])("the limits %j are said as %s", (limits, words) => {
  expect(limitsWords(limits).replaceAll("\u00a0", " ")).toBe(words);
});
