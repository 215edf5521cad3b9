/**
 * The service's clock as seen from here. The service may run at another time and at another speed than this
 * machine, so an age is never counted from `Date.now()`. Local instants are milliseconds of a monotonic clock.
 */
export class ServiceClock {
  #first: Sample | null = null;
  #last: Sample | null = null;
  #rate = 1;

  /** Service milliseconds per local millisecond. */
  get rate(): number {
    return this.#rate;
  }

  /** Takes in what the service said its time was (epoch ms) at the local instant. */
  learn(service: number, local: number): void {
    if (!Number.isFinite(service)) return;
    const sample = { service, local };
    if (this.#first === null || this.#last === null || local <= this.#last.local) {
      this.#restart(sample);
      return;
    }
    const miss = Math.abs(this.#at(local) - service);
    const measured = this.#measure(sample);
    if (this.#settled() && miss > SETTLED_MISS_MS + 0.05 * Math.abs(service - this.#last.service)) {
      // It jumped or changed its speed: what was known before says nothing about after.
      this.#restart(sample);
      return;
    }
    this.#rate = measured;
    this.#last = sample;
  }

  /** The service's time (epoch ms) at the local instant; null before it was ever heard. */
  now(local: number): number | null {
    return this.#last === null ? null : this.#at(local);
  }

  #at(local: number): number {
    return this.#last === null ? NaN : this.#last.service + (local - this.#last.local) * this.#rate;
  }

  #measure(to: Sample): number {
    if (this.#first === null) return 1;
    const span = to.local - this.#first.local;
    const rate = (to.service - this.#first.service) / span;
    // `now` may be cut to whole seconds: nearer to real time than that cannot be told from real time.
    return Math.abs(rate - 1) <= RESOLUTION_MS / span || rate < 0 ? 1 : rate;
  }

  #settled(): boolean {
    return this.#first !== this.#last;
  }

  #restart(sample: Sample): void {
    this.#first = sample;
    this.#last = sample;
  }
}

interface Sample {
  service: number;
  local: number;
}

const RESOLUTION_MS = 1500;
const SETTLED_MISS_MS = 5000;
