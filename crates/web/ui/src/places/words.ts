import type { DarkStretch, LegProgress, Lane, Place, StorageClass, Weekday, Whereabouts } from "../api/types";

export const STORAGE: Record<StorageClass, string> = {
  ultra_cold: "Ultra-cold, −90 to −60 °C",
  frozen: "Frozen, −25 to −10 °C",
  refrigerated: "Refrigerated, 2 to 8 °C",
  cool: "Cool, 8 to 15 °C",
  controlled_room: "Controlled room, 20 to 25 °C",
  room: "Room, 15 to 25 °C",
};

export const DAYS: Record<Weekday, string> = {
  mon: "Monday",
  tue: "Tuesday",
  wed: "Wednesday",
  thu: "Thursday",
  fri: "Friday",
  sat: "Saturday",
  sun: "Sunday",
};

/** `500 m`, `1.5 km`, `30 km`. */
export function metres(m: number): string {
  return m < 1000 ? `${m} m` : `${Number((m / 1000).toFixed(1))} km`;
}

/** How big a place is: `within 500 m of 48, 11.5`. */
export function fence(of: Place): string {
  if (!of.fence) return "no fence: positions cannot tell whether a box is there";
  if ("polygon" in of.fence) return `an area of ${of.fence.polygon.corners.length} corners`;
  const { centre, radius_m } = of.fence.circle;
  return `within ${metres(radius_m)} of ${centre.lat}, ${centre.lon}`;
}

/** What is known of a lane, in order. */
export function laneFacts(lane: Lane): string[] {
  return [
    `usually ${lane.duration}`,
    lane.hold_time ? `packaging holds ${lane.hold_time}` : "hold time of the packaging not known",
    ...lane.dark.map((dark) => `no radio from ${dark.from} to ${dark.to} after departure`),
    lane.corridor ? `a path, ${metres(lane.corridor.width_m)} to either side` : "no path",
    ...(lane.unattended ? ["may be left unattended"] : []),
  ];
}

/** `10m-30m, 1h-2h` as it is typed; null where it cannot be read. */
export function darkStretches(written: string): DarkStretch[] | null {
  const parts = written.split(",").map((part) => part.trim());
  const found = parts.filter(Boolean).map((part) => /^(\d+[smhd])\s*(?:-|–|to)\s*(\d+[smhd])$/.exec(part));
  if (found.some((match) => match === null)) return null;
  return found.map((match) => ({ from: match?.[1] ?? "", to: match?.[2] ?? "" }));
}

/** What a position is near to, by its source. */
const NEAR: Record<string, string> = {
  gateway: "a gateway that heard its tracker",
  van_gateway: "where the gateway in its vehicle was",
};

/** What is said of where a shipment is, before anything else. */
export function monitoring(of: Whereabouts): string {
  const last = of.last_position;
  if (of.monitoring === "not_monitored" || !last) {
    return "Not monitored: no position has come. Nobody can tell where it is.";
  }
  const where = NEAR[last.source] ?? "a known point";
  const near = `within ${metres(last.accuracy_m)} of ${where} (${last.lat}, ${last.lon})`;
  return of.monitoring === "monitored"
    ? `It was ${near}.`
    : `Unknown where it is: the last position is too old. It was ${near}.`;
}

/** How a leg goes: the words before a time, and the time. */
export function progress(leg: LegProgress): string {
  if (leg.arrived_at) return "Arrived";
  if (leg.expected) return "Expected";
  return `No arrival expected: ${leg.not_expected_because ?? "not known"}`;
}
