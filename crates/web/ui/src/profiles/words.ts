/** A profile's rules as sentences. */
import type { Alarm, Allowance, FreezeThaw, MktRule, ProfileDefinition } from "../api/types";
import { limit } from "../parts/words";

const UNITS: Record<string, string> = { s: "s", m: "min", h: "h", d: "d" };

/** `40m` as `40 min`: exactly what the rule says, since a rule must not be rounded. */
export function span(written: string): string {
  const [, digits, unit = ""] = /^(\d+)([smhd])$/.exec(written) ?? [];
  return digits === undefined ? written : `${digits}\u00a0${UNITS[unit]}`;
}

const WITH_UNIT: Record<Alarm["quantity"], (value: number) => string> = {
  temperature: limit,
  humidity: (value) => `${value}\u00a0%`,
  shock: (value) => `${value}\u00a0g`,
  light: (value) => `${value}\u00a0lux`,
  tilt: (value) => `${value}°`,
};

const OF: Record<Alarm["quantity"], string> = {
  temperature: "",
  humidity: "relative humidity ",
  shock: "a shock ",
  light: "light ",
  tilt: "a tilt ",
};

/** `above 8 °C for 30 min without a break, until it is back at 7.8 °C`. */
export function alarmRule(alarm: Alarm): string {
  const at = alarm.above ?? alarm.below ?? 0;
  const side = alarm.above === undefined ? "below" : "above";
  const value = WITH_UNIT[alarm.quantity];
  const parts = [`${OF[alarm.quantity]}${alarm.inclusive ? "at or " : ""}${side} ${value(at)}`];
  if (alarm.delay === "0s") parts.push("at once");
  else if (alarm.exposure === "cumulative") parts.push(`for ${span(alarm.delay)} in all`);
  else parts.push(`for ${span(alarm.delay)} without a break`);
  let rule = parts.join(" ");
  if (alarm.hysteresis_c) {
    const back = at + (side === "above" ? -1 : 1) * alarm.hysteresis_c;
    rule += `; over when it is back at ${value(Number(back.toFixed(2)))}`;
  }
  if (alarm.start_delay !== "0s") rule += `; nothing counts in the first ${span(alarm.start_delay)}`;
  return rule;
}

/** `beyond the range up to 25 °C: at most 72 h in all`. */
export function allowanceRule(allowance: Allowance): string {
  const edge =
    allowance.up_to_c === undefined
      ? `below the range down to ${limit(allowance.down_to_c ?? 0)}`
      : `above the range up to ${limit(allowance.up_to_c)}`;
  return allowance.total === "unlimited"
    ? `${edge}: without limit in time`
    : `${edge}: at most ${span(allowance.total)} in all`;
}

/** What no allowance covers: `never above 30 °C, never below 2 °C`; null where nothing is ruled out. */
export function neverAllowed(definition: ProfileDefinition): string | null {
  const allowances = definition.allowance ?? [];
  const warm = allowances.map(({ up_to_c }) => up_to_c).filter((edge) => edge !== undefined);
  const cold = allowances.map(({ down_to_c }) => down_to_c).filter((edge) => edge !== undefined);
  const highest = warm.length > 0 ? Math.max(...warm) : definition.range?.max_c;
  const lowest = cold.length > 0 ? Math.min(...cold) : definition.range?.min_c;
  const parts = [];
  if (highest !== undefined) parts.push(`never above ${limit(highest)}`);
  if (lowest !== undefined) parts.push(`never below ${limit(lowest)}`);
  return parts.length > 0 ? parts.join(", ") : null;
}

export function freezeThawRule({ at_most, below_c, above_c }: FreezeThaw): string {
  const cycles = at_most === 0 ? "no cycle" : at_most === 1 ? "at most 1 cycle" : `at most ${at_most} cycles`;
  return `${cycles} of freezing (below ${limit(below_c)}) and thawing (above ${limit(above_c)})`;
}

export function kineticRule({ limit_c, window, activation_energy_kj_per_mol }: MktRule): string {
  return (
    `at most ${limit(limit_c)} in the worst ${span(window)}, with ${activation_energy_kj_per_mol}\u00a0kJ/mol: ` +
    "a figure for the person who decides, which changes no assessment"
  );
}

export function coverageRule(definition: ProfileDefinition): string {
  const least = definition.coverage?.min_for_release_pct;
  const share = least === undefined || least === 100 ? "all" : `at least ${least}\u00a0%`;
  return `${share} of the time must be known before a release`;
}

export const MEASURED: Record<NonNullable<ProfileDefinition["measured"]>, string> = {
  air: "air in the box",
  buffered: "a buffered probe",
  product: "a probe in the product",
};
