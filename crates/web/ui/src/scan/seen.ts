/** A code stays before the camera for many pictures: each is said once, until it was away for a while. */
const AWAY_MS = 2000;

export class Seen {
  readonly #last = new Map<string, number>();
  readonly #meaning: (code: string) => string;

  /** `meaning`: the same for codes that say the same, as the symbols of one label do. */
  constructor(meaning: (code: string) => string) {
    this.#meaning = meaning;
  }

  /** Those of the codes of a picture that say something new, one of each. */
  fresh(codes: string[], at: number): string[] {
    const seen = new Map(codes.map((code) => [this.#meaning(code), code]));
    const isFresh = ([what]: [string, string]) => at - (this.#last.get(what) ?? -Infinity) > AWAY_MS;
    const fresh = [...seen].filter(isFresh).map(([, code]) => code);
    for (const what of seen.keys()) this.#last.set(what, at);
    return fresh;
  }
}
