import { expect, test } from "vitest";
import { neededFor, pageKey, routeOf, to } from "./route";

test.each([
  ["", { at: "shipments", state: "", sought: "" }],
  [to.shipments("in_transit", "A&B 7"), { at: "shipments", state: "in_transit", sought: "A&B 7" }],
  [to.newShipment, { at: "new-shipment" }],
  [to.shipment("0193-a/b"), { at: "shipment", id: "0193-a/b" }],
  [to.alerts(), { at: "alerts", state: "open" }],
  [to.alerts("all"), { at: "alerts", state: "all" }],
  [to.onCall, { at: "on-call" }],
  [to.runbooks, { at: "runbooks" }],
  ["#/runbooks/7", { at: "nowhere" }],
  [to.trackers, { at: "trackers" }],
  [to.newTracker("70b3d57ed0060001"), { at: "new-tracker", devEui: "70b3d57ed0060001" }],
  [to.tracker("70b3d57ed0060001"), { at: "tracker", devEui: "70b3d57ed0060001" }],
  [to.places, { at: "places" }],
  [to.newPlace, { at: "new-place" }],
  [to.newLane, { at: "new-lane" }],
  ["#/places/7", { at: "nowhere" }],
  [to.recalls(), { at: "recalls", gtin: "", lot: "" }],
  [to.recalls("09506000134352", "A&1"), { at: "recalls", gtin: "09506000134352", lot: "A&1" }],
  [to.recall("0193-a"), { at: "recall", id: "0193-a" }],
  [to.parents(), { at: "parents", sought: "" }],
  [to.parents("P 7"), { at: "parents", sought: "P 7" }],
  [to.newParent, { at: "new-parent" }],
  [to.parent("0193-a"), { at: "parent", id: "0193-a" }],
  [to.organisations, { at: "organisations" }],
  [to.newOrganisation, { at: "new-organisation" }],
  [to.organisation(7), { at: "organisation", id: 7 }],
  ["#/partners/x7", { at: "nowhere" }],
  ["#/partners/0", { at: "nowhere" }],
  [to.people, { at: "people" }],
  [to.newPerson(), { at: "new-person", organisation: null }],
  [to.newPerson(7), { at: "new-person", organisation: 7 }],
  ["#/people/7", { at: "nowhere" }],
  [to.profiles, { at: "profiles" }],
  [to.profile("0193-a"), { at: "profile", id: "0193-a" }],
  ["#/profiles/a/b", { at: "nowhere" }],
  [to.intake, { at: "intake" }],
  [to.integrations, { at: "integrations" }],
  ["#/integrations/7", { at: "nowhere" }],
  ["#/intake/7", { at: "nowhere" }],
  ["#/nonsense", { at: "nowhere" }],
  ["#/sign/0f1e", { at: "sign", secret: "0f1e" }],
  ["#/sign", { at: "nowhere" }],
  ["#/alerts/7", { at: "nowhere" }],
  ["#/shipments/a/b", { at: "nowhere" }],
  ["#/shipments/%", { at: "shipment", id: "%" }],
])("%j leads to %j", (hash, route) => {
  expect(routeOf(hash)).toEqual(route);
});

test("each place asks for what its calls ask for", () => {
  const asks = (hash: string) => neededFor(routeOf(hash));
  expect([to.shipments(), to.shipment("a"), to.newShipment].map(asks)).toEqual([
    "read_shipments",
    "read_shipments",
    "write_shipments",
  ]);
  expect([to.alerts(), to.trackers, to.tracker("a"), to.newTracker(), to.intake].map(asks)).toEqual([
    "read_alerts",
    "read_trackers",
    "read_trackers",
    "write_trackers",
    "read_trackers",
  ]);
  expect([to.places, to.newPlace, to.newLane].map(asks)).toEqual([
    "read_places",
    "write_places",
    "write_places",
  ]);
  expect(
    [to.organisations, to.organisation(7), to.newOrganisation, to.people, to.newPerson()].map(asks),
  ).toEqual(["read_partners", "read_partners", "write_partners", "read_qualifications", "manage_users"]);
  expect([to.recalls(), to.recall("a"), to.parents(), to.parent("a"), to.newParent].map(asks)).toEqual([
    "read_recalls",
    "read_recalls",
    "read_transport",
    "read_transport",
    "write_shipments",
  ]);
  expect([to.profiles, to.profile("a")].map(asks)).toEqual(["read_profiles", "read_profiles"]);
  expect([to.onCall, to.runbooks].map(asks)).toEqual(["read_alerts", "read_alerts"]);
  expect(asks("#/nonsense")).toBeNull();
});

test("another filter is the same page, another shipment is another", () => {
  expect(pageKey(routeOf("#/shipments?state=draft"))).toBe(pageKey(routeOf("#/shipments")));
  expect(pageKey(routeOf("#/shipments/a"))).not.toBe(pageKey(routeOf("#/shipments/b")));
});
