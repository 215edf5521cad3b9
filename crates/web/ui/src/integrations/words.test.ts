import { expect, test } from "vitest";
import { addresses, counted, lifeOf, networkName, placeOf } from "./words";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const seen = (last_seen_at: string | null, disabled_at: string | null = null) =>
  lifeOf({ last_seen_at, disabled_at }, NOW);

test("an integration is alive for an hour after its last webhook, and wants a look after a day", () => {
  expect(seen("2026-03-01T11:00:00Z")).toEqual({ words: "Alive", mood: "good" });
  expect(seen("2026-03-01T10:59:59Z").mood).toBe("plain");
  expect(seen("2026-02-28T12:00:00Z").mood).toBe("plain");
  expect(seen("2026-02-28T11:59:59Z").mood).toBe("look");
  expect(seen(null).words).toBe("Nothing has come yet");
  expect(seen("2026-03-01T11:59:00Z", "2026-03-01T11:59:30Z").words).toMatch(/^Disabled/);
});

test("a network that the page does not know yet is named as the service names it", () => {
  expect(networkName("chirpstack")).toBe("ChirpStack");
  expect(networkName("carrier-pigeon")).toBe("carrier-pigeon");
  expect(placeOf("carrier-pigeon")).toContain("Authorization: Bearer");
});

test("addresses are read however they are set apart", () => {
  expect(addresses(" 203.0.113.0/24,\n2001:db8::1 ; 198.51.100.7\n")).toEqual([
    "203.0.113.0/24",
    "2001:db8::1",
    "198.51.100.7",
  ]);
  expect(addresses(" \n")).toEqual([]);
});

test("one is one, and thousands are set apart", () => {
  expect(counted(1, "webhook")).toBe("1 webhook");
  expect(counted(0, "webhook")).toBe("0 webhooks");
  expect(counted(12345, "body", "bodies")).toBe("12,345 bodies");
});
