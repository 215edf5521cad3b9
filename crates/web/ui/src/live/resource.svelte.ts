import { asProblem, type Problem } from "../api/problem";

/** Something fetched: what was got last, whether that failed, and a way to fetch it anew. */
export class Resource<T> {
  value = $state.raw<T | null>(null);
  problem = $state.raw<Problem | null>(null);
  readonly #fetch: () => Promise<T>;
  #turn = 0;

  constructor(fetch: () => Promise<T>) {
    this.#fetch = fetch;
  }

  /**
   * Keeps showing the old value while fetching. An answer that a later call has overtaken is dropped. Whether this call's
   * answer is what is shown now.
   */
  refresh = async (): Promise<boolean> => {
    const turn = (this.#turn += 1);
    try {
      const value = await this.#fetch();
      if (turn !== this.#turn) return false;
      this.value = value;
      this.problem = null;
      return true;
    } catch (thrown) {
      if (turn === this.#turn) this.problem = asProblem(thrown);
      return false;
    }
  };
}
