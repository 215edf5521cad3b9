/**
 * The shapes of the API under /api/v1, as the service's document has them: `cargo xtask clients` makes `schema.d.ts`
 * from the Rust code. Times are RFC 3339 UTC, temperatures °C. Below stands what the page makes of them.
 */
import type {
  AcceptRequest,
  AlertChange,
  EntryRequest,
  OfferRequest,
  Opening,
  RefuseRequest,
  SealRequest,
  ShipmentStatus,
  WithdrawRequest,
} from "./schema";

export type * from "./schema";

export interface Page<T> {
  items: T[];
  /** Opaque; null on the last page. */
  next: string | null;
}

/** What an alert's history says of each kind of change. */
export type AlertDetails = { [A in AlertChange as A["action"]]: A["detail"] };

/** In which kind of file labels are printed. */
export type LabelFormat = "pdf" | "png";

export type Weekday = keyof Opening["weekly"];

/** An empty field is not looked for. */
export interface ShipmentFilter {
  state?: ShipmentStatus | "";
  reference?: string;
  sscc?: string;
  gtin?: string;
  lot?: string;
}

export type CustodyStep = "pack" | "offer" | "accept" | "refuse" | "withdraw" | "seal";

/** What the forms of the page send, of whichever step. */
export type HandoverRequest = EntryRequest & { id: string } & Partial<
    OfferRequest & AcceptRequest & RefuseRequest & WithdrawRequest & SealRequest
  >;

/** Which transfer a request is about: a whole parent, or boxes of one shipment. */
export type TransferPath = { of: "shipments" | "parents"; id: string; step: "accept" | "offer" | "refuse" };
