import type { Severity } from "./alerts";

export type Assessment = "no_excursion" | "incomplete" | "excursion";

export interface Coverage {
  in_range_s: number;
  out_of_range_s: number;
  unknown_s: number;
}

export interface Reading {
  measured_at: string;
  received_at: string;
  dev_eui: string;
  sequence: number | null;
  temperature_c: number;
  /** The lowest and highest since the reading before, where the tracker says them. */
  min_c: number | null;
  max_c: number | null;
  humidity_pct: number | null;
  /** Seconds beyond the tracker's own limits since the reading before. */
  out_of_range_s: number | null;
  /** The tracker gave another value for the same instant, too. */
  conflict: boolean;
}

export interface Episode {
  alarm: string;
  severity: Severity;
  began_at: string;
  /** Null: it never reached the alarm's delay. */
  alarmed_at: string | null;
  ended_at: string | null;
  exposure_s: number;
  extreme_c: number;
}

export interface ExposureTotal {
  alarm: string;
  total_s: number;
  total_worst_s: number;
}

export interface MktWindow {
  from: string;
  to: string;
  mkt_c: number;
  exceeded: boolean;
  partial?: boolean;
}

export interface Span {
  from: string;
  to: string;
}

/** Of one tracker, from `from` until `to`. */
export interface SpanAssessment {
  from: string;
  to: string;
  readings: number;
  min_c: number | null;
  max_c: number | null;
  mean_c: number | null;
  mkt_c: number | null;
  coverage: Coverage;
  episodes: Episode[];
  exposures: ExposureTotal[];
  mkt_windows: MktWindow[];
  assessment: Assessment;
}

export type AllowanceState = "kept" | "not_known" | "exceeded";

/** Seconds. */
export interface AllowanceLine {
  allowance: string;
  /** Null is without limit. */
  total_s: number | null;
  spent_best_s: number;
  /** Null: what was spent before is unknown. */
  spent_worst_s: number | null;
  remaining_best_s: number | null;
  remaining_worst_s: number | null;
  state: AllowanceState;
}

export interface NeverAllowedLine {
  spent_best_s: number;
  spent_worst_s: number | null;
  state: AllowanceState;
}

export interface CyclesLine {
  at_most: number;
  cycles_best: number;
  cycles_worst: number | null;
  remaining_best: number;
  remaining_worst: number | null;
  state: AllowanceState;
}

export interface AllowanceStatement {
  allowances: AllowanceLine[];
  never_allowed: NeverAllowedLine;
  freeze_thaw: CyclesLine | null;
  state: AllowanceState;
}

export interface TrackerAssessment extends SpanAssessment {
  dev_eui: string;
  until: string | null;
  /** When nothing is known. */
  gaps: Span[];
}

export type Cause = "readings" | "late_readings" | "clock" | "bound" | "unbound";

/** What was known of one tracker's ride, and since when. */
export interface PastAssessment {
  recorded_at: string;
  dev_eui: string;
  cause: Cause;
  /** The cause in words, with times in UTC. */
  because: string;
  new_readings: number;
  /** When the first and the last of them were measured. */
  measured_from: string | null;
  measured_to: string | null;
  /** It lists none of the episodes that ended before this. Null: it lists all. */
  settled_until: string | null;
  assessment: SpanAssessment;
}

export interface ShipmentAssessment {
  assessment: Assessment | null;
  coverage: Coverage | null;
  /** Whether enough is known for quality to consider a release; no all-clear. */
  coverage_suffices_for_release: boolean | null;
  /** The name of what is known; a decision says which one it was taken on. */
  digest: string;
  /** Null where the profile has none. */
  allowances: AllowanceStatement | null;
  trackers: TrackerAssessment[];
}
