import type { Scene } from "./paint";

/**
 * From where to where the temperature axis goes: what was measured and the range are always in sight, so that the
 * line is seen in relation to it; an alarm's limit as well, unless it lies so far off that the rest would be
 * squeezed flat.
 */
export function heights(
  { range, limits }: Pick<Scene, "range" | "limits">,
  min: number | null,
  max: number | null,
): [number, number] {
  const known = [min, max, range.min, range.max].filter((value) => value != null);
  const near = known.length === 0 ? limits : limits.filter(({ at }) => isNear(at, known));
  const shown = [...known, ...near.map(({ at }) => at)];
  if (shown.length === 0) return [0, 10];
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  const room = Math.max(0.5, (high - low) * 0.12);
  return [low - room, high + room];
}

/** Not further off than what is known is wide. */
function isNear(at: number, known: number[]): boolean {
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const width = Math.max(1, high - low);
  return at >= low - width && at <= high + width;
}
