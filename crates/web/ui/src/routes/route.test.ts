import { expect, test } from "vitest";
import { pageKey, routeOf, to } from "./route";

test.each([
  ["", { at: "shipments", state: "", reference: "" }],
  [to.shipments("in_transit", "A&B 7"), { at: "shipments", state: "in_transit", reference: "A&B 7" }],
  [to.newShipment, { at: "new-shipment" }],
  [to.shipment("0193-a/b"), { at: "shipment", id: "0193-a/b" }],
  [to.alerts(), { at: "alerts", state: "open" }],
  [to.alerts("all"), { at: "alerts", state: "all" }],
  [to.trackers, { at: "trackers" }],
  [to.newTracker("70b3d57ed0060001"), { at: "new-tracker", devEui: "70b3d57ed0060001" }],
  [to.tracker("70b3d57ed0060001"), { at: "tracker", devEui: "70b3d57ed0060001" }],
  ["#/nonsense", { at: "nowhere" }],
  ["#/alerts/7", { at: "nowhere" }],
  ["#/shipments/a/b", { at: "nowhere" }],
  ["#/shipments/%", { at: "shipment", id: "%" }],
])("%j leads to %j", (hash, route) => {
  expect(routeOf(hash)).toEqual(route);
});

test("another filter is the same page, another shipment is another", () => {
  expect(pageKey(routeOf("#/shipments?state=draft"))).toBe(pageKey(routeOf("#/shipments")));
  expect(pageKey(routeOf("#/shipments/a"))).not.toBe(pageKey(routeOf("#/shipments/b")));
});
