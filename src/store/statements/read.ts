import type { Entry, LogPlace } from '../../model/entry.ts';
import type { Predicate } from '../../model/predicate.ts';
import type { Database } from '../database.ts';
import { Parameters, timestamp, toSql } from '../predicate-sql.ts';
import { entryColumns, entryFromRow } from '../row.ts';

export interface PageRequest {
  readonly organization: number;
  readonly predicate: Predicate;
  /** Oldest or newest first. */
  readonly direction: 'ASC' | 'DESC';
  /** Exclusive bounds, in the order of the log whatever the direction. */
  readonly after: LogPlace | null;
  readonly before: LogPlace | null;
  readonly limit: number;
}

/**
 * Beside the exact row comparison stands the same bound on the partition key alone: it lets PostgreSQL leave out
 * partitions and start inside the index, which the comparison by itself does not.
 */
function boundSql(place: LogPlace | null, operator: '>' | '<', parameters: Parameters): string {
  if (place === null) return '';
  const recordedAt = parameters.add(timestamp(place.recordedAt), 'timestamptz');
  const position = parameters.add(place.position, 'int8');
  return ` and e.recorded_at ${operator}= ${recordedAt} and (e.recorded_at, e.position) ${operator} (${recordedAt}, ${position})`;
}

export function pageSql(request: PageRequest): { text: string; values: unknown[] } {
  const parameters = new Parameters();
  const where =
    `e.organization_id = ${parameters.add(request.organization)}` +
    boundSql(request.after, '>', parameters) +
    boundSql(request.before, '<', parameters) +
    ` and ${toSql(request.predicate, parameters)}`;
  const order = `e.recorded_at ${request.direction}, e.position ${request.direction}`;
  const limit = parameters.add(request.limit, 'int8');
  return {
    text: `select ${entryColumns} from log_entry e where ${where} order by ${order} limit ${limit}`,
    values: parameters.values,
  };
}

/** Entries that satisfy the predicate, keyset-paged. */
export async function readPage(database: Database, request: PageRequest): Promise<Entry[]> {
  const { text, values } = pageSql(request);
  const rows = await database.rows(text, values);
  return rows.map((row) => entryFromRow(row));
}

export function countSql(organization: number, predicate: Predicate, cap: number): { text: string; values: unknown[] } {
  const parameters = new Parameters();
  const where = `e.organization_id = ${parameters.add(organization)} and ${toSql(predicate, parameters)}`;
  const limit = parameters.add(cap, 'int8');
  return {
    text: `select count(*) from (select from log_entry e where ${where} limit ${limit}) counted`,
    values: parameters.values,
  };
}

/** How many entries satisfy the predicate, counting no further than `cap`. */
export async function countEntries(
  database: Database,
  organization: number,
  predicate: Predicate,
  cap: number,
): Promise<number> {
  const { text, values } = countSql(organization, predicate, cap);
  const [row] = await database.rows<[number]>(text, values);
  return row?.[0] ?? 0;
}

/** Entries by id that satisfy the predicate, in no order. An id’s own time is a lower bound of recorded_at. */
export async function readByIds(
  database: Database,
  organization: number,
  ids: readonly string[],
  predicate: Predicate,
): Promise<Entry[]> {
  if (ids.length === 0) return [];
  const oldest = Math.min(...ids.map((id) => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)));
  const parameters = new Parameters();
  const text =
    `select ${entryColumns} from log_entry e where e.organization_id = ${parameters.add(organization)}` +
    ` and e.recorded_at >= ${parameters.add(timestamp(oldest), 'timestamptz')}` +
    ` and e.id = any(${parameters.add(ids, 'uuid[]')}) and ${toSql(predicate, parameters)}`;
  const rows = await database.rows(text, parameters.values);
  return rows.map((row) => entryFromRow(row));
}

/** Where an entry stands, and whether it satisfies the predicate; null when the log does not hold it. */
export async function locateEntry(
  database: Database,
  organization: number,
  recordedAt: number,
  id: string,
  predicate: Predicate,
): Promise<{ place: LogPlace; matched: boolean } | null> {
  const parameters = new Parameters();
  const text = `select e.position, (${toSql(predicate, parameters)}) is true from log_entry e
    where e.organization_id = ${parameters.add(organization)}
      and e.recorded_at = ${parameters.add(timestamp(recordedAt), 'timestamptz')} and e.id = ${parameters.add(id, 'uuid')}`;
  const [row] = await database.rows<[number, boolean]>(text, parameters.values);
  return row === undefined ? null : { place: { recordedAt, position: row[0] }, matched: row[1] };
}
