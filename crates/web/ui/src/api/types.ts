/**
 * The shapes of the tracking API under /api/v1, field by field; `contract.test.ts` holds them against the service's
 * own. Times are RFC 3339 UTC, temperatures °C.
 */
export type * from "./types/alerting";
export type * from "./types/alerts";
export type * from "./types/assessments";
export type * from "./types/custody";
export type * from "./types/handovers";
export type * from "./types/intake";
export type * from "./types/parents";
export type * from "./types/partners";
export type * from "./types/places";
export type * from "./types/profiles";
export type * from "./types/recalls";
export type * from "./types/session";
export type * from "./types/shipments";
export type * from "./types/trackers";
