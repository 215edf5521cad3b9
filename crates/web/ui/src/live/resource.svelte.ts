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

  /** Keeps showing the old value while fetching. An answer that a later call has overtaken is dropped. */
  refresh = async (): Promise<void> => {
    const turn = (this.#turn += 1);
    try {
      const value = await this.#fetch();
      if (turn !== this.#turn) return;
      this.value = value;
      this.problem = null;
    } catch (thrown) {
      if (turn === this.#turn) this.problem = asProblem(thrown);
    }
  };
}
