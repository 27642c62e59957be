import type { Entry, LogPlace } from '../../model/entry.ts';
import type { Predicate } from '../../model/predicate.ts';
import type { Database, RunOptions } from '../database.ts';
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

/** A statement, and how to run it. */
export interface ReadStatement extends RunOptions {
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * The longest page, as a number in the text: where the limit is a parameter alone, a plan for any values reckons with a
 * tenth of the log, and PostgreSQL would find planning each run cheaper, always.
 */
const longestPage = 501;

export function pageSql(request: PageRequest): ReadStatement {
  const parameters = new Parameters();
  const where =
    `e.organization_id = ${parameters.add(request.organization)}` +
    boundSql(request.after, '>', parameters) +
    boundSql(request.before, '<', parameters) +
    ` and ${toSql(request.predicate, parameters)}`;
  const order = `e.recorded_at ${request.direction}, e.position ${request.direction}`;
  const limit = parameters.add(request.limit, 'int8');
  const longest = Math.max(longestPage, Math.ceil(request.limit));
  return {
    text: `select * from (select ${entryColumns} from log_entry e where ${where} order by ${order} limit ${longest}) e
      order by ${order} limit ${limit}`,
    values: parameters.values,
    planEach: parameters.hasList,
    built: true,
  };
}

/** Entries that satisfy the predicate, keyset-paged. */
export async function readPage(database: Database, request: PageRequest): Promise<Entry[]> {
  const statement = pageSql(request);
  const rows = await database.rows(statement.text, statement.values, statement);
  return rows.map((row) => entryFromRow(row));
}

export function countSql(organization: number, predicate: Predicate, cap: number): ReadStatement {
  const parameters = new Parameters();
  const where = `e.organization_id = ${parameters.add(organization)} and ${toSql(predicate, parameters)}`;
  // In the text, as the longest page is; callers count up to one of a few caps.
  const text = `select count(*) from (select from log_entry e where ${where} limit ${Math.ceil(cap)}) counted`;
  return { text, values: parameters.values, planEach: parameters.hasList, built: true };
}

/** How many entries satisfy the predicate, counting no further than `cap`. */
export async function countEntries(
  database: Database,
  organization: number,
  predicate: Predicate,
  cap: number,
): Promise<number> {
  const statement = countSql(organization, predicate, cap);
  const [row] = await database.rows<[number]>(statement.text, statement.values, statement);
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
  const rows = await database.rows(text, parameters.values, { planEach: true });
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
  const [row] = await database.rows<[number, boolean]>(text, parameters.values, {
    planEach: parameters.hasList,
    built: true,
  });
  return row === undefined ? null : { place: { recordedAt, position: row[0] }, matched: row[1] };
}
