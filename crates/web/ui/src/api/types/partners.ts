import type { OrganisationKind } from "./places";
import type { Role } from "./session";

export interface NewOrganisation {
  kind: OrganisationKind;
  name: string;
  gln?: string;
}

/** A product of a supplier. */
export interface Product {
  gtin: string;
  name: string | null;
}

export interface NewProducts {
  items: NewProduct[];
}

export interface NewProduct {
  gtin: string;
  name?: string;
}

/** A key by which a program of a partner uses the API. */
export interface ApiKey {
  id: string;
  organisation: number;
  name: string;
  role: Role;
  /** What the key begins with. */
  prefix: string;
  created_at: string;
  expires_at: string | null;
  /** Up to an hour older than its last use. */
  last_used_at: string | null;
  revoked_at: string | null;
  revoked_reason: string | null;
}

export interface MadeApiKey extends ApiKey {
  /** Told this once. */
  key: string;
}

export interface NewApiKey {
  organisation: number;
  name: string;
  role: Role;
  expires_at?: string;
}

/** Somebody who can log in. */
export interface Person {
  id: string;
  email: string;
  /** As printed beside what the user does. */
  name: string;
  role: Role;
  organisation: number;
  organisation_name: string;
  created_at: string;
  /** Since when the user can no longer log in; null: can. */
  disabled_at: string | null;
  /** Whether a training in good distribution practice holds now. */
  trained: boolean;
  /** Whether a contract with the organisation holds now; the tenant itself needs none. */
  under_contract: boolean;
}

export interface NewPerson {
  email: string;
  name: string | null;
  role: Role;
  /** A partner's id; null: the tenant itself. */
  organisation: number | null;
  password: string;
}

/** For how long something holds: from its beginning until just before its end, or until just before it was ended. */
export interface Validity {
  from: string;
  /** Null: without an end. */
  until: string | null;
  ended_at: string | null;
  ended_reason: string | null;
  /** Whether it holds now. */
  valid: boolean;
}

export interface Contract extends Validity {
  id: string;
  organisation: number;
  title: string;
  reference: string | null;
}

export interface NewContract {
  title: string;
  reference?: string;
  from: string;
  until?: string;
}

/** Its number is kept nowhere. */
export interface Badge extends Validity {
  id: string;
  organisation: number;
  holder: string;
  /** Whether a training of the holder in good distribution practice holds now. */
  trained: boolean;
}

export interface NewBadge {
  holder: string;
  number: string;
  from: string | null;
  until: string | null;
}

export type TrainingTopic = "gdp" | "cold_chain" | "dangerous_goods" | "controlled_substances";

export interface Training extends Validity {
  id: string;
  /** Null where it is a badge holder's. */
  user: string | null;
  badge: string | null;
  topic: TrainingTopic;
}

export interface NewTraining {
  topic: TrainingTopic;
  from: string;
  until?: string;
}

/** How a contract, a badge or a training is ended. */
export interface NewEnd {
  reason: string;
  /** Since when; absent: now. */
  at?: string;
}
