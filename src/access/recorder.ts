/** Appends what must be in the log before an answer, and decides what happens when it cannot be. */
import { AnnalsError, type FaultReport } from '../errors.ts';
import type { AppendOutcome, Log, LogOrganization } from '../log/log.ts';
import type { EntryInput } from '../model/entry.ts';
import type { Metrics } from '../telemetry/telemetry.ts';
import type { AccessLog } from './access.ts';

/** Entries that wait to be recorded later; beyond, new ones are lost, and the server’s log says so. */
const mostWaiting = 100_000;

/** REPEATED: this server or another recorded it before. LATER: it could not be recorded yet. */
export type Recorded = 'CREATED' | 'REPEATED' | 'LATER';

export interface Recorder {
  /** Rejects with UNAVAILABLE where what cannot be recorded must not be answered. */
  record(to: LogOrganization, entry: EntryInput): Promise<Recorded>;
  /** Records whatever could not be recorded before; what fails again waits on. */
  retry(): Promise<void>;
}

export interface RecorderDeps {
  readonly append: Log['append'];
  readonly fault: FaultReport;
  readonly log: AccessLog;
  readonly metrics: Metrics;
}

interface Batch {
  readonly to: LogOrganization;
  readonly entries: readonly EntryInput[];
}

/** The key stands for this very access: on a conflict another server recorded it, in its own words. */
const isFailure = ({ error }: AppendOutcome): boolean => error !== null && error.code !== 'IDEMPOTENCY_CONFLICT';

export const unavailable = (cause: unknown, message: string): AnnalsError =>
  new AnnalsError('UNAVAILABLE', {
    message,
    cure: 'Send the same request again later; ACCESS_LOG says what happens meanwhile.',
    retryAfterMs: (cause instanceof AnnalsError ? cause.retryAfterMs : undefined) ?? 1000,
    cause,
  });

export function openRecorder(deps: RecorderDeps, mode: 'closed' | 'open'): Recorder {
  let waiting: Batch[] = [];
  let waitingEntries = 0;

  const lost = ({ to }: Batch, count: number, error: unknown) => {
    deps.metrics.add('annals_access_lost_total', count);
    deps.log.error({ organization: to.organizationUid, entries: count, err: error }, 'accesses are lost');
  };
  const wait = (entries: number) => {
    waitingEntries += entries;
    deps.metrics.add('annals_access_waiting_entries', entries);
  };

  const later = (batch: Batch, error: unknown) => {
    if (waitingEntries + batch.entries.length > mostWaiting) return lost(batch, batch.entries.length, error);
    waiting.push(batch);
    wait(batch.entries.length);
  };

  /** One outcome per entry; throws when the log took none, or not all. */
  const append = async ({ to, entries }: Batch): Promise<AppendOutcome[]> => {
    const outcomes = await deps.append(to, entries);
    const failure = outcomes.find(isFailure);
    if (failure !== undefined) throw failure.error;
    return outcomes;
  };

  return {
    async record(to, entry) {
      const batch = { to, entries: [entry] };
      try {
        const [outcome] = await append(batch);
        deps.fault('access log', null);
        return outcome?.status ?? 'REPEATED';
      } catch (error) {
        deps.fault('access log', error);
        if (mode === 'closed')
          throw unavailable(error, 'The log cannot record this access, and shows nothing unrecorded.');
        later(batch, error);
        return 'LATER';
      }
    },

    async retry() {
      const before = waiting;
      waiting = [];
      for (const [index, batch] of before.entries()) {
        try {
          const outcomes = await deps.append(batch.to, batch.entries);
          const failures = outcomes.filter(isFailure);
          // Not valid, and never will be.
          if (failures.length > 0) lost(batch, failures.length, failures[0]?.error);
        } catch (error) {
          waiting = [...before.slice(index), ...waiting];
          throw error;
        }
        wait(-batch.entries.length);
      }
    },
  };
}
