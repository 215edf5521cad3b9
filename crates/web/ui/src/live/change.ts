import type { Frame } from "./sse";

/** What changed. `missed`: the stream was away, so anything may have changed. */
export interface Change {
  what: "shipment" | "alert" | "tracker" | "missed";
  /** Of a tracker its DevEUI. */
  id: string | null;
  shipment: string | null;
}

/** Whether it concerns that tracker: without an id it may be any. */
export function ofTracker(devEui: string): (change: Change) => boolean {
  return ({ what, id }) => what === "tracker" && (id === null || id === devEui);
}

/** Null for kinds that this page does not know, and for data that it cannot read. */
export function changeOf(frame: Frame): Change | null {
  const what = frame.event;
  if (what !== "shipment" && what !== "alert" && what !== "tracker") return null;
  try {
    const data = JSON.parse(frame.data) as Record<string, unknown>;
    const word = (value: unknown) => (typeof value === "string" ? value : null);
    const id = word(what === "tracker" ? data.dev_eui : data.id);
    return { what, id, shipment: what === "shipment" ? id : word(data.shipment) };
  } catch {
    return null;
  }
}
