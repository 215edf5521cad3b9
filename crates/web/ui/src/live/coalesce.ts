export interface Coalesced {
  (): void;
  cancel(): void;
}

/**
 * Many calls, few runs: the first call of a burst runs after `quietMs`, further ones at most once every `everyMs`,
 * and never two at a time. No call is lost: one that comes during a run causes another.
 */
export function coalesce(run: () => Promise<unknown>, quietMs: number, everyMs: number): Coalesced {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  let wanted = false;
  let cancelled = false;
  let notBefore = 0;

  const arm = () => {
    const wait = Math.max(quietMs, notBefore - performance.now());
    timer = setTimeout(() => void go(), wait);
  };
  const go = async () => {
    timer = undefined;
    wanted = false;
    running = true;
    notBefore = performance.now() + everyMs;
    await run().catch(() => undefined);
    running = false;
    if (wanted && !cancelled) arm();
  };
  const call = () => {
    if (cancelled) return;
    wanted = true;
    if (!running && timer === undefined) arm();
  };
  return Object.assign(call, {
    cancel: () => {
      cancelled = true;
      clearTimeout(timer);
    },
  });
}
