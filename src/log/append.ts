/** From entries as stated to entries recorded. */
import { createHmac, type KeyObject } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { AnnalsError, type FaultReport } from '../errors.ts';
import { Digester, drawSalts } from '../model/digest.ts';
import type { EntryInput } from '../model/entry.ts';
import { searchText } from '../model/text.ts';
import { type RandomSource, uuidV7 } from '../model/uuid.ts';
import type { AppendResult, AppendRow, Store } from '../store/store.ts';
import type { Metrics } from '../telemetry/telemetry.ts';
import { type Batcher, openBatcher } from './batch.ts';
import type { AppendOptions, AppendOutcome, LogOrganization } from './log.ts';
import { type EntryNumbers, openRegistry } from './registry.ts';
import { digestContent, type RepeatChecker } from './repeat.ts';
import { checkSize, type Limits, type ValidEntry, validateEntry } from './validate.ts';
import { type BatchTracing, countBatch, openBatchWatch } from './watch.ts';

/** Most entries of one request. */
export const requestEntries = 1000;
const batchRows = 1000;
const batchesInFlight = 2;
const rowsBesideAnother = 200;
/** Numbers of groups fit PostgreSQL’s integer. */
const mostGroups = 2 ** 31;

export interface AppendDeps {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly actionNumber: (key: string) => number | undefined;
  readonly repeats: RepeatChecker;
  readonly now: () => number;
  readonly random: RandomSource;
  readonly fault: FaultReport;
  readonly metrics: Metrics;
  readonly tracing: BatchTracing | null;
  /** Keys the hash under which an idempotency key is remembered: a list of keys alone tells nobody what was recorded. */
  readonly keySecret: KeyObject;
  /** After a commit that recorded something, and how many entries. */
  readonly onRecorded: (organization: number, count: number) => void;
}

export interface AppendLimits extends Limits {
  readonly queueEntries: number;
}

interface Row {
  readonly entry: ValidEntry;
  readonly group: number | null;
}

/** CREATED with its id; or the id that the key recorded before; or held back with its all-or-nothing group. */
type Result = { readonly kind: 'CREATED' | 'REPEATED'; readonly id: string } | { readonly kind: 'HELD' };

export interface Appender {
  append(to: LogOrganization, inputs: readonly EntryInput[], options?: AppendOptions): Promise<AppendOutcome[]>;
  idle(): Promise<void>;
}

const failed = (error: AnnalsError): AppendOutcome => ({ id: null, status: null, error });

function asRow(
  entry: ValidEntry,
  numbers: EntryNumbers,
  made: Pick<AppendRow, 'id' | 'key' | 'group' | 'action' | 'salts' | 'digest'>,
): AppendRow {
  const { actor, affectedUser, directory, vault, targets } = entry;
  const ids = targets.flatMap((target) => (target.id === null ? [] : [target.id]));
  const named = {
    actorName: actor.name,
    actorEmail: actor.email,
    affectedUserName: affectedUser.name,
    affectedUserEmail: affectedUser.email,
    directoryName: directory?.name ?? null,
    vaultName: vault?.name ?? null,
  };
  return {
    ...named,
    id: made.id,
    key: made.key,
    group: made.group,
    action: made.action,
    salts: made.salts,
    digest: made.digest,
    actor: numbers.actor,
    affectedUser: numbers.affectedUser,
    directory: numbers.directory,
    vault: numbers.vault,
    occurredAt: entry.occurredAt,
    outcome: entry.outcome,
    severity: entry.severity,
    actorType: actor.type,
    component: entry.component,
    targets: targets.length === 0 ? null : JSON.stringify(targets),
    targetIds: ids.length === 0 ? null : ids.join('\u001f'),
    ip: entry.ip,
    userAgent: entry.userAgent,
    device: entry.device,
    session: entry.session,
    request: entry.request,
    location: entry.location,
    changes: entry.changes === null ? null : JSON.stringify(entry.changes),
    metadata: entry.metadata === null ? null : JSON.stringify(entry.metadata),
    search: searchText({ ...entry, ...named }),
  };
}

