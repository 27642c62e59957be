/** What is counted and traced of batches. */
import type { Metrics, Place, Tracing } from '../telemetry/telemetry.ts';

export type BatchTracing = Pick<Tracing, 'batch' | 'current'>;

/** Hears what a queue of batches does. */
export interface BatchWatch {
  /** The queue grew by so many rows, or shrank. */
  queued(rows: number): void;
  /** A job was refused because the queue is full. */
  overloaded(): void;
  /** A job comes: where from is given to `around` again. */
  arrived(): Place | null;
  /** Runs the sending of a batch for jobs that came from these places. */
  around<T>(rows: number, places: readonly (Place | null)[], send: () => Promise<T>): Promise<T>;
}

export function openBatchWatch(metrics: Metrics, tracing: BatchTracing | null): BatchWatch {
  return {
    queued: (rows) => metrics.add('annals_append_queue_entries', rows),
    overloaded: () => metrics.add('annals_append_overloads_total', 1),
    arrived: () => tracing?.current() ?? null,
    around: (rows, places, send) => (tracing === null ? send() : tracing.batch(rows, places, send)),
  };
}

/** Counts a batch that was committed. */
export function countBatch(
  metrics: Metrics,
  results: readonly { readonly kind: 'CREATED' | 'REPEATED' | 'HELD' }[],
  durationMs: number,
): void {
  let created = 0;
  let repeated = 0;
  for (const { kind } of results) {
    if (kind === 'CREATED') created++;
    else if (kind === 'REPEATED') repeated++;
  }
  metrics.observe('annals_append_batch_entries', created);
  metrics.observe('annals_append_batch_duration_seconds', durationMs / 1000);
  metrics.add('annals_entries_appended_total', created);
  metrics.add('annals_entries_repeated_total', repeated);
}
