import type { Integration, RefusalReason } from "../api/types";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** The fastest networks post each few minutes; an hour without any is worth a look where trackers are on their way. */
const ALIVE_MS = 60 * MINUTE_MS;

/** Where people know a network server by another name than the API does. */
const NETWORK: Record<string, string> = {
  chirpstack: "ChirpStack",
  "chirpstack-v3": "ChirpStack v3",
  "the-things-stack": "The Things Stack",
  actility: "ThingPark (Actility)",
  loriot: "LORIOT",
  "aws-iot-core": "AWS IoT Core",
  helium: "Helium",
  milesight: "Milesight",
  netmore: "Netmore",
  everynet: "Everynet",
  kerlink: "Kerlink",
  senet: "Senet",
  orange: "Orange Live Objects",
};

export function networkName(network: string): string {
  return NETWORK[network] ?? network;
}

/** Whether what it says is good, wants a look, or is neither. */
export type Life = { words: string; mood: "good" | "look" | "plain" };

/** Whether an integration is alive, at this moment. */
export function lifeOf(of: Pick<Integration, "disabled_at" | "last_seen_at">, nowMs: number): Life {
  if (of.disabled_at !== null) return { words: "Disabled: nothing of it is taken in", mood: "plain" };
  if (of.last_seen_at === null) return { words: "Nothing has come yet", mood: "plain" };
  const silentMs = nowMs - Date.parse(of.last_seen_at);
  if (silentMs <= ALIVE_MS) return { words: "Alive", mood: "good" };
  if (silentMs <= DAY_MS) return { words: "Nothing for more than an hour", mood: "plain" };
  return {
    words: "Nothing for more than a day: look whether the network server still posts",
    mood: "look",
  };
}

/** Why webhooks are refused, and what mends it. */
export const REFUSED: Record<RefusalReason, { why: string; mend: string }> = {
  token: {
    why: "the token is wrong",
    mend: "Put the present token into the network server. Where nobody has it any more, make a new one here.",
  },
  clock: {
    why: "they were signed by a clock that is more than 5 minutes from ours",
    mend: "Set the clocks of the network server and of the ingester.",
  },
  address: {
    why: "they come from an address that is not allowed",
    mend: "If the network server has moved, add its address here. If not, somebody else has the token: make a new one.",
  },
  content_type: {
    why: "they do not say that they are what is read",
    mend: "Set the format in the network server: JSON, or what its guide names.",
  },
  size: {
    why: "their bodies are larger than 1 MiB",
    mend: "Have the network server leave decoded objects and other additions out.",
  },
  fetch: {
    why: "its MQTT broker cannot be reached",
    mend: "Look whether the broker runs, and at the ingester’s log, which says why.",
  },
  other: {
    why: "for a reason that this release does not know",
    mend: "The alert about it says the reason. Bring this service to the ingester’s release.",
  },
};

/** `1 webhook`, `12 webhooks`, with the thousands apart. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

const AS_HEADER =
  "Have it send the token with each webhook, in the header Authorization: Bearer, a blank, and the token.";

const PLACE: Record<string, string> = {
  chirpstack:
    "In ChirpStack: the application, Integrations, HTTP. The address is the event endpoint, and a header Authorization has the value Bearer, a blank, and the token.",
  "the-things-stack":
    "In The Things Stack: the application, Webhooks, Custom webhook. The address is the base URL, and an additional header Authorization has the value Bearer, a blank, and the token. Choose the format JSON.",
  actility:
    "In ThingPark: the application server with this address as its destination. The token is its tunnel interface authentication key (AS key); it signs with it and does not send it.",
  loriot:
    "In LORIOT: the application, Output, HTTP Push. The address is the target URL, and the custom Authorization header is Bearer, a blank, and the token.",
  "aws-iot-core":
    "In AWS IoT Core: a rule with the action HTTPS to this address, and a header Authorization with the value Bearer, a blank, and the token. AWS first asks to confirm the address.",
};

/** Where the token goes, in that network server. */
export function placeOf(network: string): string {
  return PLACE[network] ?? AS_HEADER;
}

/** Written in a field, one a line or with commas. */
export function addresses(written: string): string[] {
  return written.split(/[\s,;]+/).filter((part) => part !== "");
}
