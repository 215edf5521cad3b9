import type { Box, HoldReason, Range, ShipmentStatus } from "./shipments";

/** Who has the boxes of a shipment, and everything that was written of it. */
export interface Custody {
  boxes: BoxCustody[];
  conflicts: Conflict[];
  /** In the order in which they came to be known. */
  entries: Entry[];
  head: LedgerHead | null;
  /** Where the own organisation may leave what it offered. */
  leaving?: Leaving;
}

export interface Leaving {
  /** The consignee's id. */
  to: number;
  place: string;
}

export interface BoxCustody {
  box: number;
  custodian: Holding;
  seal: string | null;
  /** Open ones, by the hashes of their entries. */
  offers: string[];
  earlier: Holding[];
}

export interface Holding {
  organisation: OrganisationRef;
  person: string | null;
  from: string;
  strength: Strength;
  quarantine: boolean;
  entry: string;
}

export interface OrganisationRef {
  id: number;
  name: string;
  gln: string | null;
}

/** By what a person was known. */
export type Strength = "account" | "badge" | "code" | "link" | "system" | "unattended";

export interface Conflict {
  entry: string;
  answers: string[];
  boxes: number[];
  settled: "open" | "by_correction" | "by_continuation";
}

export type EntryAct =
  "packed" | "sealed" | "offered" | "accepted" | "refused" | "withdrawn" | "corrected" | "decided";

export interface Entry {
  hash: string;
  id: string;
  sequence: number;
  recorded_at: string;
  at: string;
  act: EntryAct;
  by: Actor;
  whereabouts: EntryPlace | null;
  boxes: number[];
  link: string | null;
  to: Addressee | null;
  parent: string | null;
  exceptions: BoxException[];
  seals: Seal[];
  condition: Condition | null;
  note: string | null;
  /** Its SHA-256. */
  photo: string | null;
  reason: string | null;
  effect: "annulled" | "stands" | "noted" | null;
  decision: string | null;
  quarantine: boolean;
  assessment: string | null;
  hold: string | null;
  /** Why it changes nothing, in words. */
  ignored: string | null;
}

export interface Actor {
  organisation: OrganisationRef;
  person: string | null;
  strength: Strength;
  /** Whose account it was written on, where it was not the person's own. */
  written_on: string | null;
}

export interface Addressee {
  organisation: OrganisationRef;
  person: string | null;
}

export interface BoxException {
  box: number;
  reason: string;
}

export interface Seal {
  box: number;
  seal: string;
}

export type Condition = "intact" | "damaged" | "wet" | "opened";

export interface EntryPlace {
  place: string | null;
  lat: number | null;
  lon: number | null;
  accuracy_m: number | null;
}

export interface LedgerHead {
  sequence: number;
  hash: string;
  signature: string;
  key: string;
}

export type CustodyStep = "pack" | "offer" | "accept" | "refuse" | "withdraw" | "seal";

/** What the forms of the page send; the service takes more. */
export type HandoverRequest = {
  id: string;
  answers?: string;
  to?: { organisation: number; person?: string };
  boxes?: number[];
  quarantine?: boolean;
  reason?: string;
  condition?: Condition;
  note?: string;
  photo?: string;
  seals?: Seal[];
  signs?: { badge: string } | { code: string; name: string };
  unattended?: boolean;
  whereabouts?: { place?: string; lat?: number; lon?: number; accuracy_m?: number };
};

/** A photo that is kept: entries name it by its hash. */
export interface KeptPhoto {
  sha256: string;
  bytes: number;
  media_type: string;
}

export interface Written {
  entry: string;
  status: ShipmentStatus;
  custody: Custody;
}

/** A code and a link, told once. */
export interface MadeCode {
  answers: string;
  code: string;
  link: string;
  expires_at: string;
}

/** What a link shows to whoever opens it. */
export interface LinkedOffer {
  reference: string;
  from: Party;
  to: Party;
  offered_at: string;
  boxes: Box[];
  exceptions: BoxException[];
  note: string | null;
  range: Range | null;
  hold_reason: HoldReason | null;
  expires_at: string;
}

export interface Party {
  organisation: string;
  person: string | null;
}

export interface LinkedAnswer {
  entry: string;
  at: string;
  boxes: number[];
}

/** What the page of a link sends; the service takes more. */
export type LinkedRequest = {
  secret: string;
  name: string;
  quarantine?: boolean;
  reason?: string;
  condition?: Condition;
  note?: string;
  seals?: Seal[];
};
