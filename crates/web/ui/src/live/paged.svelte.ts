import { firstPages } from "../api/pages";
import type { Problem } from "../api/problem";
import type { Page } from "../api/types";
import { Resource } from "./resource.svelte";

/** A list that is shown from its beginning and grows by a page when asked; a refresh keeps its length. */
export class PagedList<T> {
  #pages = 1;
  readonly #got: Resource<Page<T>>;

  constructor(fetchPage: (cursor: string | null) => Promise<Page<T>>) {
    this.#got = new Resource(() => firstPages(this.#pages, fetchPage));
  }

  /** Null until the first answer. */
  get items(): T[] | null {
    return this.#got.value?.items ?? null;
  }

  get hasMore(): boolean {
    return (this.#got.value?.next ?? null) !== null;
  }

  get problem(): Problem | null {
    return this.#got.problem;
  }

  refresh = (): Promise<boolean> => this.#got.refresh();

  more = (): Promise<boolean> => {
    this.#pages += 1;
    return this.refresh();
  };

  /** For another question: forgets the answers to the last one. */
  restart(): Promise<boolean> {
    this.#pages = 1;
    this.#got.value = null;
    return this.refresh();
  }
}
