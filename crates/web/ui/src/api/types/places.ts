import type { Location } from "./trackers";

export type StorageClass = "ultra_cold" | "frozen" | "refrigerated" | "cool" | "controlled_room" | "room";

export type Fence = { circle: { centre: Location; radius_m: number } } | { polygon: { corners: Location[] } };

export type Weekday = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";

/** By the clock on the wall of the place. */
export type Opening = { zone: string; weekly: Partial<Record<Weekday, string[]>>; closed?: string[] };

export interface OrganisationName {
  id: number;
  name: string;
}

export type OrganisationKind = "consignor" | "carrier" | "consignee" | "supplier";

/** The tenant itself, or a partner of it. */
export interface Organisation extends OrganisationName {
  kind: OrganisationKind;
  gln: string | null;
  is_tenant: boolean;
  /** Whether a contract with it holds now; the tenant itself needs none. Null for those who may not know. */
  under_contract: boolean | null;
  created_at: string;
}

export interface Place {
  id: string;
  name: string;
  address: string | null;
  gln: string | null;
  operator: OrganisationName | null;
  /** Null: nobody can tell from positions whether a box is there. */
  fence: Fence | null;
  opening: Opening | null;
  /** Empty: not known. */
  storage: StorageClass[];
  /** Null where its hours are not known. */
  open_now: boolean | null;
  created_at: string;
}

export interface NewPlace {
  name: string;
  address?: string;
  gln?: string;
  operator?: number;
  fence?: Fence;
  opening?: Opening;
  storage?: StorageClass[];
}

export interface PlaceName {
  id: string;
  name: string;
}

/** From and to after departure, as durations such as `30m`. */
export type DarkStretch = { from: string; to: string };

export type Corridor = { path: Location[]; width_m: number };

export interface Lane {
  id: string;
  name: string;
  from: PlaceName;
  to: PlaceName;
  corridor: Corridor | null;
  duration: string;
  dark: DarkStretch[];
  hold_time: string | null;
  unattended: boolean;
}

export interface NewLane {
  name: string;
  from: string;
  to: string;
  corridor?: Corridor;
  duration: string;
  dark?: DarkStretch[];
  hold_time?: string;
  unattended: boolean;
}

export type TimeWindow = { from: string; to: string };

export interface LaneName {
  id: string;
  name: string;
}

export interface Leg {
  number: number;
  lane: LaneName | null;
  from: PlaceName;
  to: PlaceName;
  carrier: OrganisationName;
  courier: string | null;
  pick_up: TimeWindow;
  delivery: TimeWindow;
  unattended: boolean;
}

export interface Plan {
  /** Null as long as nothing is planned. */
  consignee: OrganisationName | null;
  planned_at: string | null;
  legs: Leg[];
  warnings: string[];
}

export interface NewPlan {
  consignee?: number;
  legs: NewLeg[];
}

export interface NewLeg {
  lane?: string;
  from?: string;
  to?: string;
  carrier?: number;
  courier?: string;
  pick_up: TimeWindow;
  delivery: TimeWindow;
}

export interface Position {
  at: string;
  lat: number;
  lon: number;
  accuracy_m: number;
  source: string;
  dev_eui: string | null;
}

export interface Stay {
  from: string;
  last_seen_at: string;
  /** Null: it lasts. */
  until: string | null;
  ending: "lasts" | "changed" | "unknown";
}

export interface Visit extends Stay {
  place: PlaceName;
}

export interface Stood {
  from: string;
  last_seen_at: string;
  lat: number;
  lon: number;
  lasts: boolean;
}

export interface ExpectedArrival {
  earliest: string;
  expected: string;
  latest: string;
  remaining_m: number;
}

export interface LegProgress {
  number: number;
  departed_at: string | null;
  arrived_at: string | null;
  off_route: Stay[];
  expected: ExpectedArrival | null;
  not_expected_because: string | null;
}

export interface Whereabouts {
  monitoring: "not_monitored" | "monitored" | "unknown";
  last_position: Position | null;
  visits: Visit[];
  standing: Stood[];
  legs: LegProgress[];
}
