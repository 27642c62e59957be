/**
 * Group commit: requests that arrive while a batch is in flight form the next one. An idle log sends at once, and so does one
 * with few callers. A large batch is sent while another is in flight, so that this process prepares one while the database
 * writes the other. A small one waits for those in flight and grows: the log’s lock would make it wait in the database
 * anyway, and a commit costs more than its rows. After a batch of many callers the next one waits until as many have come again,
 * as long as they keep coming: otherwise they would split into two halves that take turns, each with commits of its own.
 */
import { AnnalsError } from '../errors.ts';
import type { Place } from '../telemetry/telemetry.ts';
import type { BatchWatch } from './watch.ts';

/** Rows that are sent together; a batch holds whole jobs. */
export interface Job<Row, Result> {
  readonly rows: readonly Row[];
  readonly resolve: (results: readonly Result[]) => void;
  readonly reject: (error: unknown) => void;
  /** Where it came from, for whoever watches. */
  readonly place: Place | null;
}

export interface Batcher<Row, Result> {
  /** One result per row. Rejects with OVERLOADED when the queue is full, or with what `send` rejected with. */
  submit(rows: readonly Row[]): Promise<readonly Result[]>;
  /** Resolves when nothing waits and nothing is in flight. */
  idle(): Promise<void>;
}

export interface BatcherOptions<Row, Result> {
  /** Writes one batch; one result per row, in order. */
  readonly send: (rows: readonly Row[]) => Promise<readonly Result[]>;
  readonly mostRows: number;
  readonly mostInFlight: number;
  /** Rows from which on a batch is sent while another is in flight. */
  readonly rowsBesideAnother: number;
  readonly mostQueuedRows: number;
  /** Callers of a batch are waited for no longer than this after the last of them came, in milliseconds. */
  readonly stillMs: number;
  readonly watch?: BatchWatch;
}

/** Callers of a batch from which on they are waited for; and no longer than their batch took, or this, in milliseconds. */
const crowd = 8;
const mostGatherMs = 20;

export function openBatcher<Row, Result>(options: BatcherOptions<Row, Result>): Batcher<Row, Result> {
  let queue: Job<Row, Result>[] = [];
  let queuedRows = 0;
  let inFlight = 0;
  let idleWaiters: (() => void)[] = [];
  /** Waiting for so many jobs, until a time. */
  let gathering: { readonly jobs: number; readonly until: number } | null = null;

  /** Whole jobs up to `mostRows`, at least one. */
  const take = (): Job<Row, Result>[] => {
    let count = 0;
    let rows = 0;
    for (const job of queue) {
      if (count > 0 && rows + job.rows.length > options.mostRows) break;
      rows += job.rows.length;
      count++;
    }
    const jobs = queue.slice(0, count);
    queue = queue.slice(count);
    queuedRows -= rows;
    options.watch?.queued(-rows);
    return jobs;
  };

  const maySend = () =>
    queue.length > 0 &&
    (queuedRows >= options.rowsBesideAnother
      ? inFlight < options.mostInFlight
      : inFlight === 0 && queue.length >= (gathering?.jobs ?? 0));

  const gather = (jobs: number, batchMs: number) => {
    gathering =
      jobs < crowd ? null : { jobs: jobs + queue.length, until: performance.now() + Math.min(mostGatherMs, batchMs) };
    if (gathering !== null) lookAgain(gathering, queue.length);
  };

  const lookAgain = (at: typeof gathering & object, met: number) => {
    // After what has arrived was read: a busy event loop is late for its timers.
    const look = () => {
      if (gathering !== at) return;
      if (queue.length > met && performance.now() < at.until) return lookAgain(at, queue.length);
      gathering = null;
      pump();
    };
    setTimeout(() => setImmediate(look), options.stillMs);
  };

  const pump = () => {
    while (maySend()) void run(take());
    if (inFlight === 0 && queue.length === 0) {
      for (const done of idleWaiters) done();
      idleWaiters = [];
    }
  };

  const run = async (jobs: readonly Job<Row, Result>[]) => {
    inFlight++;
    gathering = null;
    const started = performance.now();
    try {
      const rows = jobs.flatMap((job) => job.rows);
      const send = () => options.send(rows);
      const places = jobs.map((job) => job.place);
      const results = await (options.watch?.around(rows.length, places, send) ?? send());
      let from = 0;
      for (const job of jobs) {
        job.resolve(results.slice(from, from + job.rows.length));
        from += job.rows.length;
      }
    } catch (error) {
      for (const job of jobs) job.reject(error);
    } finally {
      inFlight--;
      gather(jobs.length, performance.now() - started);
      pump();
    }
  };

  return {
    submit(rows) {
      if (queuedRows + rows.length > options.mostQueuedRows) {
        options.watch?.overloaded();
        const message = `${queuedRows} entries wait to be recorded; at most ${options.mostQueuedRows} may.`;
        return Promise.reject(new AnnalsError('OVERLOADED', { message, retryAfterMs: 500 }));
      }
      return new Promise((resolve, reject) => {
        queue.push({ rows, resolve, reject, place: options.watch?.arrived() ?? null });
        queuedRows += rows.length;
        options.watch?.queued(rows.length);
        // Requests that arrive in the same turn of the event loop share a batch.
        if (inFlight < options.mostInFlight) setImmediate(pump);
      });
    },
    idle() {
      return new Promise((resolve) => {
        idleWaiters.push(resolve);
        setImmediate(pump);
      });
    },
  };
}
