/** What the log’s tables need now and then: partitions ahead of time, and no idempotency key older than promised. */
import type { FaultReport } from '../errors.ts';
import type { Store } from '../store/store.ts';

const aDay = 24 * 3_600_000;
const everyMs = 3_600_000;
/** Partitions stand ready this long before their month begins. */
const aheadMs = 62 * aDay;
const keysAtATime = 5000;

export interface UpkeepDeps {
  readonly store: Pick<Store, 'ensurePartitions' | 'forgetIdempotencyKeys'>;
  readonly now: () => number;
  readonly fault: FaultReport;
}

/** Runs at the start and then every hour; what fails is tried again the next time. Disposing waits for a run under way. */
export function openUpkeep(deps: UpkeepDeps, options: { readonly idempotencyDays: number }): AsyncDisposable {
  let stopped = false;
  const run = async () => {
    const now = deps.now();
    await deps.store.ensurePartitions(now, now + aheadMs);
    const before = now - options.idempotencyDays * aDay;
    while (!stopped && (await deps.store.forgetIdempotencyKeys(before, keysAtATime)) === keysAtATime);
  };
  const attempt = () =>
    run().then(
      () => deps.fault('upkeep', null),
      (error) => deps.fault('upkeep', error),
    );
  let running = attempt();
  const timer = setInterval(() => {
    running = running.then(attempt);
  }, everyMs);
  timer.unref();
  return {
    async [Symbol.asyncDispose]() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
