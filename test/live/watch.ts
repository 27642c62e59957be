/** A subscriber that pulls as fast as it can, or as slowly as told, and keeps what it got. */
import type { App } from '../../src/app.ts';
import type { Principal } from '../../src/auth/auth.ts';
import type { LiveBatch } from '../../src/live/live.ts';
import type { Entry } from '../../src/model/entry.ts';
import type { LogFilter } from '../../src/query/query.ts';
import { until } from '../support/app.ts';

export interface WatchOptions {
  readonly after?: string | null;
  readonly filter?: LogFilter | null;
  /** Awaited after each batch, before the next is asked for. */
  readonly pace?: () => Promise<unknown>;
}

/** Disposing unsubscribes. */
export interface Watch extends AsyncDisposable {
  readonly batches: readonly LiveBatch[];
  readonly entries: readonly Entry[];
  /** Of the newest batch. */
  readonly cursor: string;
  /** What `request` of each entry says, in the order of delivery. */
  readonly requests: readonly (string | null)[];
  /** Resolves when the stream ended by itself; rejects with its error. */
  readonly ended: Promise<void>;
  /** Waits until so many entries came. */
  received(count: number): Promise<void>;
  /** Waits for a batch with a notice, and gives it. */
  notice(): Promise<LiveBatch>;
}

/** Subscribes, and resolves with the first batch there. */
export async function watch(app: App, principal: Principal, options: WatchOptions = {}): Promise<Watch> {
  const batches: LiveBatch[] = [];
  const stream = app.services.live.subscribe(principal, options);
  const pull = async () => {
    for await (const batch of stream) {
      batches.push(batch);
      await options.pace?.();
    }
  };
  const ended = pull();
  // Whoever looks at `ended` learns of the error; nobody must.
  ended.catch(() => {});
  const entries = () => batches.flatMap((batch) => batch.entries);
  const watched: Watch = {
    batches,
    ended,
    get entries() {
      return entries();
    },
    get cursor() {
      return batches.at(-1)?.cursor ?? '';
    },
    get requests() {
      return entries().map((entry) => entry.request);
    },
    async received(count) {
      await until(() => entries().length >= count);
    },
    async notice() {
      const batch = await until(() => batches.find((one) => one.notice !== null));
      if (batch === undefined) throw new Error('no notice came');
      return batch;
    },
    async [Symbol.asyncDispose]() {
      await stream.return?.();
      await ended.catch(() => {});
    },
  };
  await Promise.race([until(() => batches.length > 0), ended]);
  return watched;
}

/** '0', '1', … */
export const numbered = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => String(from + index));
