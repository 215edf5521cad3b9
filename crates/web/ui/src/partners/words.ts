import type {
  ApiKey,
  NewProduct,
  OrganisationKind,
  Person,
  Product,
  Role,
  TrainingTopic,
  Validity,
} from "../api/types";

export const KIND: Record<OrganisationKind, string> = {
  consignor: "Consignor",
  carrier: "Carrier",
  consignee: "Consignee",
  supplier: "Supplier",
};

export const TOPIC: Record<TrainingTopic, string> = {
  gdp: "Good distribution practice (GDP)",
  cold_chain: "Cold chain",
  dangerous_goods: "Dangerous goods",
  controlled_substances: "Controlled substances",
};

export const ROLE: Record<Role, string> = {
  admin: "Admin: users, integrations, trackers",
  coordinator: "Coordinator: plans shipments and watches them",
  packer: "Packer: packs boxes and binds trackers",
  courier: "Courier: drives",
  receiver: "Receiver: goods-in",
  dispatcher: "Dispatcher: of a carrier",
  quality: "Quality: decides on what is on hold",
  supplier: "Supplier: manufacturer or wholesaler",
  auditor: "Auditor: reads everything, changes nothing",
};

const PARTNERS: readonly Role[] = ["courier", "receiver", "dispatcher", "supplier", "auditor"];
const PARTNERS_ALONE: readonly Role[] = ["dispatcher", "supplier"];

/** The roles that somebody of the tenant, or of one of its partners, may have. */
export function roles(ofTenant: boolean): Role[] {
  const all = Object.keys(ROLE) as Role[];
  return all.filter((role) => (ofTenant ? !PARTNERS_ALONE.includes(role) : PARTNERS.includes(role)));
}

/** What a person lacks to be handed a box; nothing where the person cannot log in any more. */
export function lacks(of: Pick<Person, "trained" | "under_contract" | "disabled_at">): string[] {
  if (of.disabled_at !== null) return [];
  return [
    ...(of.trained ? [] : ["No valid GDP training"]),
    ...(of.under_contract ? [] : ["No valid contract"]),
  ];
}

/** What a key may be made for. */
export const KEY_ROLE = {
  supplier: "Read shipments with its products",
  dispatcher: "Hand in handovers, and read shipments that it carries",
} as const;

/** Whether a key counts; by the machine's time, as its end is. */
export function keyState(of: Pick<ApiKey, "expires_at" | "revoked_at">, nowMs: number): string {
  if (of.revoked_at !== null) return "Revoked";
  return of.expires_at !== null && Date.parse(of.expires_at) <= nowMs ? "Expired" : "Counts";
}

/** Products as they are typed: one a line, its GTIN and behind a blank its name. */
export function readProducts(text: string): NewProduct[] {
  const lines = text.split("\n").map((line) => line.trim().split(/\s+/));
  return lines
    .filter(([gtin]) => gtin !== "")
    .map(([gtin, ...name]) => ({ gtin: gtin ?? "", name: name.join(" ") || undefined }));
}

export function writeProducts(products: Product[]): string {
  return products.map(({ gtin, name }) => (name ? `${gtin} ${name}` : gtin)).join("\n");
}

/** Whether something holds now, and if not, why. */
export function standing(of: Validity, nowMs: number): "Valid" | "Ended" | "Run out" | "Not yet valid" {
  if (of.valid) return "Valid";
  if (of.ended_at !== null) return "Ended";
  return of.until !== null && Date.parse(of.until) <= nowMs ? "Run out" : "Not yet valid";
}

/** A password that can be read out: no letter or digit that is taken for another. About 60 bits. */
export function suggestion(random: Uint8Array): string {
  const letters = "abcdefghjkmnpqrstuvwxyz23456789-";
  return [...random].map((byte) => letters[byte % letters.length]).join("");
}
