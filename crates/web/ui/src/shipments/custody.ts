/** Custody in words. */
import type { Actor, Custody, Entry, Holding, Strength } from "../api/types";

export const STRENGTH: Record<Strength, string> = {
  account: "logged in",
  badge: "known by a badge",
  code: "known by a one-time code",
  link: "known by a link",
  system: "reported by another system",
  unattended: "nobody was there",
};

/** `1 to 3 and 5`: numbers of boxes, in order. */
export function boxes(numbers: number[]): string {
  const sorted = [...new Set(numbers)].sort((one, other) => one - other);
  const spans: [number, number][] = [];
  for (const number of sorted) {
    const last = spans.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else spans.push([number, number]);
  }
  const words = spans.map(([from, to]) => (from === to ? `${from}` : `${from} to ${to}`));
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** `Carrier (driver@carrier.example)`. */
export function who({ organisation, person }: Pick<Holding, "organisation" | "person">): string {
  return person ? `${organisation.name} (${person})` : organisation.name;
}

/** What an entry says, without who and when. */
export function what(entry: Entry): string {
  const of = entry.boxes.length > 0 ? ` box ${boxes(entry.boxes)}` : "";
  switch (entry.act) {
    case "packed":
      return `packed${of}`;
    case "sealed":
      return `put a new seal on${of}`;
    case "offered":
      return `offered${of} to ${entry.to ? who(entry.to) : "somebody"}`;
    case "accepted":
      return `accepted${of}${entry.quarantine ? " into quarantine" : ""}`;
    case "refused":
      return `refused${of}`;
    case "withdrawn":
      return "took the offer back";
    case "corrected":
      return entry.effect === "annulled"
        ? "took an entry out"
        : entry.effect === "stands"
          ? "said which answer stands"
          : "noted what is wrong in an entry";
    case "decided":
      return `decided: ${entry.decision ?? ""}`;
  }
}

/** Boxes that one custodian has by the same entry, with what was offered of them. */
export interface Group {
  custodian: Holding;
  boxes: number[];
  seals: string[];
  offers: string[];
}

export function groups({ boxes }: Custody): Group[] {
  const found = new Map<string, Group>();
  for (const { box, custodian, seal, offers } of boxes) {
    const key = [custodian.entry, ...offers].join(" ");
    const group = found.get(key) ?? { custodian, boxes: [], seals: [], offers };
    group.boxes.push(box);
    if (seal) group.seals.push(seal);
    found.set(key, group);
  }
  return [...found.values()];
}

/** Where this device is; nothing where nobody knows, or its holder does not say. */
export function placeHere(): Promise<{ lat?: number; lon?: number; accuracy_m?: number }> {
  return new Promise((resolve) => {
    if (!("geolocation" in navigator)) return resolve({});
    navigator.geolocation.getCurrentPosition(
      ({ coords }) =>
        resolve({ lat: coords.latitude, lon: coords.longitude, accuracy_m: Math.ceil(coords.accuracy) }),
      () => resolve({}),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 },
    );
  });
}

/** By what somebody was known, and on whose account it was written. */
export function known({ strength, written_on }: Pick<Actor, "strength" | "written_on">): string {
  return written_on ? `${STRENGTH[strength]}, written by ${written_on}` : STRENGTH[strength];
}
