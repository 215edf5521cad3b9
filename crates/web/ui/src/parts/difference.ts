/** What changed, in words: a line of what, from what, and to what. */
import { duration, exactDuration, exactTime, localTime } from "../time/words";

export interface Difference {
  what: string;
  /** Null where it was not there before. */
  from: string | null;
  to: string;
}

/** Null where both are the same second; `none`: what no time means. */
export function ofTimes(
  what: string,
  from: string | null,
  to: string | null,
  none: string,
): Difference | null {
  if (from === null || to === null) {
    const words = (at: string | null) => (at === null ? none : localTime(at));
    return from === to ? null : { what, from: words(from), to: words(to) };
  }
  return ofWords(what, apart(from, to, localTime, exactTime));
}

/** Of seconds; null where they are the same. */
export function ofDurations(what: string, from: number, to: number): Difference | null {
  return ofWords(what, apart(from, to, duration, exactDuration));
}

/** Null where they are the same. */
export function ofWords(what: string, [from, to]: [string, string]): Difference | null {
  return from === to ? null : { what, from, to };
}

/** As short as tells them apart. */
export function apart<T>(
  from: T,
  to: T,
  short: (of: T) => string,
  exact: (of: T) => string,
): [string, string] {
  const words: [string, string] = [short(from), short(to)];
  return words[0] === words[1] ? [exact(from), exact(to)] : words;
}
