import type { Addressee, BoxException } from "./custody";
import type { ParentKind } from "./parents";
import type { Shipment } from "./shipments";

/** A shipment with what the own organisation has to do with its boxes. */
export interface Handover {
  shipment: Shipment;
  boxes: CodedBox[];
  parents: InParent[];
  /** Open offers to the own organisation. */
  to_take: OpenOffer[];
  /** What it has and has offered to nobody. */
  held: HeldBoxes[];
  /** Open offers by the own organisation. */
  offered: OpenOffer[];
  /** Its ledger is not as it was written. */
  unreadable: boolean;
}

export interface CodedBox {
  box: number;
  sscc: string | null;
}

export interface InParent {
  id: string;
  kind: ParentKind;
  sscc: string | null;
  reference: string | null;
  /** Of this shipment. */
  boxes: number[];
}

export interface OpenOffer {
  /** The hash of its entry. */
  entry: string;
  by: Addressee;
  to: Addressee;
  at: string;
  boxes: number[];
  exceptions: BoxException[];
  note: string | null;
}

export interface HeldBoxes {
  boxes: number[];
  since: string;
  quarantine: boolean;
  next: NextStop | null;
}

/** The handover that the plan has next. */
export interface NextStop {
  /** The id of who is to take over. */
  to: number;
  name: string;
  place: string | null;
  from: string;
  until: string;
}

/** Which transfer a request is about; a whole parent, or boxes of one shipment. */
export type TransferPath = { of: "shipments" | "parents"; id: string; step: "accept" | "offer" | "refuse" };
