/** How a tracker is, in words. */
import type {
  RestartCause,
  Tracker,
  TrackerMode,
  TrackerSensed,
  TrackerSensing,
  TrackerStatus,
} from "../api/types";
import { duration } from "../time/words";
import { entries } from "./said";

/** It tells by itself below 10 %; there is time to do something about it before. */
const LOW_BATTERY_PCT = 20;

/** A tracker that measures says once a day how it is. */
const LONG_UNHEARD_MS = 2 * 86_400_000;

export const MODE: Record<TrackerMode, string> = {
  shelf: "on the shelf: it neither measures nor sends",
  measuring: "measuring",
  flight: "in flight mode: it measures and does not send",
  stopped: "stopped: it hands over what its log holds",
};

export const RESTART: Record<RestartCause, string> = {
  power_on: "power came on",
  brown_out: "the supply fell too low",
  watchdog: "its watchdog",
  software: "told to, or new firmware",
  pin: "the reset pin",
  fault: "it found its own state wrong",
};

export function isLow(batteryPct: number | null): boolean {
  return batteryPct !== null && batteryPct < LOW_BATTERY_PCT;
}

export function clockWords(withinS: number | null): string {
  if (withinS === null) return "not set yet";
  return withinS === 254 ? "may be wrong by more than 4 min" : `right within ${duration(withinS)}`;
}

/** What is acknowledged counts as well, until its page of the flash is needed. */
export function heldWords({ next, held }: Pick<TrackerStatus, "next" | "held">): string {
  if (held === 0) return "nothing";
  return held === 65_535 ? `more than 65,000 entries, up to ${next - 1}` : entries(next - held, next - 1);
}

export function paceWords({ minutes, per_uplink }: { minutes: number; per_uplink: number }): string {
  return `every ${duration(minutes * 60)}, sent every ${duration(minutes * per_uplink * 60)}`;
}

/** What is left of a battery, as its tracker measures it; the empty text: it does not tell. */
export function batteryWords({ battery_pct, battery_v }: TrackerSensed): string {
  if (battery_pct !== null) return `${battery_pct} % left`;
  return battery_v === null ? "" : `${battery_v.toFixed(2)} V`;
}

/** What changed with a tracker that others made. */
export const SENSED: Record<TrackerSensing["what"], string> = {
  opened: "opened",
  closed: "closed",
  moving: "moved",
  at_rest: "at rest",
  tampered: "somebody meddles with it",
  tampering_over: "nobody meddles with it any more",
  battery_low: "battery low",
  battery_well: "battery well again",
  sensor_failed: "a thermometer does not measure",
  sensor_back: "the thermometer measures again",
  shock: "a shock",
};

export function sensingWords({ what, shock_g }: TrackerSensing): string {
  return shock_g === null ? SENSED[what] : `a shock of ${shock_g.toFixed(1)} g`;
}

/** Where it must be looked after: in the order in which one would. */
export function lookAfter(tracker: Tracker, nowMs: number): string[] {
  const { heard_at, status, sensed } = tracker;
  const isBatteryLow = sensed !== null && (sensed.battery_low === true || isLow(sensed.battery_pct));
  const isQuiet = status?.mode === "shelf" || tracker.pool === "lost" || heard_at === null;
  const unheardMs = heard_at === null ? 0 : nowMs - Date.parse(heard_at);
  return [
    isQuiet || unheardMs < LONG_UNHEARD_MS ? "" : `not heard for ${duration(unheardMs / 1000)}`,
    status?.faulty ? "broken" : "",
    status && isLow(status.battery_pct) ? `battery ${status.battery_pct} %` : "",
    sensed?.sensor_failed ? "a thermometer does not measure" : "",
    isBatteryLow ? `battery ${sensed.battery_pct === null ? "low" : `${sensed.battery_pct} %`}` : "",
  ].filter((words) => words !== "");
}
