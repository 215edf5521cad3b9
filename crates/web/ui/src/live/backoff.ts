const FIRST_MS = 500;
const MOST_MS = 20_000;

/**
 * How long to wait before attempt number `failures` + 1 (`failures` ≥ 1). Doubling, and spread by `random`
 * (0 … 1) over its upper half, so that a restarted service does not meet every page at once.
 */
export function backoff(failures: number, random: number): number {
  const full = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(failures, 16));
  return full / 2 + (full / 2) * random;
}
