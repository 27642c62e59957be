/**
 * Changes of rights on their way into the log. The entries that tell of a change are written with it, in one transaction;
 * from here on any server records them, and what dies in between is caught up by the next run of any of them.
 */
import type { AnnalsError, ErrorCode } from '../errors.ts';
import type { LogOrganization } from '../log/log.ts';
import type { EntryInput } from '../model/entry.ts';
import type { OutboxBatch } from '../store/store.ts';
import type { AccessDeps } from './access.ts';

export interface OutboxDeps extends Pick<AccessDeps, 'append' | 'log'> {
  readonly store: Pick<AccessDeps['store']['administration'], 'readOutbox' | 'forgetOutbox' | 'readWaitingOutboxes'>;
}

export interface Outbox {
  /** Records what waits of the organization. Rejects where the log does not take it now; then it waits on. */
  flush(to: LogOrganization): Promise<void>;
  /** Records what has waited for so long, of all organizations. */
  sweep(waitedMs: number): Promise<void>;
}

/** Rows read at once, each with up to a thousand entries. */
const batchesAtOnce = 10;

/** The key stands for this very entry: on a conflict it was recorded before, with less than it might have said. */
const recorded: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['IDEMPOTENCY_CONFLICT']);
/** A server of a newer version, or with another clock, will take it. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['UNKNOWN_ACTION', 'OCCURRED_IN_FUTURE']);

/** Who did what to whom: so much the log takes of every change, however long the rest is. */
export function outlineOf(entry: EntryInput, code: ErrorCode): EntryInput {
  const { idempotencyKey = null, action, occurredAt = null, actor = null, affectedUser = null } = entry;
  return { idempotencyKey, action, occurredAt, actor, affectedUser, metadata: { leftOut: code } };
}

export function openOutbox({ store, append, log }: OutboxDeps): Outbox {
  /** The entries that the log refused, with their errors. */
  const refused = async (to: LogOrganization, entries: readonly EntryInput[]) =>
    (await append(to, entries)).flatMap(({ error }, index) => {
      const entry = entries[index];
      return error === null || recorded.has(error.code) || entry === undefined ? [] : [{ entry, error }];
    });

  /** Durable when it resolves; done again, on any server, it records nothing twice. False while some of it must wait. */
  const record = async (to: LogOrganization, batch: OutboxBatch): Promise<boolean> => {
    const [waiting, invalid] = partition(await refused(to, batch.entries));
    const outlines = invalid.map(({ entry, error }) => outlineOf(entry, error.code));
    for (const { error } of outlines.length === 0 ? [] : await refused(to, outlines)) {
      log.error({ organization: to.organizationUid, err: error }, 'an entry that tells of a change is lost');
    }
    return waiting.length === 0;
  };

  const recordAll = async (to: LogOrganization) => {
    for (let after = 0; ; ) {
      const batches = await store.readOutbox(to.organization, { after, limit: batchesAtOnce });
      const done: number[] = [];
      try {
        for (const batch of batches) {
          after = batch.id;
          // A newer server’s entry holds nothing back: it would, for as long as this server runs.
          if (await record(to, batch)) done.push(batch.id);
        }
      } finally {
        // In the log from here on; whoever dies now leaves rows that the next run records as repeats.
        if (done.length > 0) await store.forgetOutbox(to.organization, done);
      }
      if (batches.length < batchesAtOnce) return;
    }
  };

  /** The last run of each organization that is not over. */
  const running = new Map<number, Promise<void>>();
  /** After what runs: that may have looked before the caller’s change was there. */
  const flush = (to: LogOrganization): Promise<void> => {
    const before = running.get(to.organization)?.catch(() => {});
    const run = (async () => {
      await before;
      await recordAll(to);
    })().finally(() => running.get(to.organization) === run && running.delete(to.organization));
    running.set(to.organization, run);
    return run;
  };

  return {
    flush,
    async sweep(waitedMs) {
      const waiting = await store.readWaitingOutboxes(waitedMs);
      // One log that takes nothing must not hold back the others.
      const results = await Promise.allSettled(waiting.map(flush));
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    },
  };
}

const partition = <T extends { readonly error: AnnalsError }>(list: readonly T[]): [T[], T[]] => [
  list.filter(({ error }) => passing.has(error.code)),
  list.filter(({ error }) => !passing.has(error.code)),
];
