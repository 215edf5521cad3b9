/** A code stays before the camera for many pictures: each is said once, until it was away for a while. */
const AWAY_MS = 2000;

export class Seen {
  readonly #last = new Map<string, number>();

  /** Those of the codes of a picture that are new. */
  fresh(codes: string[], at: number): string[] {
    const fresh = codes.filter((code) => at - (this.#last.get(code) ?? -Infinity) > AWAY_MS);
    for (const code of codes) this.#last.set(code, at);
    return fresh;
  }
}
