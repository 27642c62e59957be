/**
 * Group commit: requests that arrive while a batch is in flight form the next one. Nothing waits for a timer; an idle log
 * sends at once. A large batch is sent while another is in flight, so that this process prepares one while the database
 * writes the other. A small one waits for those in flight and grows: the log’s lock would make it wait in the database
 * anyway, and a commit costs more than its rows.
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
  readonly watch?: BatchWatch;
}

export function openBatcher<Row, Result>(options: BatcherOptions<Row, Result>): Batcher<Row, Result> {
  let queue: Job<Row, Result>[] = [];
  let queuedRows = 0;
  let inFlight = 0;
  let idleWaiters: (() => void)[] = [];

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
    (inFlight === 0 || (inFlight < options.mostInFlight && queuedRows >= options.rowsBesideAnother));

  const pump = () => {
    while (maySend()) void run(take());
    if (inFlight === 0 && queue.length === 0) {
      for (const done of idleWaiters) done();
      idleWaiters = [];
    }
  };

  const run = async (jobs: readonly Job<Row, Result>[]) => {
    inFlight++;
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
