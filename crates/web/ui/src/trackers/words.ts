import type { HeardGateway, PoolState } from "../api/types";

/** Who heard it and how well: `2 gateways, best −97 dBm`. */
export function receptionOf(gateways: HeardGateway[]): string {
  if (gateways.length === 0) return "no gateway named";
  const count = gateways.length === 1 ? "1 gateway" : `${gateways.length} gateways`;
  const heard = gateways.map(({ rssi_dbm }) => rssi_dbm).filter((rssi) => rssi !== null);
  if (heard.length === 0) return count;
  const best = String(Math.max(...heard)).replace("-", "−");
  return gateways.length === 1 ? `${count}, ${best}\u00a0dBm` : `${count}, best ${best}\u00a0dBm`;
}

export const POOL: Record<PoolState, string> = {
  available: "Available",
  bound: "Rides",
  to_return: "To return",
  overdue: "Overdue",
  lost: "Lost",
};
