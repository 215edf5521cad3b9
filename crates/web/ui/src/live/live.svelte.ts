import { api } from "../api";
import { Problem } from "../api/problem";
import { session } from "../session/session.svelte";
import { now } from "../time/now.svelte";
import { backoff } from "./backoff";
import { changeOf, type Change } from "./change";
import { coalesce } from "./coalesce";
import { FrameReader } from "./sse";

export type Connection = "connecting" | "live" | "reconnecting";

/** The service sends a comment now and then; silence for this long is a dead connection. */
const DEAD_AFTER_MS = 60_000;

class Live {
  connection = $state<Connection>("connecting");
  readonly #listeners = new Set<(change: Change) => void>();
  #wake: (() => void) | null = null;

  /** Follows the service's events until the returned function is called. */
  start(): () => void {
    const stop = new AbortController();
    const online = () => this.#wake?.();
    window.addEventListener("online", online);
    this.connection = "connecting";
    void this.#follow(stop.signal);
    return () => {
      window.removeEventListener("online", online);
      stop.abort();
      this.#wake?.();
    };
  }

  /**
   * Runs `refresh` soon after each change that `concerns` it; also after missed ones. Returns its own end.
   * `everyMs`: at most once in this time, for refreshes that fetch much.
   */
  refresh(
    concerns: (change: Change) => boolean,
    refresh: () => Promise<unknown>,
    everyMs = 1000,
  ): () => void {
    const soon = coalesce(refresh, 150, everyMs);
    const listener = (change: Change) => {
      if (change.what === "missed" || concerns(change)) soon();
    };
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      soon.cancel();
    };
  }

  async #follow(stop: AbortSignal): Promise<void> {
    let failures = 0;
    while (!stop.aborted && session.current !== null) {
      try {
        await this.#stream(stop, () => {
          if (this.connection !== "live") {
            this.connection = "live";
            this.#tell({ what: "missed", id: null, shipment: null });
            void now.learn();
          }
          failures = 0;
        });
      } catch (thrown) {
        if (thrown instanceof Problem && thrown.status === 401) return;
      }
      if (stop.aborted) return;
      failures += 1;
      this.connection = "reconnecting";
      await this.#pause(backoff(failures, Math.random()));
    }
  }

  async #stream(stop: AbortSignal, opened: () => void): Promise<void> {
    const dead = new AbortController();
    const end = () => dead.abort();
    stop.addEventListener("abort", end);
    let watch = setTimeout(end, DEAD_AFTER_MS);
    try {
      const answer = await api.events(dead.signal);
      opened();
      const frames = new FrameReader();
      const reader = answer.body?.getReader();
      while (reader) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(watch);
        watch = setTimeout(end, DEAD_AFTER_MS);
        for (const frame of frames.push(value)) {
          const change = changeOf(frame);
          if (change) this.#tell(change);
        }
      }
    } finally {
      clearTimeout(watch);
      stop.removeEventListener("abort", end);
    }
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}

export const live = new Live();