export function openAppender(deps: AppendDeps, limits: AppendLimits): Appender {
  const registry = openRegistry(deps.store);
  const digester = new Digester();
  const batchers = new Map<number, Batcher<Row, Result>>();
  const newest = new Map<number, number>();
  const partitions = openPartitionKeeper(deps.store);
  const watch = openBatchWatch(deps.metrics, deps.tracing);
  let groups = 0;

  const prepare = (to: LogOrganization, row: Row, numbers: EntryNumbers, now: number): AppendRow => {
    const id = uuidV7(now, deps.random);
    const salts = drawSalts(deps.random);
    const action = deps.actionNumber(row.entry.action);
    if (action === undefined) throw new TypeError(`the action ${row.entry.action} has no number`);
    const digest = digester.digest(digestContent(to.organizationUid, id, row.entry), salts);
    const key = row.entry.key === null ? null : keyHash(deps.keySecret, to, row.entry.key);
    return asRow(row.entry, numbers, { id, key, group: row.group, action, salts, digest });
  };

  /** One batch: what is new registers, then one round trip records; durable when the function returns. */
  const send = async (to: LogOrganization, rows: readonly Row[]): Promise<readonly Result[]> => {
    const { organization } = to;
    const now = deps.now();
    await partitions.cover(now);
    const numbers = await registry.resolve(
      organization,
      rows.map((row) => row.entry),
    );
    const prepared = rows.flatMap((row, index) => {
      const own = numbers[index];
      return own === undefined ? [] : [prepare(to, row, own, now)];
    });
    const floor = newest.get(organization) ?? null;
    // Durable from here on, also when the reply is lost: the caller’s retry finds its keys.
    const result = await deps.store.appendBatch(organization, now, floor, prepared);
    const results = resultsOf(prepared, result);
    const created = results.filter((one) => one.kind === 'CREATED').length;
    if (created > 0) {
      newest.set(organization, result.recordedAt);
      deps.onRecorded(organization, created);
    }
    return results;
  };

  /** What a batch’s callers learn, the operator learns too: whether the log can be written at all. */
  const reported = async (sent: Promise<readonly Result[]>): Promise<readonly Result[]> => {
    const started = performance.now();
    try {
      const results = await sent.catch(asUnavailable);
      deps.fault('append', null);
      countBatch(deps.metrics, results, performance.now() - started);
      return results;
    } catch (error) {
      deps.fault('append', error);
      deps.metrics.add('annals_append_batches_failed_total', 1);
      throw error;
    }
  };

  const batcherOf = (to: LogOrganization): Batcher<Row, Result> => {
    const known = batchers.get(to.organization);
    if (known !== undefined) return known;
    const fresh = openBatcher<Row, Result>({
      send: (rows) => sendDistinct(rows, (distinct) => reported(send(to, distinct))),
      mostRows: batchRows,
      mostInFlight: batchesInFlight,
      rowsBesideAnother,
      mostQueuedRows: limits.queueEntries,
      watch,
    });
    batchers.set(to.organization, fresh);
    return fresh;
  };

  /** Outcomes of rows that were sent; a repeat is compared with what its key recorded first. */
  const outcomesOf = async (
    to: LogOrganization,
    rows: readonly Row[],
    results: readonly Result[],
  ): Promise<AppendOutcome[]> => {
    const repeats = results.flatMap((result, index) => {
      const row = rows[index];
      return result.kind === 'REPEATED' && row !== undefined ? [{ id: result.id, entry: row.entry }] : [];
    });
    const conflicts = repeats.length === 0 ? new Set<ValidEntry>() : await deps.repeats.conflicts(to, repeats);
    return results.map((result, index) => {
      if (result.kind === 'HELD') return failed(new AnnalsError('BATCH_REFUSED'));
      const entry = rows[index]?.entry;
      if (entry !== undefined && conflicts.has(entry)) {
        return failed(new AnnalsError('IDEMPOTENCY_CONFLICT', { path: 'idempotencyKey' }));
      }
      return { id: result.id, status: result.kind, error: null };
    });
  };

  const record = async (to: LogOrganization, entries: readonly ValidEntry[]): Promise<AppendOutcome[]> => {
    const rows = entries.map((entry) => ({ entry, group: null }));
    return outcomesOf(to, rows, await batcherOf(to).submit(rows));
  };

  /** Together or not at all; no key stands twice among the entries. */
  const recordTogether = async (to: LogOrganization, entries: readonly ValidEntry[]): Promise<AppendOutcome[]> => {
    groups = (groups + 1) % mostGroups;
    const rows = entries.map((entry) => ({ entry, group: groups }));
    const outcomes = await outcomesOf(to, rows, await batcherOf(to).submit(rows));
    const held = outcomes.flatMap((outcome, index) => (outcome.error?.code === 'BATCH_REFUSED' ? [index] : []));
    if (outcomes.some((outcome) => outcome.error?.code === 'IDEMPOTENCY_CONFLICT')) {
      return outcomes.map((outcome) => (outcome.error === null ? failed(new AnnalsError('BATCH_REFUSED')) : outcome));
    }
    if (held.length === 0) return outcomes;
    // The repeats are the same content as before: the rest is recorded, again together.
    const rest = await recordTogether(
      to,
      held.flatMap((index) => entries[index] ?? []),
    );
    const refused = rest.some((outcome) => outcome.error !== null);
    return outcomes.map((outcome, index) => {
      if (outcome.status === null) return rest[held.indexOf(index)] ?? outcome;
      return refused ? failed(new AnnalsError('BATCH_REFUSED')) : outcome;
    });
  };

  const recordAllOrNothing = async (to: LogOrganization, entries: readonly ValidEntry[]): Promise<AppendOutcome[]> => {
    const first = firstOfKey(entries);
    const conflict = entries.map((entry, index) => !sameContent(entries[first[index] ?? index] ?? entry, entry));
    if (conflict.includes(true)) {
      return conflict.map((one) => failed(new AnnalsError(one ? 'IDEMPOTENCY_CONFLICT' : 'BATCH_REFUSED')));
    }
    const distinct = entries.flatMap((entry, index) => (first[index] === index ? [{ entry, index }] : []));
    const outcomes = await recordTogether(
      to,
      distinct.map(({ entry }) => entry),
    );
    return first.map((firstIndex, index) => {
      const outcome =
        outcomes[distinct.findIndex((one) => one.index === firstIndex)] ?? failed(new AnnalsError('INTERNAL'));
      return firstIndex === index || outcome.status === null ? outcome : { ...outcome, status: 'REPEATED' };
    });
  };

  return {
    async append(to, inputs, options = {}) {
      if (inputs.length > requestEntries) {
        throw new AnnalsError('TOO_MANY_ENTRIES', {
          message: `The request carries ${inputs.length} entries; at most ${requestEntries} are accepted.`,
        });
      }
      const now = deps.now();
      const checked = inputs.map((input) => check(input, deps.catalogue, now, limits, options.fromCaller ?? false));
      const valid = checked.flatMap((one) => (one instanceof AnnalsError ? [] : [one]));
      const refused = options.allOrNothing === true && valid.length < checked.length;
      if (refused || valid.length === 0) {
        return checked.map((one) => failed(one instanceof AnnalsError ? one : new AnnalsError('BATCH_REFUSED')));
      }
      const recorded = (await (options.allOrNothing === true ? recordAllOrNothing : record)(to, valid)).values();
      return checked.map((one) =>
        one instanceof AnnalsError ? failed(one) : (recorded.next().value ?? failed(new AnnalsError('INTERNAL'))),
      );
    },
    async idle() {
      await Promise.all([...batchers.values()].map((batcher) => batcher.idle()));
    },
  };
}

