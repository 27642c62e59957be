import type { Outcome } from '../../model/entry.ts';
import { type ActorType, actorTypes, outcomes } from '../../model/entry.ts';
import { binaryArray, bytea, type ElementType, int2, int4, textArray, timestamptz, uuid } from '../arrays.ts';
import type { Database } from '../database.ts';
import { timestamp } from '../predicate-sql.ts';

/** An entry ready for the table: everything resolved to numbers, everything that PostgreSQL need not know as text. */
export interface AppendRow {
  readonly id: string;
  readonly key: string | null;
  /** Rows of the same non-null group are recorded together or not at all. */
  readonly group: number | null;
  readonly occurredAt: number;
  readonly action: number;
  readonly outcome: Outcome;
  readonly severity: number;
  readonly actorType: ActorType;
  readonly actor: number | null;
  readonly affectedUser: number | null;
  readonly directory: number | null;
  readonly vault: number | null;
  readonly component: string | null;
  readonly actorName: string | null;
  readonly actorEmail: string | null;
  readonly affectedUserName: string | null;
  readonly affectedUserEmail: string | null;
  readonly directoryName: string | null;
  readonly vaultName: string | null;
  /** JSON text, or null. */
  readonly targets: string | null;
  /** Ids joined by U+001F. */
  readonly targetIds: string | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly device: string | null;
  readonly session: string | null;
  readonly request: string | null;
  readonly location: string | null;
  readonly changes: string | null;
  readonly metadata: string | null;
  /** What is searched in: see `searchText`. */
  readonly search: string;
  readonly salts: Buffer;
  readonly digest: Buffer;
}

export interface AppendResult {
  readonly recordedAt: number;
  readonly generation: number;
  /** Index of each row whose key was recorded before, with the id of the entry it recorded. */
  readonly repeated: ReadonlyMap<number, string>;
}

/** A column’s type, and its array for a batch. */
type Column = readonly [type: string, array: (rows: readonly AppendRow[]) => string | Buffer];

const column = <Value>(type: string, element: ElementType<Value>, value: (row: AppendRow) => Value | null): Column => [
  `${type}[]`,
  (rows) => binaryArray(rows, element, value),
];
const texts = (value: (row: AppendRow) => string | null): Column => ['text[]', (rows) => textArray(rows, value)];

const columns: readonly Column[] = [
  column('uuid', uuid, (row) => row.id),
  texts((row) => row.key),
  column('int4', int4, (row) => row.group),
  column('timestamptz', timestamptz, (row) => row.occurredAt),
  column('int4', int4, (row) => row.action),
  column('int2', int2, (row) => outcomes.indexOf(row.outcome)),
  column('int2', int2, (row) => row.severity),
  column('int2', int2, (row) => actorTypes.indexOf(row.actorType)),
  column('int4', int4, (row) => row.actor),
  column('int4', int4, (row) => row.affectedUser),
  column('int4', int4, (row) => row.directory),
  column('int4', int4, (row) => row.vault),
  texts((row) => row.component),
  texts((row) => row.actorName),
  texts((row) => row.actorEmail),
  texts((row) => row.affectedUserName),
  texts((row) => row.affectedUserEmail),
  texts((row) => row.directoryName),
  texts((row) => row.vaultName),
  texts((row) => row.targets),
  texts((row) => row.targetIds),
  texts((row) => row.ip),
  texts((row) => row.userAgent),
  texts((row) => row.device),
  texts((row) => row.session),
  texts((row) => row.request),
  texts((row) => row.location),
  texts((row) => row.changes),
  texts((row) => row.metadata),
  column('bytea', bytea, (row) => row.salts),
  column('bytea', bytea, (row) => row.digest),
  texts((row) => row.search),
];

const head = ['$1', '$2::timestamptz', '$3::timestamptz'];
const text = `select recorded_at, generation, repeated_ordinal, repeated_id
from append_log_entries(${[...head, ...columns.map(([type], index) => `$${index + 4}::${type}`)].join(', ')})`;

/**
 * Records a batch in one round trip; durable when it returns.
 *
 * @param floor a time at or before the log’s newest entry, in milliseconds; null when none is known
 */
export async function appendBatch(
  database: Database,
  organization: number,
  now: number,
  floor: number | null,
  rows: readonly AppendRow[],
): Promise<AppendResult> {
  type Row = [number, number, number[] | null, string[] | null];
  const [result] = await database.rows<Row>(text, [
    organization,
    timestamp(now),
    floor === null ? '-infinity' : timestamp(floor),
    ...columns.map(([, array]) => array(rows)),
  ]);
  if (result === undefined) throw new TypeError('append_log_entries returned no row');
  const [recordedAt, generation, ordinals, ids] = result;
  const repeated = new Map((ordinals ?? []).map((ordinal, index) => [ordinal - 1, ids?.[index] ?? '']));
  return { recordedAt, generation, repeated };
}

/** Makes the log’s monthly partitions for a period, where missing. */
export async function ensurePartitions(database: Database, from: number, to: number): Promise<void> {
  await database.rows('select ensure_log_partitions($1, $2)', [timestamp(from), timestamp(to)]);
}

/** What binds a recorded entry’s content; `outcome` as an index into `outcomes`. */
export interface Seal {
  readonly id: string;
  readonly occurredAt: number;
  readonly outcome: number;
  readonly severity: number;
  readonly salts: Buffer;
  readonly digest: Buffer;
}

/** The seals of the entries that the log still holds, in no order. */
export async function readSeals(database: Database, organization: number, ids: readonly string[]): Promise<Seal[]> {
  const rows = await database.rows<[string, number, number, number, Buffer, Buffer]>(
    `select e.id, e.occurred_at, e.outcome, e.severity, e.salts, e.digest from log_entry e
     where e.organization_id = $1 and e.id = any($2::uuid[])`,
    [organization, ids],
  );
  return rows.map(([id, occurredAt, outcome, severity, salts, digest]) => ({
    id,
    occurredAt,
    outcome,
    severity,
    salts,
    digest,
  }));
}

/** Forgets idempotency keys recorded before a time, at most `limit`; how many were forgotten. */
export async function forgetIdempotencyKeys(database: Database, before: number, limit: number): Promise<number> {
  const [row] = await database.rows<[number]>('select forget_idempotency_keys($1, $2)', [timestamp(before), limit]);
  return row?.[0] ?? 0;
}
