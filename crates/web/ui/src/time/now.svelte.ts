import { api } from "../api";
import { session } from "../session/session.svelte";
import { ServiceClock } from "./clock";

const TICK_MS = 1000;
const SECOND_LOOK_MS = 5000;
const LOOK_MS = 30_000;

class Now {
  /** The service's time in epoch ms, moving once a second. */
  ms = $state(Date.now());
  /** Faster or slower than the wall clock: a demonstration. */
  rate = $state(1);
  readonly #clock = new ServiceClock();

  /** Ticks and asks until the returned function is called. */
  start(): () => void {
    const tick = setInterval(() => this.#tick(), TICK_MS);
    const look = setInterval(() => void this.learn(), LOOK_MS);
    const second = setTimeout(() => void this.learn(), SECOND_LOOK_MS);
    const woken = () => document.visibilityState === "visible" && void this.learn();
    document.addEventListener("visibilitychange", woken);
    void this.learn();
    return () => {
      clearInterval(tick);
      clearInterval(look);
      clearTimeout(second);
      document.removeEventListener("visibilitychange", woken);
    };
  }

  async learn(): Promise<void> {
    if (session.current === null) return;
    const asked = performance.now();
    try {
      const { now } = await api.status();
      this.#clock.learn(Date.parse(now), (asked + performance.now()) / 2);
      this.rate = this.#clock.rate;
      this.#tick();
    } catch {
      // The connection state says that the service is away; the clock goes on as it was.
    }
  }

  #tick(): void {
    this.ms = this.#clock.now(performance.now()) ?? Date.now();
  }
}

export const now = new Now();
