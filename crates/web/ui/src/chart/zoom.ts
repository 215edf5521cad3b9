export interface Window {
  min: number;
  max: number;
}

const LEAST_S = 300;

/** Narrower (factor < 1) or wider about the middle, never beyond the whole. */
export function zoomed(shown: Window, whole: Window, factor: number): Window {
  const middle = (shown.min + shown.max) / 2;
  const width = Math.max(LEAST_S, (shown.max - shown.min) * factor);
  return within({ min: middle - width / 2, max: middle + width / 2 }, whole);
}

/** Along by a share of what is shown. */
export function moved(shown: Window, whole: Window, share: number): Window {
  const by = (shown.max - shown.min) * share;
  return within({ min: shown.min + by, max: shown.max + by }, whole);
}

/** The whole is null, so that a chart which shows everything goes on doing so as it grows. */
export function unlessWhole(shown: Window, whole: Window): Window | null {
  return shown.max - shown.min >= (whole.max - whole.min) * 0.999 ? null : shown;
}

function within(shown: Window, whole: Window): Window {
  const width = shown.max - shown.min;
  if (width >= whole.max - whole.min) return whole;
  const min = Math.min(Math.max(shown.min, whole.min), whole.max - width);
  return { min, max: min + width };
}