const ownCatalogue = 'annals';

const reserved = (action: string) =>
  new AnnalsError('ENTRY_INVALID', {
    path: 'action',
    message: `action ${JSON.stringify(action)} is recorded by Annals alone.`,
    cure: 'Use an action of your product’s catalogue, or of one of your own.',
  });

const keyHash = (secret: KeyObject, to: LogOrganization, key: string): string =>
  createHmac('sha256', secret).update(`${to.organizationUid} ${key}`).digest('base64url');

function check(
  input: EntryInput,
  catalogue: Catalogue,
  now: number,
  limits: Limits,
  fromCaller: boolean,
): ValidEntry | AnnalsError {
  try {
    if (fromCaller && catalogue.action(input.action)?.catalogue === ownCatalogue) throw reserved(input.action);
    checkSize(input, limits);
    return validateEntry(input, catalogue, now, limits);
  } catch (error) {
    if (error instanceof AnnalsError) return error;
    throw error;
  }
}

function resultsOf(rows: readonly AppendRow[], result: AppendResult): Result[] {
  const heldGroups = new Set([...result.repeated.keys()].map((index) => rows[index]?.group ?? null));
  heldGroups.delete(null);
  return rows.map((row, index) => {
    const first = result.repeated.get(index);
    if (first !== undefined) return { kind: 'REPEATED', id: first };
    return heldGroups.has(row.group) ? { kind: 'HELD' } : { kind: 'CREATED', id: row.id };
  });
}

