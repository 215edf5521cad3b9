/** What a person fills in to tell a tracker something. */
import type { WantedCommand } from "../api/types";

export type What = WantedCommand["kind"];

/** What is written by hand, and so may be wrong. */
export const FILLED = ["hours", "per_uplink", "low", "high", "delay"] as const;
export type Filled = (typeof FILLED)[number];

export interface Given extends Record<Filled, string> {
  what: What;
  minutes: string;
}

/** The intervals that a tracker has, in minutes. */
export const STEPS = [1, 2, 5, 10, 15, 20, 30, 60].map(
  (minutes) => [String(minutes), `${minutes} min`] as const,
);

function whole(text: string, least: number, most: number): string {
  const isWhole = /^\d{1,3}$/.test(text.trim()) && Number(text) >= least && Number(text) <= most;
  return isWhole ? "" : `Write a whole number from ${least} to ${most}.`;
}

/** Also with a comma, as people write it. */
function degrees(text: string): number {
  return Number(text.trim().replace(",", ".").replace("−", "-") || "none");
}

/** What is wrong with the fields that count; empty where nothing is. */
export function wrongOf(given: Given): Record<Filled, string> {
  const wrong = { hours: "", per_uplink: "", low: "", high: "", delay: "" };
  if (given.what === "flight") wrong.hours = whole(given.hours, 0, 255);
  if (given.what === "intervals") wrong.per_uplink = whole(given.per_uplink, 1, 32);
  if (given.what === "thresholds") {
    const [low, high] = [degrees(given.low), degrees(given.high)];
    if (Number.isNaN(low)) wrong.low = "Write a temperature such as 2 or -20.5.";
    if (Number.isNaN(high)) wrong.high = "Write a temperature such as 8 or -15.5.";
    else if (high <= low) wrong.high = "Write more than the lower limit.";
    wrong.delay = whole(given.delay, 0, 240);
  }
  return wrong;
}

export function wantedOf(given: Given): WantedCommand {
  switch (given.what) {
    case "flight":
      return { kind: "flight", hours: Number(given.hours) };
    case "intervals":
      return { kind: "intervals", minutes: Number(given.minutes), per_uplink: Number(given.per_uplink) };
    case "thresholds": {
      const delay = Number(given.delay);
      const [low_c, high_c] = [degrees(given.low), degrees(given.high)];
      return { kind: "thresholds", low_c, high_c, low_delay_min: delay, high_delay_min: delay };
    }
    case "identify":
      return { kind: "identify", seconds: 10 };
    case "restart":
      return { kind: "restart" };
  }
}
