import type { AlertKind, Severity } from "./alerts";

/** What to do about an alert, one step a line, and who to call. */
export interface Runbook {
  what_to_do: string;
  who_to_call: string;
}

export interface KindRunbook extends Runbook {
  kind: AlertKind;
  /** Whether the organisation wrote it; otherwise it is the house's. */
  is_own: boolean;
  /** Of an own one. */
  changed_by: string | null;
  changed_at: string | null;
}

/** Who is told of an alert that nobody acknowledges, one after the other. */
export interface OnCall {
  steps: OnCallStep[];
}

export interface OnCallStep {
  user: string;
  name: string;
  email: string;
  /** After the step before; of the first one after the alert. */
  wait_minutes: number;
  /** The lowest of alerts of which the step is told. */
  severity: Severity;
  /** A disabled user is told nothing. */
  is_disabled: boolean;
}

export interface NewOnCall {
  steps: NewOnCallStep[];
}

export interface NewOnCallStep {
  user: string;
  wait_minutes: number;
  severity: Severity;
}

export type Outcome = "delivered" | "failed" | "called_off";

/** An attempt to tell somebody of an alert. */
export interface Attempt {
  at: string;
  name: string;
  email: string;
  outcome: Outcome;
  /** The mail server's, or why it was called off. */
  words: string;
  /** Of somebody on call, each from 1. */
  round: number | null;
  step: number | null;
  steps: number | null;
}
