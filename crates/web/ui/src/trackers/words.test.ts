import { expect, test } from "vitest";
import type { HeardGateway } from "../api/types";
import { receptionOf } from "./words";

const heardAt = (rssi_dbm: number | null): HeardGateway => ({
  id: null,
  rssi_dbm,
  snr_db: null,
  location: null,
});

test.each([
  [[], "no gateway named"],
  [[heardAt(null)], "1 gateway"],
  [[heardAt(-97)], "1 gateway, −97 dBm"],
  [[heardAt(-112.5), heardAt(null), heardAt(-97)], "3 gateways, best −97 dBm"],
])("reception by %j is said as %s", (gateways, words) => {
  expect(receptionOf(gateways).replaceAll("\u00a0", " ")).toBe(words);
});
