import { setTimeout as delay } from 'node:timers/promises';

export interface BatchLimits<T> {
  readonly items: number;
  /** Together, by `sizeOf`. */
  readonly size: number;
  readonly sizeOf: (item: T) => number;
  /** An input that pauses this long, in milliseconds, has what it gave so far passed on. */
  readonly idleMs: number;
}

/** Groups what a source gives: up to the limits, or until it pauses, so that a live stream is not held back. */
export async function* batches<T>(source: AsyncIterable<T>, limits: BatchLimits<T>): AsyncGenerator<T[], void, void> {
  const iterator = source[Symbol.asyncIterator]();
  let batch: T[] = [];
  let size = 0;
  let next = iterator.next();
  try {
    for (;;) {
      const pause = new AbortController();
      const paused = delay(limits.idleMs, 'paused' as const, { signal: pause.signal }).catch(() => 'paused' as const);
      const result = batch.length === 0 ? await next : await Promise.race([next, paused]);
      pause.abort();
      if (result !== 'paused' && result.done !== true) {
        const added = limits.sizeOf(result.value);
        if (batch.length > 0 && size + added > limits.size) {
          yield batch;
          batch = [];
          size = 0;
        }
        batch.push(result.value);
        size += added;
        next = iterator.next();
        if (batch.length < limits.items) continue;
      }
      if (batch.length > 0) yield batch;
      batch = [];
      size = 0;
      if (result !== 'paused' && result.done === true) return;
    }
  } finally {
    await iterator.return?.();
  }
}
