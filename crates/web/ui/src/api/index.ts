/**
 * Every call the page makes, one line each. A route that is new in the service: `cargo xtask clients`, then a line here; its
 * path, its parameters and both bodies are checked against the service's own document.
 */
import { session } from "../session/session.svelte";
import { asFile, at, connect, data, file, once, where } from "./client";
import { firstPages } from "./pages";
import type * as t from "./types";

const client = connect({
  token: () => session.current?.token ?? null,
  refused: () => session.end("expired"),
});

export const api = {
  logIn: (email: string, password: string) => data(client.POST("/login", { body: { email, password } })),
  status: () => data(client.GET("/status")),
  /** Server-sent events, to be read from the answer's body. */
  events: async (signal: AbortSignal) =>
    (await client.GET("/events", { signal, parseAs: "stream" })).response,

  shipments: (filter: t.ShipmentFilter, cursor: string | null, limit = 50) =>
    data(client.GET("/shipments", where({ ...filter, state: filter.state || null, cursor, limit }))),
  shipment: (id: string) => data(client.GET("/shipments/{id}", at({ id }))),
  createShipment: (shipment: t.NewShipment) => data(client.POST("/shipments", { body: shipment })),
  numberBoxes: (id: string, boxes: number[]) =>
    data(client.POST("/shipments/{id}/sscc", { ...at({ id }), body: { boxes } })),
  /** Of one box, or of all of them where none is named. */
  labels: (id: string, box: number | null, format: t.LabelFormat) =>
    data(client.GET("/shipments/{id}/labels", { ...at({ id }, { box, format }), ...asFile })),
  bindTracker: (id: string, devEui: string, from: string) =>
    data(client.POST("/shipments/{id}/trackers", { ...at({ id }), body: { dev_eui: devEui, from } })),
  /** What the tracker measures from `until` on is not the shipment's. */
  unbindTracker: (shipment: string, devEui: string, until: string) =>
    data(
      client.POST("/shipments/{id}/trackers/{dev_eui}/unbind", {
        ...at({ id: shipment, dev_eui: devEui }),
        body: { until },
      }),
    ),
  decide: (id: string, signature: t.NewDisposition) =>
    data(client.POST("/shipments/{id}/disposition", { ...at({ id }), body: signature })),
  cancelShipment: (id: string, reason: string) =>
    data(client.POST("/shipments/{id}/cancel", { ...at({ id }), body: { reason } })),
  returnShipment: (id: string, reason: string) =>
    data(client.POST("/shipments/{id}/return", { ...at({ id }), body: { reason } })),
  assessment: (id: string) => data(client.GET("/shipments/{id}/assessment", at({ id }))),
  pastAssessments: (id: string, cursor: string | null) =>
    data(client.GET("/shipments/{id}/assessments", at({ id }, { cursor }))),
  readings: (id: string) =>
    all((cursor) => data(client.GET("/shipments/{id}/readings", at({ id }, { limit: 1000, cursor })))),
  shipmentAlerts: (id: string) =>
    all((cursor) => data(client.GET("/shipments/{id}/alerts", at({ id }, { cursor })))),

  custody: (id: string) => data(client.GET("/shipments/{id}/custody", at({ id }))),
  handOver: (id: string, step: t.CustodyStep, body: t.HandoverRequest) =>
    data(client.POST(`/shipments/{id}/custody/${step}`, { ...at({ id }), body })),
  handovers: () => all((cursor) => data(client.GET("/handovers", where({ cursor })))),
  /** Written once under its key, however often it is sent. */
  sendTransfer: ({ of, id, step }: t.TransferPath, key: string, body: object) =>
    data(client.POST(`/${of}/{id}/custody/${step}`, { ...once({ id }, key), body: body as never })),
  /** A photo of the boxes, kept as it is; the same one again is kept once. */
  addPhoto: (id: string, photo: Blob) =>
    data(client.POST("/shipments/{id}/custody/photos", { ...at({ id }), ...file(photo) })),
  photo: (id: string, sha256: string) =>
    data(client.GET("/shipments/{id}/custody/photos/{sha256}", { ...at({ id, sha256 }), ...asFile })),
  makeCode: (id: string, answers: string) =>
    data(client.POST("/shipments/{id}/custody/codes", { ...at({ id }), body: { answers } })),
  linkedOffer: (secret: string) => data(client.POST("/sign/offer", { body: { secret } })),
  acceptByLink: (body: t.LinkedAcceptance) => data(client.POST("/sign/accept", { body })),
  refuseByLink: (body: t.LinkedRefusal) => data(client.POST("/sign/refuse", { body })),
  /** The shipment in the words of GS1's EPCIS 2.0, to be saved as a file. */
  epcis: (id: string) => data(client.GET("/shipments/{id}/epcis", { ...at({ id }), ...asFile })),
  /** The evidence package, to be saved as a file. */
  evidence: (id: string) => data(client.GET("/shipments/{id}/evidence", { ...at({ id }), ...asFile })),

  recalls: (cursor: string | null) => data(client.GET("/recalls", where({ cursor, limit: 20 }))),
  recall: (id: string) => data(client.GET("/recalls/{id}", at({ id }))),
  addRecall: (recall: t.NewRecall) => data(client.POST("/recalls", { body: recall })),

  parents: (filter: { sscc?: string; reference?: string }, cursor: string | null) =>
    data(client.GET("/parents", where({ ...filter, cursor }))),
  parent: (id: string) => data(client.GET("/parents/{id}", at({ id }))),
  numberParent: (id: string) => data(client.POST("/parents/{id}/sscc", at({ id }))),
  parentLabel: (id: string, format: t.LabelFormat) =>
    data(client.GET("/parents/{id}/label", { ...at({ id }, { format }), ...asFile })),
  addParent: (parent: t.NewParent) => data(client.POST("/parents", { body: parent })),
  fillParent: (id: string, boxes: t.NewFill) =>
    data(client.POST("/parents/{id}/boxes", { ...at({ id }), body: boxes })),
  emptyParent: (id: string, boxes: t.NewEmptying) =>
    data(client.POST("/parents/{id}/boxes/remove", { ...at({ id }), body: boxes })),

  alerts: (state: "open" | "all", cursor: string | null) =>
    data(client.GET("/alerts", where({ state, cursor }))),
  // openapi-fetch forgets that from and to are two.
  alertHistory: (id: string, cursor: string | null) =>
    data(client.GET("/alerts/{id}/history", at({ id }, { cursor }))) as Promise<t.Page<t.AlertChange>>,
  acknowledge: (id: string, reason: string) =>
    data(client.POST("/alerts/{id}/acknowledge", { ...at({ id }), body: { reason } })),
  attempts: (id: string, cursor: string | null) =>
    data(client.GET("/alerts/{id}/attempts", at({ id }, { cursor }))),
  runbooks: async () => (await data(client.GET("/runbooks"))).items,
  setRunbook: (kind: t.AlertKind, runbook: t.Runbook) =>
    data(client.PUT("/runbooks/{kind}", { ...at({ kind }), body: runbook })),
  resetRunbook: (kind: t.AlertKind) => data(client.DELETE("/runbooks/{kind}", at({ kind }))),
  onCall: () => data(client.GET("/on-call")),
  setOnCall: (list: t.NewOnCall) => data(client.PUT("/on-call", { body: list })),

  trackers: (pool: t.PoolState | "", cursor: string | null) =>
    data(client.GET("/trackers", where({ pool: pool || null, cursor }))) as Promise<t.Page<t.Tracker>>,
  allTrackers: () => all((cursor) => api.trackers("", cursor)),
  unknownTrackers: () =>
    all(
      (cursor) =>
        data(client.GET("/trackers", where({ unknown: true, cursor }))) as Promise<t.Page<t.UnknownTracker>>,
    ),
  tracker: (devEui: string) => data(client.GET("/trackers/{dev_eui}", at({ dev_eui: devEui }))),
  uplinks: (devEui: string, cursor: string | null) =>
    data(client.GET("/trackers/{dev_eui}/uplinks", at({ dev_eui: devEui }, { limit: 25, cursor }))),
  setAside: (devEui: string, cursor: string | null) =>
    data(client.GET("/trackers/{dev_eui}/set-aside", at({ dev_eui: devEui }, { limit: 5, cursor }))),
  trackerLog: (devEui: string, cursor: string | null) =>
    data(client.GET("/trackers/{dev_eui}/log", at({ dev_eui: devEui }, { limit: 10, cursor }))),
  sensings: (devEui: string, cursor: string | null) =>
    data(client.GET("/trackers/{dev_eui}/sensings", at({ dev_eui: devEui }, { limit: 10, cursor }))),
  tellTracker: (devEui: string, commands: t.WantedCommand[]) =>
    data(client.POST("/trackers/{dev_eui}/commands", { ...at({ dev_eui: devEui }), body: { commands } })),
  downlinks: (devEui: string, cursor: string | null) =>
    data(client.GET("/trackers/{dev_eui}/downlinks", at({ dev_eui: devEui }, { limit: 10, cursor }))),
  changeTracker: (devEui: string, change: t.TrackerChange) =>
    data(client.PATCH("/trackers/{dev_eui}", { ...at({ dev_eui: devEui }), body: change })),
  registerTracker: (tracker: t.NewTracker) => data(client.POST("/trackers", { body: tracker })),

  gateways: (cursor: string | null) => data(client.GET("/gateways", where({ cursor, limit: 20 }))),
  changeGateway: (id: number, to: t.GatewayChange) =>
    data(client.POST("/gateways/{id}", { ...at({ id }), body: to })),

  trackerReturned: (devEui: string) =>
    data(client.POST("/trackers/{dev_eui}/returned", { ...at({ dev_eui: devEui }), body: {} })),
  trackerLost: (devEui: string, reason: string) =>
    data(client.POST("/trackers/{dev_eui}/lost", { ...at({ dev_eui: devEui }), body: { reason } })),

  unreadableBodies: (cursor: string | null) =>
    data(client.GET("/unreadable-bodies", where({ limit: 20, cursor }))),
  deadLetters: () => data(client.GET("/dead-letters", where({ limit: 20 }))),
  replayDeadLetters: () => data(client.POST("/dead-letters/replay")),

  addOrganisation: (organisation: t.NewOrganisation) =>
    data(client.POST("/organisations", { body: organisation })),
  organisation: (id: number) => data(client.GET("/organisations/{id}", at({ id }))),
  changeOrganisation: (id: number, to: t.NewOrganisation) =>
    data(client.POST("/organisations/{id}", { ...at({ id }), body: to })),
  products: (id: number) =>
    all((cursor) => data(client.GET("/organisations/{id}/products", at({ id }, { cursor })))),
  setProducts: (id: number, products: t.NewProducts) =>
    data(client.PUT("/organisations/{id}/products", { ...at({ id }), body: products })),
  apiKeys: (organisation: number) =>
    all((cursor) => data(client.GET("/api-keys", where({ organisation, cursor })))),
  networks: () => data(client.GET("/networks")),
  integrations: async () => (await data(client.GET("/integrations"))).items,
  addIntegration: (integration: t.NewIntegration) =>
    data(client.POST("/integrations", { body: integration })),
  changeIntegration: (id: string, settings: t.IntegrationSettings) =>
    data(client.PUT("/integrations/{id}", { ...at({ id }), body: settings })),
  rotateIntegration: (id: string, token?: string) =>
    data(client.POST("/integrations/{id}/credential", { ...at({ id }), body: { token } })),
  retireIntegration: (id: string) => data(client.DELETE("/integrations/{id}/older-credential", at({ id }))),
  disableIntegration: (id: string) => data(client.POST("/integrations/{id}/disable", at({ id }))),
  enableIntegration: (id: string) => data(client.POST("/integrations/{id}/enable", at({ id }))),
  addApiKey: (key: t.NewApiKey) => data(client.POST("/api-keys", { body: key })),
  revokeApiKey: (id: string, reason: string) =>
    data(client.POST("/api-keys/{id}/revoke", { ...at({ id }), body: { reason } })),
  contracts: (id: number) =>
    all((cursor) => data(client.GET("/organisations/{id}/contracts", at({ id }, { cursor })))),
  addContract: (id: number, contract: t.NewContract) =>
    data(client.POST("/organisations/{id}/contracts", { ...at({ id }), body: contract })),
  endContract: (id: string, end: t.NewEnd) =>
    data(client.POST("/contracts/{id}/end", { ...at({ id }), body: end })),
  badges: (id: number) =>
    all((cursor) => data(client.GET("/organisations/{id}/badges", at({ id }, { cursor })))),
  addBadge: (id: number, badge: t.NewBadge) =>
    data(client.POST("/organisations/{id}/badges", { ...at({ id }), body: badge })),
  revokeBadge: (id: string, end: t.NewEnd) =>
    data(client.POST("/badges/{id}/revoke", { ...at({ id }), body: end })),
  people: (organisation: number | null, cursor: string | null) =>
    data(client.GET("/users", where({ organisation, cursor }))),
  allPeople: () => all((cursor) => data(client.GET("/users", where({ cursor })))),
  addPerson: (person: t.NewPerson) => data(client.POST("/users", { body: person })),
  disablePerson: (id: string, reason: string) =>
    data(client.POST("/users/{id}/disable", { ...at({ id }), body: { reason } })),
  /** `of`: a user or the holder of a badge. */
  trainings: (of: "users" | "badges", id: string) =>
    all((cursor) => data(client.GET(`/${of}/{id}/trainings`, at({ id }, { cursor })))),
  addTraining: (of: "users" | "badges", id: string, training: t.NewTraining) =>
    data(client.POST(`/${of}/{id}/trainings`, { ...at({ id }), body: training })),
  revokeTraining: (id: string, end: t.NewEnd) =>
    data(client.POST("/trainings/{id}/revoke", { ...at({ id }), body: end })),

  organisations: () => all((cursor) => data(client.GET("/organisations", where({ cursor })))),
  places: () => all((cursor) => data(client.GET("/places", where({ cursor })))),
  addPlace: (place: t.NewPlace) => data(client.POST("/places", { body: place })),
  lanes: () => all((cursor) => data(client.GET("/lanes", where({ cursor })))),
  addLane: (lane: t.NewLane) => data(client.POST("/lanes", { body: lane })),
  plan: (id: string) => data(client.GET("/shipments/{id}/plan", at({ id }))),
  setLegs: (id: string, plan: t.NewPlan) =>
    data(client.POST("/shipments/{id}/legs", { ...at({ id }), body: plan })),
  whereabouts: (id: string) => data(client.GET("/shipments/{id}/whereabouts", at({ id }))),

  profiles: () => all((cursor) => data(client.GET("/profiles", where({ cursor })))),
  profile: (id: string) => data(client.GET("/profiles/{id}", at({ id }))),
  approveProfile: (id: string, signature: t.NewApproval) =>
    data(client.POST("/profiles/{id}/approve", { ...at({ id }), body: signature })),
};

async function all<T>(fetchPage: (cursor: string | null) => Promise<t.Page<T>>): Promise<T[]> {
  return (await firstPages(Infinity, fetchPage)).items;
}
