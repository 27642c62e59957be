import type { Entry, LogPlace } from '../../model/entry.ts';
import type { Predicate } from '../../model/predicate.ts';
import type { Database } from '../database.ts';
import { countPlanned } from '../plan/count.ts';
import { markedNearPage } from '../plan/near.ts';
import type { PageRequest } from '../plan/page.ts';
import { readPlanned, sendEntries } from '../plan/read.ts';
import { Parameters, timestamp, toSql } from '../predicate-sql.ts';
import { entryColumns } from '../row.ts';

export type { PageRequest } from '../plan/page.ts';

/** Entries that satisfy the predicate, keyset-paged. */
export async function readPage(database: Database, request: PageRequest): Promise<Entry[]> {
  const found = await readPlanned(database, request, {
    wrap: (page) => page,
    send: (statement) => sendEntries(database, statement),
    near: markedNearPage,
    // The mark that a near page is not all there is: a row of nulls.
    isWhole: (entries) => !entries.includes(null),
    count: (entries) => entries.length,
  });
  return found.filter((entry) => entry !== null);
}

/** How many entries satisfy the predicate, counting no further than `cap`. */
export const countEntries = (
  database: Database,
  organization: number,
  predicate: Predicate,
  cap: number,
): Promise<number> => countPlanned(database, organization, predicate, cap);

/** Entries by id that satisfy the predicate, in no order. An id’s own time is a lower bound of recorded_at. */
export async function readByIds(
  database: Database,
  organization: number,
  ids: readonly string[],
  predicate: Predicate,
): Promise<Entry[]> {
  if (ids.length === 0) return [];
  const oldest = Math.min(...ids.map((id) => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)));
  const parameters = new Parameters(database.sets);
  const text =
    `select ${entryColumns} from log_entry e where e.organization_id = ${parameters.add(organization)}` +
    ` and e.recorded_at >= ${parameters.add(timestamp(oldest), 'timestamptz')}` +
    ` and e.id = any(${parameters.add(ids, 'uuid[]')}) and ${toSql(predicate, parameters)}`;
  const found = await database.entries(text, parameters.values, { planEach: true });
  return found.filter((entry) => entry !== null);
}

export interface LocatedEntry {
  readonly place: LogPlace;
  readonly occurredAt: number;
  /** Whether it satisfies the predicate. */
  readonly matched: boolean;
}

/** Where an entry stands; null when the log does not hold it. */
export async function locateEntry(
  database: Database,
  organization: number,
  recordedAt: number,
  id: string,
  predicate: Predicate,
): Promise<LocatedEntry | null> {
  const parameters = new Parameters(database.sets);
  const text = `select e.position, e.occurred_at, (${toSql(predicate, parameters)}) is true from log_entry e
    where e.organization_id = ${parameters.add(organization)}
      and e.recorded_at = ${parameters.add(timestamp(recordedAt), 'timestamptz')} and e.id = ${parameters.add(id, 'uuid')}`;
  const [row] = await database.rows<[number, number, boolean]>(text, parameters.values, {
    planEach: parameters.hasList,
    built: true,
  });
  return row === undefined ? null : { place: { recordedAt, position: row[0] }, occurredAt: row[1], matched: row[2] };
}
