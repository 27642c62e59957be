/** The append-only sequence of entries of each organization: recording and following. */
import type { KeyObject } from 'node:crypto';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { AnnalsError, FaultReport } from '../errors.ts';
import type { EntryInput } from '../model/entry.ts';
import type { RandomSource } from '../model/uuid.ts';
import type { Store } from '../store/store.ts';
import type { Metrics, Tracing } from '../telemetry/telemetry.ts';
import { openAppender } from './append.ts';
import { openRepeatChecker } from './repeat.ts';
import { type LogTail, openTails } from './tail.ts';

export { type Follower, type Followers, openFollowers } from './follow.ts';
export { openSearchIndex, type SearchIndex } from './searchIndex.ts';
export { type LogTail, nowhere, type TailState } from './tail.ts';
export { openUpkeep } from './upkeep.ts';

/** What became of one row; either `id` and `status`, or `error`. */
export interface AppendOutcome {
  readonly id: string | null;
  /** REPEATED: the idempotency key was recorded before with the same content; `id` is that first entry’s. */
  readonly status: 'CREATED' | 'REPEATED' | null;
  readonly error: AnnalsError | null;
}

export interface AppendOptions {
  /** Records all rows or none: one that is not valid refuses the others with BATCH_REFUSED. */
  readonly allOrNothing?: boolean;
  /** The entries come from a caller: Annals’ own catalogue, which says who read the log and who changed rights, is not theirs to state. */
  readonly fromCaller?: boolean;
}

export interface LogOrganization {
  readonly organization: number;
  readonly organizationUid: string;
}

export interface Log extends AsyncDisposable {
  /**
   * Records entries, at most 1,000; durable when it resolves. One outcome per row, in order. Rejects as a whole with
   * TOO_MANY_ENTRIES, OVERLOADED or UNAVAILABLE; then the same call may be repeated with the same idempotency keys.
   */
  append(to: LogOrganization, entries: readonly EntryInput[], options?: AppendOptions): Promise<AppendOutcome[]>;
  /** Joins the organization’s tail; dispose it to leave. */
  tail(organization: number): LogTail;
}

export interface LogDeps {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly actionNumber: (key: string) => number | undefined;
  /** Milliseconds. */
  readonly now: () => number;
  readonly random: RandomSource;
  readonly fault: FaultReport;
  readonly metrics: Metrics;
  /** Null where traces are switched off. */
  readonly tracing: Pick<Tracing, 'batch' | 'current'> | null;
  /** Keys the hashes under which idempotency keys are remembered. */
  readonly keySecret: KeyObject;
  /** Told how many entries were recorded here. */
  readonly onRecorded: (organization: number, count: number) => void;
}

export interface LogOptions {
  readonly entryBytes: number;
  readonly futureSeconds: number;
  readonly queueEntries: number;
  readonly bufferEntries: number;
  readonly closeEveryMs: number;
}

/** Disposing waits for what is being recorded. */
export function openLog(deps: LogDeps, options: LogOptions): Log {
  const tails = openTails(deps, options);
  const appender = openAppender(
    {
      ...deps,
      repeats: openRepeatChecker(deps.store),
      onRecorded: (organization, count) => {
        tails.wake(organization);
        deps.store.hints.send();
        deps.onRecorded(organization, count);
      },
    },
    options,
  );
  return {
    append: (to, entries, appendOptions) => appender.append(to, entries, appendOptions),
    tail: (organization) => tails.join(organization),
    async [Symbol.asyncDispose]() {
      await appender.idle();
      tails[Symbol.dispose]();
    },
  };
}
