import type { Permission } from "../api/types";

/** The page's places, as they stand behind the `#`. */
export type Route =
  | { at: "shipments"; state: string; sought: string }
  | { at: "new-shipment" }
  | { at: "shipment"; id: string }
  | { at: "handovers"; task: string }
  | { at: "alerts"; state: "open" | "all" }
  | { at: "on-call" }
  | { at: "runbooks" }
  | { at: "trackers" }
  | { at: "new-tracker"; devEui: string }
  | { at: "tracker"; devEui: string }
  | { at: "places" }
  | { at: "new-place" }
  | { at: "new-lane" }
  | { at: "recalls"; gtin: string; lot: string }
  | { at: "recall"; id: string }
  | { at: "parents"; sought: string }
  | { at: "new-parent" }
  | { at: "parent"; id: string }
  | { at: "organisations" }
  | { at: "new-organisation" }
  | { at: "organisation"; id: number }
  | { at: "people" }
  | { at: "new-person"; organisation: number | null }
  | { at: "profiles" }
  | { at: "profile"; id: string }
  | { at: "intake" }
  | { at: "integrations" }
  | { at: "sign"; secret: string }
  | { at: "nowhere" };

export function routeOf(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?", 2);
  const ask = new URLSearchParams(query);
  const [first = "", second, ...more] = path.split("/").filter(Boolean).map(decoded);
  if (more.length > 0) return { at: "nowhere" };
  switch (first) {
    case "":
    case "shipments":
      if (second === "new") return { at: "new-shipment" };
      if (second !== undefined) return { at: "shipment", id: second };
      return { at: "shipments", state: ask.get("state") ?? "", sought: ask.get("q") ?? "" };
    case "handovers":
      return { at: "handovers", task: second ?? "" };
    case "alerts":
      if (second !== undefined && second !== "all") return { at: "nowhere" };
      return { at: "alerts", state: second === "all" ? "all" : "open" };
    case "on-call":
    case "runbooks":
      return { at: second === undefined ? first : "nowhere" };
    case "trackers":
      if (second === "new") return { at: "new-tracker", devEui: ask.get("dev_eui") ?? "" };
      return second === undefined ? { at: "trackers" } : { at: "tracker", devEui: second };
    case "places":
      if (second === "new") return { at: "new-place" };
      if (second === "new-lane") return { at: "new-lane" };
      return { at: second === undefined ? "places" : "nowhere" };
    case "recalls":
      if (second !== undefined) return { at: "recall", id: second };
      return { at: "recalls", gtin: ask.get("gtin") ?? "", lot: ask.get("lot") ?? "" };
    case "parents":
      if (second === "new") return { at: "new-parent" };
      if (second !== undefined) return { at: "parent", id: second };
      return { at: "parents", sought: ask.get("q") ?? "" };
    case "partners":
      if (second === undefined) return { at: "organisations" };
      if (second === "new") return { at: "new-organisation" };
      return numbered(second) === null ? { at: "nowhere" } : { at: "organisation", id: Number(second) };
    case "people":
      if (second === "new") return { at: "new-person", organisation: numbered(ask.get("organisation")) };
      return { at: second === undefined ? "people" : "nowhere" };
    case "profiles":
      return second === undefined ? { at: "profiles" } : { at: "profile", id: second };
    case "intake":
    case "integrations":
      return { at: second === undefined ? first : "nowhere" };
    case "sign":
      return second === undefined ? { at: "nowhere" } : { at: "sign", secret: second };
    default:
      return { at: "nowhere" };
  }
}

/** What a place asks for, as its calls do. */
export function neededFor(route: Route): Permission | null {
  switch (route.at) {
    case "shipments":
    case "shipment":
      return "read_shipments";
    case "parents":
    case "parent":
      return "read_transport";
    case "recalls":
    case "recall":
      return "read_recalls";
    case "new-parent":
    case "new-shipment":
      return "write_shipments";
    case "handovers":
      return "transfer_custody";
    case "alerts":
    case "on-call":
    case "runbooks":
      return "read_alerts";
    case "trackers":
    case "tracker":
    case "intake":
      return "read_trackers";
    case "integrations":
      return "manage_integrations";
    case "new-tracker":
      return "write_trackers";
    case "places":
      return "read_places";
    case "new-place":
    case "new-lane":
      return "write_places";
    case "organisations":
    case "organisation":
      return "read_partners";
    case "new-organisation":
      return "write_partners";
    case "people":
      return "read_qualifications";
    case "new-person":
      return "manage_users";
    case "profiles":
    case "profile":
      return "read_profiles";
    case "sign":
    case "nowhere":
      return null;
  }
}

/** Two routes with the same key are the same page with other settings: the focus stays where it is. */
export function pageKey(route: Route): string {
  switch (route.at) {
    case "shipment":
      return `shipment/${route.id}`;
    case "tracker":
      return `tracker/${route.devEui}`;
    case "profile":
      return `profile/${route.id}`;
    default:
      return route.at;
  }
}

export const to = {
  shipments: (state = "", sought = "") => {
    const ask = new URLSearchParams();
    if (state) ask.set("state", state);
    if (sought) ask.set("q", sought);
    return ask.size > 0 ? `#/shipments?${ask}` : "#/shipments";
  },
  newShipment: "#/shipments/new",
  shipment: (id: string) => `#/shipments/${encodeURIComponent(id)}`,
  handovers: (task = "") => (task ? `#/handovers/${encodeURIComponent(task)}` : "#/handovers"),
  alerts: (state: "open" | "all" = "open") => (state === "all" ? "#/alerts/all" : "#/alerts"),
  onCall: "#/on-call",
  runbooks: "#/runbooks",
  places: "#/places",
  newPlace: "#/places/new",
  newLane: "#/places/new-lane",
  recalls: (gtin = "", lot = "") =>
    gtin || lot ? `#/recalls?${new URLSearchParams({ gtin, lot })}` : "#/recalls",
  recall: (id: string) => `#/recalls/${encodeURIComponent(id)}`,
  parents: (sought = "") => (sought ? `#/parents?${new URLSearchParams({ q: sought })}` : "#/parents"),
  newParent: "#/parents/new",
  parent: (id: string) => `#/parents/${encodeURIComponent(id)}`,
  organisations: "#/partners",
  newOrganisation: "#/partners/new",
  organisation: (id: number) => `#/partners/${id}`,
  people: "#/people",
  newPerson: (organisation: number | null = null) =>
    organisation === null ? "#/people/new" : `#/people/new?organisation=${organisation}`,
  profiles: "#/profiles",
  profile: (id: string) => `#/profiles/${encodeURIComponent(id)}`,
  intake: "#/intake",
  integrations: "#/integrations",
  trackers: "#/trackers",
  newTracker: (devEui = "") =>
    devEui ? `#/trackers/new?dev_eui=${encodeURIComponent(devEui)}` : "#/trackers/new",
  tracker: (devEui: string) => `#/trackers/${encodeURIComponent(devEui)}`,
};

/** The number of an organisation. */
function numbered(part: string | null): number | null {
  return part !== null && /^[1-9]\d{0,9}$/.test(part) ? Number(part) : null;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
