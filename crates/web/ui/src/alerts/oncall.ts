import type { Attempt, OnCall, Person, Severity } from "../api/types";

export const MOST_STEPS = 20;
export const LONGEST_WAIT = 1440;

/** A step while the list is edited. */
export interface Draft {
  /** For the list on the page alone. */
  key: number;
  user: string;
  /** Null where the field is empty. */
  wait: number | null;
  severity: Severity;
}

export const FROM: Record<Severity, string> = {
  info: "Every alert",
  warning: "Warning and critical",
  critical: "Critical alone",
};

/** Who may be put on the list: whoever can log in and may acknowledge. */
export function able(people: Person[]): Person[] {
  const may = new Set(["admin", "coordinator", "quality"]);
  return people.filter(({ role, disabled_at }) => disabled_at === null && may.has(role));
}

export function drafts({ steps }: OnCall): Draft[] {
  return steps.map(({ user, wait_minutes: wait, severity }, key) => ({ key, user, wait, severity }));
}

/** The list with the step at `from` moved by one place up (-1) or down (1); the same where there is no such place. */
export function moved<T>(list: T[], from: number, by: -1 | 1): T[] {
  const there = from + by;
  const [one, other] = [list[from], list[there]];
  if (one === undefined || other === undefined) return list;
  return list.with(from, other).with(there, one);
}

/** When each step is told, in minutes after the alert; null from the first one on whose wait is not known. */
export function toldAfter(list: Draft[]): (number | null)[] {
  let sum: number | null = 0;
  return list.map(({ wait }) => (sum = sum === null || wait === null ? null : sum + wait));
}

/** What is wrong with a step, or nothing. */
export function faultOf({ user, wait }: Draft): { user: string; wait: string } {
  const fits = wait !== null && Number.isInteger(wait) && wait >= 0 && wait <= LONGEST_WAIT;
  return {
    user: user === "" ? "Choose who is told." : "",
    wait: fits ? "" : `Write 0 to ${LONGEST_WAIT} minutes.`,
  };
}

/** `delivered`, `failed: 451 come again`, `not sent: the alert is no longer open`. */
export function outcomeOf({ outcome, words }: Pick<Attempt, "outcome" | "words">): string {
  if (outcome === "delivered") return "delivered";
  return `${outcome === "failed" ? "failed" : "not sent"}: ${words}`;
}

/** `step 2 of 3`, of a later round `step 2 of 3, round 4`; nothing where everybody was told. */
export function stepOf({ round, step, steps }: Pick<Attempt, "round" | "step" | "steps">): string {
  if (step === null) return "";
  return `step ${step} of ${steps}${round === 1 ? "" : `, round ${round}`}`;
}
