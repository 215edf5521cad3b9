/** What a tracker wrote down of itself, in words. */
import type { Noted, RestartCause, TrackerEvent } from "../api/types";
import { entries } from "./said";
import { RESTART } from "./status";

/** 255 stands for what is more. */
function tenths(value: number, unit: string): string {
  return value === 255 ? `more than 25 ${unit}` : `${(value / 10).toFixed(1)} ${unit}`;
}

/** As docs/wire-format.md numbers them. */
const CAUSES: RestartCause[] = ["power_on", "brown_out", "watchdog", "software", "pin", "fault"];

function causeWords(value: number): string {
  const cause = CAUSES[value];
  return cause ? RESTART[cause] : "for another reason";
}

const LIST = new Intl.ListFormat("en-GB");
const PARTS = ["thermometer", "humidity sensor", "motion sensor", "light sensor", "log"];

const WORDS: Record<TrackerEvent, (value: number) => string> = {
  alarm_high: (value) => `its own alarm: too warm, by ${tenths(value, "°C")}`,
  alarm_low: (value) => `its own alarm: too cold, by ${tenths(value, "°C")}`,
  alarm_ended: () => "its own alarm is over",
  case_opened: () => "the case was opened",
  case_closed: () => "the case was closed",
  light: () => "the box was opened: light",
  dark: () => "dark again",
  shock: (value) => `a shock of ${tenths(value, "g")}`,
  turned: () => "turned over",
  started: () => "started by its button",
  stopped: () => "stopped by its button",
  battery_low: (value) => `battery low: ${value} %`,
  restarted: (value) => `restarted: ${causeWords(value)}`,
  flight_began: () => "flight mode began",
  flight_ended: () => "flight mode ended",
  clock_set: (value) =>
    value === 255 ? "clock set, by more than four minutes or for the first time" : `clock set, by ${value} s`,
  sensor_failed: () => "the thermometer does not answer",
  sensor_back: () => "the thermometer answers again",
  settings_changed: () => "its settings were changed",
  self_test: (value) =>
    value === 0
      ? "it tested itself: all is well"
      : `it tested itself: its ${broken(value)} failed and it must be replaced`,
};

/** The parts of which a self-test says that they do not work. */
function broken(value: number): string {
  const found = PARTS.filter((_, place) => (value >> place) % 2 === 1);
  return found.length > 0 ? LIST.format(found) : "parts";
}

export function notedWords(noted: Noted): string {
  if (noted.what === "event") return WORDS[noted.kind](noted.value);
  return `${entries(noted.first, noted.last)} of its log ${noted.first === noted.last ? "is" : "are"} lost`;
}