/** A log that another batch holds for longer than a statement may take is, to a caller, one that does not answer. */
function asUnavailable(error: unknown): never {
  if (!(error instanceof AnnalsError) || error.code !== 'STATEMENT_TIMEOUT') throw error;
  throw new AnnalsError('UNAVAILABLE', {
    message: 'The log did not take the entries in time.',
    cause: error,
    retryAfterMs: 1000,
  });
}

/** Whether a later entry repeats the first with its key; what it leaves to Annals is what the first has. */
function sameContent(first: ValidEntry, later: ValidEntry): boolean {
  const { defaulted } = later;
  return isDeepStrictEqual(first, {
    ...later,
    occurredAt: defaulted.occurredAt ? first.occurredAt : later.occurredAt,
    outcome: defaulted.outcome ? first.outcome : later.outcome,
    severity: defaulted.severity ? first.severity : later.severity,
    defaulted: first.defaulted,
  });
}

/** For each entry the index of the first one with its key; its own where it has no key. */
function firstOfKey(entries: readonly ValidEntry[]): number[] {
  const first = new Map<string, number>();
  return entries.map(({ key }, index) => {
    if (key === null) return index;
    const known = first.get(key) ?? index;
    first.set(key, known);
    return known;
  });
}

/**
 * The database looks keys up before it inserts, so no batch may carry a key twice. A later row of a key repeats the first;
 * only a group that such a row belongs to, and what depends on it, goes into a batch of its own afterwards.
 */
async function sendDistinct(
  rows: readonly Row[],
  send: (rows: readonly Row[]) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  const first = firstOfKey(rows.map((row) => row.entry));
  const lateGroups = new Set(
    rows.flatMap((row, index) => (first[index] === index || row.group === null ? [] : [row.group])),
  );
  const isEarly = (row: Row, index: number) =>
    first[index] === index && (row.group === null || !lateGroups.has(row.group));
  const early = rows.filter(isEarly);
  const sent = (await send(early)).values();
  if (early.length === rows.length) return [...sent];
  const results = rows.map((row, index) => (isEarly(row, index) ? (sent.next().value ?? held) : null));
  rows.forEach((row, index) => {
    const known = results[first[index] ?? index];
    const repeats = row.group === null && results[index] === null && known && known.kind !== 'HELD';
    if (repeats) results[index] = { kind: 'REPEATED', id: known.id };
  });
  const unsettled = rows.filter((_, index) => results[index] === null);
  const rest = (unsettled.length === 0 ? [] : await sendDistinct(unsettled, send)).values();
  return results.map((result) => result ?? rest.next().value ?? held);
}

const held: Result = { kind: 'HELD' };

/** Makes the partitions of a month and the next before the first entry of that month. */
function openPartitionKeeper(store: Pick<Store, 'ensurePartitions'>): { cover(time: number): Promise<void> } {
  const covered = new Map<string, Promise<void>>();
  const aMonth = 31 * 24 * 3_600_000;
  return {
    cover(time) {
      const month = new Date(time).toISOString().slice(0, 7);
      const known = covered.get(month);
      if (known !== undefined) return known;
      const made = store.ensurePartitions(time, time + aMonth);
      made.catch(() => covered.delete(month));
      covered.set(month, made);
      return made;
    },
  };
}
