/** Live streams: bounded, pulled by their subscribers, re-authorised as rights change. */
import type { Principal } from '../auth/auth.ts';
import { AnnalsError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { Entry } from '../model/entry.ts';
import type { LogFilter } from '../query/query.ts';
import type { Metrics } from '../telemetry/telemetry.ts';
import { type StreamDeps, stream } from './stream.ts';

/** Something a subscriber must know besides entries. */
export interface LiveNotice {
  /** RIGHTS_CHANGED: another part of the log is visible from here on. Others end the stream and are error codes. */
  readonly code: 'RIGHTS_CHANGED' | 'VISIBILITY_LOST' | 'UNAUTHENTICATED' | 'ADDRESS_NOT_ALLOWED' | 'SERVER_STOPPING';
  readonly message: string;
}

/** The credential of a connection, where it can be replaced while streams run on it. */
export interface Renewals {
  /** The last that replaced another; null where none did. */
  readonly newest: Principal | null;
  /** Tells of each that does from now on, until disposed. It stands for the same principal as the one before. */
  listen(listener: (principal: Principal) => void): Disposable;
}

export interface LiveBatch {
  /** In the order of the log. Empty at the start and as a heartbeat. */
  readonly entries: readonly Entry[];
  /** Everything up to here was delivered; subscribe `after` it to go on. */
  readonly cursor: string;
  /** Whether the stream has reached the end of the log as it was when this batch was made. */
  readonly caughtUp: boolean;
  readonly notice: LiveNotice | null;
  /** The subscriber, with the rights that the entries were chosen by. */
  readonly principal: Principal;
  /** Whether those rights may still be acted on: they are those of today, or were no longer ago than `staleRightsMs`. */
  current(): boolean;
}

export interface Live extends AsyncDisposable {
  /**
   * History after a cursor, then what is recorded, in the order of the log, without gap or repeat. Without `after`: from
   * now on. The first batch comes at once. Returning the iterator frees everything it holds.
   * Errors: BAD_INPUT, BAD_CURSOR, HISTORY_CLEARED, LOG_RESTORED, FORBIDDEN, SERVER_STOPPING; UNAVAILABLE at the start
   * only, later the stream waits.
   */
  subscribe(
    principal: Principal,
    options: { after?: string | null; filter?: LogFilter | null; renewals?: Renewals | null },
  ): AsyncIterableIterator<LiveBatch>;
  /** Streams that are open now. */
  readonly streams: number;
  /**
   * Ends every stream with a SERVER_STOPPING notice and its last cursor, and opens no more. Resolves when each subscriber has
   * taken the notice, or left; one that reads nothing is waited for without end.
   */
  end(): Promise<void>;
}

export interface LiveDeps extends StreamDeps {
  readonly log: Pick<Log, 'tail'>;
  readonly metrics: Metrics;
}

/** Why streams are aborted when the server stops; told from a subscriber’s own leaving by identity. */
const stopping = new AnnalsError('SERVER_STOPPING');

/** Disposing ends every stream as `end` does, and waits for nobody. */
export function openLive(deps: LiveDeps): Live {
  const open = new Set<AbortController>();
  /** Streams that were ended, and whose subscribers have not taken it yet. */
  const telling = new Set<AbortController>();
  const told = Promise.withResolvers<void>();
  let closed = false;
  const taken = (control: AbortController) => {
    telling.delete(control);
    if (closed && telling.size === 0) told.resolve();
  };
  const end = () => {
    closed = true;
    for (const control of open) telling.add(control);
    for (const control of telling) control.abort(stopping);
    if (telling.size === 0) told.resolve();
    return told.promise;
  };

  return {
    get streams() {
      return open.size;
    },

    subscribe(principal, { after, filter, renewals }) {
      if (closed) throw new AnnalsError('SERVER_STOPPING');
      const tail = deps.log.tail(principal.organization);
      const control = new AbortController();
      const request = { principal, after: after ?? null, filter: filter ?? null, renewals: renewals ?? null };
      const batches = stream(deps, tail, request, control.signal);
      open.add(control);
      deps.metrics.add('annals_live_streams', 1);
      const count = counter(deps);
      let cursor = after ?? '';
      const release = () => {
        if (open.delete(control)) deps.metrics.add('annals_live_streams', -1);
        tail[Symbol.dispose]();
      };
      const leave = () => {
        release();
        taken(control);
      };
      const done = { done: true, value: undefined } as const;

      return {
        async next() {
          try {
            const result = await batches.next();
            if (result.done === true) leave();
            else {
              cursor = result.value.cursor;
              count(result.value);
            }
            return result;
          } catch (error) {
            const wasOpen = open.has(control);
            release();
            if (control.signal.reason !== stopping || !wasOpen || cursor === '') taken(control);
            if (!control.signal.aborted) throw error;
            if (control.signal.reason !== stopping || !wasOpen) return done;
            // Without a cursor there is nothing to go on from: the subscriber learns it as an error.
            if (cursor === '') throw new AnnalsError('SERVER_STOPPING');
            const notice = { code: 'SERVER_STOPPING', message: stopping.message } as const;
            return {
              done: false,
              value: { entries: [], cursor, caughtUp: false, notice, principal, current: () => true },
            };
          }
        },
        async return() {
          leave();
          // Wakes the stream where it waits; without this a quiet one would hold on until its next batch.
          control.abort(done);
          await batches.return().catch(() => {});
          return done;
        },
        [Symbol.asyncIterator]() {
          return this;
        },
      };
    },

    end,

    async [Symbol.asyncDispose]() {
      void end();
    },
  };
}

/** Counts what one stream delivers. History says nothing about lag: only batches to a stream that had caught up do. */
function counter({ metrics, now }: Pick<LiveDeps, 'metrics' | 'now'>): (batch: LiveBatch) => void {
  let waiting = false;
  return ({ entries, caughtUp }) => {
    metrics.add('annals_live_batches_total', 1);
    metrics.add('annals_live_entries_total', entries.length);
    const newest = entries.at(-1);
    if (waiting && newest !== undefined) {
      metrics.observe('annals_live_lag_seconds', Math.max(0, now() - newest.recordedAt) / 1000);
    }
    waiting = caughtUp;
  };
}
