import type { Severity } from "./alerts";

/** One version of a profile; it never changes. */
export interface Profile {
  id: string;
  name: string;
  version: number;
  definition: ProfileDefinition;
  /** Null until quality has signed this version. */
  approved: Approval | null;
}

/** A signature: the printed name, the time, and what it means. */
export interface Approval {
  by: string;
  at: string;
  meaning: string;
}

export interface NewApproval {
  password: string;
  meaning: string;
}

/** As its TOML. Durations are texts such as `40m`. */
export interface ProfileDefinition {
  name: string;
  description?: string;
  source?: string;
  /** Where the sensor must sit for the limits to mean something. */
  measured?: "air" | "buffered" | "product";
  max_gap: string;
  range?: ProfileRange;
  coverage?: CoverageRule;
  alarm?: Alarm[];
  allowance?: Allowance[];
  freeze_thaw?: FreezeThaw;
  mkt?: MktRule;
}

export interface ProfileRange {
  min_c?: number;
  max_c?: number;
}

/** The smallest share of known time with which a person may release. */
export interface CoverageRule {
  min_for_release_pct: number;
}

/** Exactly one of `above` and `below` is there. A shock (g) and light (lux) are events, which last no time. */
export interface Alarm {
  name: string;
  quantity: "temperature" | "humidity" | "shock" | "light" | "tilt";
  above?: number;
  below?: number;
  inclusive: boolean;
  exposure: "single" | "cumulative";
  delay: string;
  start_delay: string;
  hysteresis_c?: number;
  severity: Severity;
}

/** Exactly one of `up_to_c` and `down_to_c` is there. */
export interface Allowance {
  name: string;
  up_to_c?: number;
  down_to_c?: number;
  /** A duration in all, or `unlimited`. */
  total: string;
}

export interface FreezeThaw {
  at_most: number;
  below_c: number;
  above_c: number;
}

export interface MktRule {
  limit_c: number;
  window: string;
  activation_energy_kj_per_mol: number;
}
