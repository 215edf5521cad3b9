/**
 * The service's clock as seen from here. The service may run at another time and at another speed than this
 * machine, so an age is never counted from `Date.now()`. Local instants are milliseconds of a monotonic clock.
 */
export class ServiceClock {
  /** From here the rate is measured. */
  #base: Sample | null = null;
  #last: Sample | null = null;
  #rate = 1;
  /** How far off the rate may be: an answer belongs to some instant between question and arrival. */
  #rateDoubt = Infinity;

  /** Whether it surely runs faster than time does: a demonstration. */
  get isFast(): boolean {
    return this.#rate - this.#rateDoubt > 1.5;
  }

  /** Whether the rate has been measured at all. */
  get isSettled(): boolean {
    return this.#rateDoubt !== Infinity;
  }

  /** Service milliseconds per local millisecond. */
  get rate(): number {
    return this.#rate;
  }

  /**
   * Takes in what the service said its time was (epoch ms) at the local instant, which may be off by `doubt` either
   * way: half the time that the answer took.
   */
  learn(service: number, local: number, doubt = 0): void {
    if (!Number.isFinite(service)) return;
    const sample = { service, local, doubt };
    if (this.#base === null || this.#last === null || local <= this.#last.local || this.#jumps(sample)) {
      this.#base = sample;
      this.#last = sample;
      this.#rateDoubt = Infinity;
      return;
    }
    this.#measure(this.#base, sample);
    // A slow first answer would spoil every later measurement.
    if (sample.doubt < this.#base.doubt / 2) this.#base = sample;
    this.#last = sample;
  }

  /** The service's time (epoch ms) at the local instant; null before it was ever heard. */
  now(local: number): number | null {
    return this.#last === null ? null : this.#last.service + (local - this.#last.local) * this.#rate;
  }

  #measure(from: Sample, to: Sample): void {
    const span = to.local - from.local;
    const rate = (to.service - from.service) / span;
    const doubt = Math.abs(rate) * Math.min(1, (from.doubt + to.doubt) / span);
    if (doubt > this.#rateDoubt) return;
    this.#rateDoubt = doubt;
    // `now` may be cut to whole seconds: nearer to real time than that cannot be told from real time.
    this.#rate = Math.abs(rate - 1) <= RESOLUTION_MS / span + doubt || rate < 0 ? 1 : rate;
  }

  /** It jumped or changed its speed: what was known before says nothing about after. */
  #jumps(sample: Sample): boolean {
    if (this.#last === null || this.#rateDoubt === Infinity) return false;
    const miss = Math.abs((this.now(sample.local) ?? NaN) - sample.service);
    const unsure =
      this.#rateDoubt * (sample.local - this.#last.local) + this.#rate * (sample.doubt + this.#last.doubt);
    return miss > SETTLED_MISS_MS + 0.05 * Math.abs(sample.service - this.#last.service) + unsure;
  }
}

interface Sample {
  service: number;
  local: number;
  doubt: number;
}

const RESOLUTION_MS = 1500;
const SETTLED_MISS_MS = 5000;
