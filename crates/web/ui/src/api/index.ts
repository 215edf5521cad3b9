/** Every call the page makes, one line each. */
import { session } from "../session/session.svelte";
import { Client } from "./client";
import { firstPages } from "./pages";
import type * as t from "./types";

const client = new Client({
  token: () => session.current?.token ?? null,
  refused: () => session.end("expired"),
});
const id = encodeURIComponent;

export interface ShipmentFilter {
  state?: string;
  reference?: string;
  sscc?: string;
  gtin?: string;
  lot?: string;
}

export const api = {
  logIn: (email: string, password: string) => client.post<t.LogIn>("/login", { email, password }),
  status: () => client.get<t.Status>("/status"),
  events: (signal: AbortSignal) =>
    client.open("GET", "/events", { signal, headers: { Accept: "text/event-stream" } }),

  shipments: (filter: ShipmentFilter, cursor: string | null, limit = 50) =>
    client.get<t.Page<t.Shipment>>("/shipments", { ...filter, cursor, limit }),
  shipment: (shipment: string) => client.get<t.Shipment>(`/shipments/${id(shipment)}`),
  createShipment: (shipment: t.NewShipment) => client.post<t.MadeShipment>("/shipments", shipment),
  bindTracker: (shipment: string, devEui: string, from: string) =>
    client.post<t.BoundShipment>(`/shipments/${id(shipment)}/trackers`, { dev_eui: devEui, from }),
  /** What the tracker measures from `until` on is not the shipment's. */
  unbindTracker: (shipment: string, devEui: string, until: string) =>
    client.post<t.Shipment>(`/shipments/${id(shipment)}/trackers/${id(devEui)}/unbind`, { until }),
  decide: (shipment: string, signature: t.NewDisposition) =>
    client.post<t.Decided>(`/shipments/${id(shipment)}/disposition`, signature),
  cancelShipment: (shipment: string, reason: string) =>
    client.post<t.Shipment>(`/shipments/${id(shipment)}/cancel`, { reason }),
  returnShipment: (shipment: string, reason: string) =>
    client.post<t.Shipment>(`/shipments/${id(shipment)}/return`, { reason }),
  assessment: (shipment: string) => client.get<t.ShipmentAssessment>(`/shipments/${id(shipment)}/assessment`),
  pastAssessments: (shipment: string, cursor: string | null) =>
    client.get<t.Page<t.PastAssessment>>(`/shipments/${id(shipment)}/assessments`, { cursor }),
  readings: (shipment: string) =>
    all((cursor) =>
      client.get<t.Page<t.Reading>>(`/shipments/${id(shipment)}/readings`, { limit: 1000, cursor }),
    ),
  shipmentAlerts: (shipment: string) =>
    all((cursor) => client.get<t.Page<t.Alert>>(`/shipments/${id(shipment)}/alerts`, { cursor })),

  custody: (shipment: string) => client.get<t.Custody>(`/shipments/${id(shipment)}/custody`),
  handOver: (shipment: string, step: t.CustodyStep, body: t.HandoverRequest) =>
    client.post<t.Written>(`/shipments/${id(shipment)}/custody/${step}`, body),
  handovers: () => all((cursor) => client.get<t.Page<t.Handover>>("/handovers", { cursor })),
  /** Written once under its key, however often it is sent. */
  sendTransfer: ({ of, id: what, step }: t.TransferPath, key: string, body: unknown) =>
    client.post<unknown>(`/${of}/${id(what)}/custody/${step}`, body, key),
  /** A photo of the boxes, kept as it is; the same one again is kept once. */
  addPhoto: async (shipment: string, photo: Blob): Promise<t.KeptPhoto> => {
    const headers = { "Content-Type": photo.type };
    const path = `/shipments/${id(shipment)}/custody/photos`;
    return (await client.open("POST", path, { headers, body: photo })).json() as Promise<t.KeptPhoto>;
  },
  photo: async (shipment: string, hash: string) =>
    (await client.open("GET", `/shipments/${id(shipment)}/custody/photos/${id(hash)}`)).blob(),
  makeCode: (shipment: string, answers: string) =>
    client.post<t.MadeCode>(`/shipments/${id(shipment)}/custody/codes`, { answers }),
  linkedOffer: (secret: string) => client.post<t.LinkedOffer>("/sign/offer", { secret }),
  answerLink: (answer: "accept" | "refuse", body: t.LinkedRequest) =>
    client.post<t.LinkedAnswer>(`/sign/${answer}`, body),
  /** The shipment in the words of GS1's EPCIS 2.0, to be saved as a file. */
  epcis: async (shipment: string) => (await client.open("GET", `/shipments/${id(shipment)}/epcis`)).blob(),
  /** The evidence package, to be saved as a file. */
  evidence: async (shipment: string) =>
    (await client.open("GET", `/shipments/${id(shipment)}/evidence`)).blob(),

  recalls: (cursor: string | null) => client.get<t.Page<t.Recall>>("/recalls", { cursor, limit: 20 }),
  recall: (recall: string) => client.get<t.RecallWithShipments>(`/recalls/${id(recall)}`),
  addRecall: (recall: t.NewRecall) => client.post<t.RecallWithShipments>("/recalls", recall),

  parents: (filter: { sscc?: string; reference?: string }, cursor: string | null) =>
    client.get<t.Page<t.Parent>>("/parents", { ...filter, cursor }),
  parent: (parent: string) => client.get<t.FilledParent>(`/parents/${id(parent)}`),
  addParent: (parent: t.NewParent) => client.post<t.FilledParent>("/parents", parent),
  fillParent: (parent: string, boxes: t.NewFill) =>
    client.post<t.FilledParent>(`/parents/${id(parent)}/boxes`, boxes),
  emptyParent: (parent: string, boxes: t.NewEmptying) =>
    client.post<t.FilledParent>(`/parents/${id(parent)}/boxes/remove`, boxes),

  alerts: (state: "open" | "all", cursor: string | null) =>
    client.get<t.Page<t.Alert>>("/alerts", { state, cursor }),
  alertHistory: (alert: string, cursor: string | null) =>
    client.get<t.Page<t.AlertChange>>(`/alerts/${id(alert)}/history`, { cursor }),
  acknowledge: (alert: string, reason: string) =>
    client.post<t.Alert>(`/alerts/${id(alert)}/acknowledge`, { reason }),
  attempts: (alert: string, cursor: string | null) =>
    client.get<t.Page<t.Attempt>>(`/alerts/${id(alert)}/attempts`, { cursor }),
  runbooks: async () => (await client.get<t.Page<t.KindRunbook>>("/runbooks")).items,
  setRunbook: (kind: t.AlertKind, runbook: t.Runbook) =>
    client.put<t.KindRunbook>(`/runbooks/${id(kind)}`, runbook),
  resetRunbook: (kind: t.AlertKind) => client.delete<t.KindRunbook>(`/runbooks/${id(kind)}`),
  onCall: () => client.get<t.OnCall>("/on-call"),
  setOnCall: (list: t.NewOnCall) => client.put<t.OnCall>("/on-call", list),

  trackers: (pool: string, cursor: string | null) =>
    client.get<t.Page<t.Tracker>>("/trackers", { pool: pool || null, cursor }),
  allTrackers: () => all((cursor) => client.get<t.Page<t.Tracker>>("/trackers", { cursor })),
  unknownTrackers: () =>
    all((cursor) => client.get<t.Page<t.UnknownTracker>>("/trackers", { unknown: "true", cursor })),
  tracker: (devEui: string) => client.get<t.Tracker>(`/trackers/${id(devEui)}`),
  uplinks: (devEui: string, cursor: string | null) =>
    client.get<t.Page<t.Uplink>>(`/trackers/${id(devEui)}/uplinks`, { limit: 25, cursor }),
  setAside: (devEui: string, cursor: string | null) =>
    client.get<t.Page<t.SetAside>>(`/trackers/${id(devEui)}/set-aside`, { limit: 5, cursor }),
  registerTracker: (tracker: t.NewTracker) => client.post<t.Tracker>("/trackers", tracker),

  gateways: (cursor: string | null) => client.get<t.Page<t.KnownGateway>>("/gateways", { cursor, limit: 20 }),
  changeGateway: (gateway: number, to: t.NewGateway) =>
    client.post<t.KnownGateway>(`/gateways/${gateway}`, to),

  trackerReturned: (devEui: string) => client.post<t.Tracker>(`/trackers/${id(devEui)}/returned`, {}),
  trackerLost: (devEui: string, reason: string) =>
    client.post<t.Tracker>(`/trackers/${id(devEui)}/lost`, { reason }),

  unreadableBodies: (cursor: string | null) =>
    client.get<t.Page<t.UnreadableBody>>("/unreadable-bodies", { limit: 20, cursor }),
  deadLetters: () => client.get<t.Page<t.DeadLetter>>("/dead-letters", { limit: 20 }),
  replayDeadLetters: () => client.post<t.Replayed>("/dead-letters/replay"),

  addOrganisation: (organisation: t.NewOrganisation) =>
    client.post<t.Organisation>("/organisations", organisation),
  organisation: (organisation: number) => client.get<t.Organisation>(`/organisations/${organisation}`),
  changeOrganisation: (organisation: number, to: t.NewOrganisation) =>
    client.post<t.Organisation>(`/organisations/${organisation}`, to),
  products: (supplier: number) =>
    all((cursor) => client.get<t.Page<t.Product>>(`/organisations/${supplier}/products`, { cursor })),
  setProducts: (supplier: number, products: t.NewProducts) =>
    client.put<t.Page<t.Product>>(`/organisations/${supplier}/products`, products),
  apiKeys: (organisation: number) =>
    all((cursor) => client.get<t.Page<t.ApiKey>>("/api-keys", { organisation, cursor })),
  addApiKey: (key: t.NewApiKey) => client.post<t.MadeApiKey>("/api-keys", key),
  revokeApiKey: (key: string, reason: string) =>
    client.post<t.ApiKey>(`/api-keys/${id(key)}/revoke`, { reason }),
  contracts: (organisation: number) =>
    all((cursor) => client.get<t.Page<t.Contract>>(`/organisations/${organisation}/contracts`, { cursor })),
  addContract: (organisation: number, contract: t.NewContract) =>
    client.post<t.Contract>(`/organisations/${organisation}/contracts`, contract),
  endContract: (contract: string, end: t.NewEnd) =>
    client.post<t.Contract>(`/contracts/${id(contract)}/end`, end),
  badges: (organisation: number) =>
    all((cursor) => client.get<t.Page<t.Badge>>(`/organisations/${organisation}/badges`, { cursor })),
  addBadge: (organisation: number, badge: t.NewBadge) =>
    client.post<t.Badge>(`/organisations/${organisation}/badges`, badge),
  revokeBadge: (badge: string, end: t.NewEnd) => client.post<t.Badge>(`/badges/${id(badge)}/revoke`, end),
  people: (organisation: number | null, cursor: string | null) =>
    client.get<t.Page<t.Person>>("/users", { organisation, cursor }),
  allPeople: () => all((cursor) => client.get<t.Page<t.Person>>("/users", { cursor })),
  addPerson: (person: t.NewPerson) => client.post<t.Person>("/users", person),
  disablePerson: (person: string, reason: string) =>
    client.post<t.Person>(`/users/${id(person)}/disable`, { reason }),
  /** `of`: a user or the holder of a badge. */
  trainings: (of: "users" | "badges", whose: string) =>
    all((cursor) => client.get<t.Page<t.Training>>(`/${of}/${id(whose)}/trainings`, { cursor })),
  addTraining: (of: "users" | "badges", whose: string, training: t.NewTraining) =>
    client.post<t.Training>(`/${of}/${id(whose)}/trainings`, training),
  revokeTraining: (training: string, end: t.NewEnd) =>
    client.post<t.Training>(`/trainings/${id(training)}/revoke`, end),

  organisations: () => all((cursor) => client.get<t.Page<t.Organisation>>("/organisations", { cursor })),
  places: () => all((cursor) => client.get<t.Page<t.Place>>("/places", { cursor })),
  addPlace: (place: t.NewPlace) => client.post<t.Place>("/places", place),
  lanes: () => all((cursor) => client.get<t.Page<t.Lane>>("/lanes", { cursor })),
  addLane: (lane: t.NewLane) => client.post<t.Lane>("/lanes", lane),
  plan: (shipment: string) => client.get<t.Plan>(`/shipments/${id(shipment)}/plan`),
  setLegs: (shipment: string, plan: t.NewPlan) =>
    client.post<t.Plan>(`/shipments/${id(shipment)}/legs`, plan),
  whereabouts: (shipment: string) => client.get<t.Whereabouts>(`/shipments/${id(shipment)}/whereabouts`),

  profiles: () => all((cursor) => client.get<t.Page<t.Profile>>("/profiles", { cursor })),
  profile: (profile: string) => client.get<t.Profile>(`/profiles/${id(profile)}`),
  approveProfile: (profile: string, signature: t.NewApproval) =>
    client.post<t.Profile>(`/profiles/${id(profile)}/approve`, signature),
};

async function all<T>(fetchPage: (cursor: string | null) => Promise<t.Page<T>>): Promise<T[]> {
  return (await firstPages(Infinity, fetchPage)).items;
}
