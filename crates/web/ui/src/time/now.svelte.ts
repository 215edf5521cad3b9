import { api } from "../api";
import { session } from "../session/session.svelte";
import { ServiceClock } from "./clock";

const TICK_MS = 1000;
const UNSETTLED_MS = 600_000;
/** Soon again at first: before the second look nothing is known of the clock's speed. */
const FIRST_LOOKS_MS = [400, 1500, 4000, 10_000];
const LOOK_MS = 30_000;
const LOOK_BEHIND_MS = 5000;

class Now {
  /** The service's time in epoch ms, moving once a second. */
  ms = $state(Date.now());
  /** How far `ms` may be behind: a tick, and while the clock's speed is unknown what a fast one gains until then. */
  slackMs = $state(UNSETTLED_MS);
  /** Its clock runs faster than time does. */
  isDemonstration = $state(false);
  /** Whether the service has worked off what arrived while it was away: before that it tells of no silence. */
  caughtUp = $state(true);
  readonly #clock = new ServiceClock();

  /** Its day, `YYYY-MM-DD` in UTC. */
  get day(): string {
    return new Date(this.ms).toISOString().slice(0, 10);
  }

  /** Ticks and asks until the returned function is called. */
  start(): () => void {
    const tick = setInterval(() => this.#tick(), TICK_MS);
    const look = setInterval(() => void this.learn(), LOOK_MS);
    const behind = setInterval(() => this.caughtUp || void this.learn(), LOOK_BEHIND_MS);
    const first = FIRST_LOOKS_MS.map((after) => setTimeout(() => void this.learn(), after));
    const woken = () => document.visibilityState === "visible" && void this.learn();
    document.addEventListener("visibilitychange", woken);
    void this.learn();
    return () => {
      clearInterval(tick);
      clearInterval(look);
      clearInterval(behind);
      first.forEach(clearTimeout);
      document.removeEventListener("visibilitychange", woken);
    };
  }

  async learn(): Promise<void> {
    if (session.current === null) return;
    const asked = performance.now();
    try {
      const { now, caught_up } = await api.status();
      const answered = performance.now();
      this.#clock.learn(Date.parse(now), (asked + answered) / 2, (answered - asked) / 2);
      this.caughtUp = caught_up;
      this.slackMs = this.#clock.isSettled ? TICK_MS * this.#clock.rate : UNSETTLED_MS;
      this.isDemonstration = this.#clock.isFast;
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
