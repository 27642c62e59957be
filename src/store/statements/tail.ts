import type { Entry, LogPlace } from '../../model/entry.ts';
import type { Predicate } from '../../model/predicate.ts';
import type { Database } from '../database.ts';
import { nearPage } from '../plan/near.ts';
import { readPlanned, send } from '../plan/read.ts';
import { timestamp } from '../predicate-sql.ts';
import { entryColumns, entryFromRow } from '../row.ts';
import { type Versions, versionColumns } from '../versions.ts';

/** The organization’s head as one statement saw it, with entries of the same snapshot. */
export interface Tail extends Versions {
  readonly generation: number;
  /** The newest entry’s place; null in an empty log. */
  readonly end: LogPlace | null;
  /** In the order of the log. */
  readonly entries: readonly Entry[];
}

type HeadColumns = [
  rightsVersion: number,
  treeVersion: number,
  generation: number,
  recordedAt: number | null,
  position: number | null,
];
const headColumnCount = 5;

const newest = `select n.recorded_at, n.position from log_entry n where n.organization_id = $1
  order by n.recorded_at desc, n.position desc limit 1`;

const tailSql = `select ${versionColumns}, h.generation, null::timestamptz, null::int8, e.*
from log_head h left join lateral (
  select ${entryColumns} from log_entry e
  where e.organization_id = $1 and e.recorded_at >= $2::timestamptz and (e.recorded_at, e.position) > ($2::timestamptz, $3::int8)
  order by e.recorded_at, e.position limit $4::int8
) e on true
where h.organization_id = $1 order by e.recorded_at, e.position`;

function tailFrom(rows: readonly (readonly unknown[])[]): Tail | null {
  const [first] = rows as readonly (readonly [...HeadColumns, ...unknown[]])[];
  if (first === undefined) return null;
  const [rightsVersion, treeVersion, generation, recordedAt, position] = first;
  // A head without entries comes as one row whose entry columns are null.
  const entries = first[headColumnCount] === null ? [] : rows.map((row) => entryFromRow(row, headColumnCount));
  const end = recordedAt === null || position === null ? null : { recordedAt, position };
  return { rightsVersion, treeVersion, generation, end, entries };
}

/** The next entries of a log after a place, with the versions they were read under; null for no such organization. */
export async function readTail(
  database: Database,
  organization: number,
  after: LogPlace,
  limit: number,
): Promise<Tail | null> {
  const rows = await database.rows(tailSql, [organization, timestamp(after.recordedAt), after.position, limit]);
  const tail = tailFrom(rows);
  const last = tail?.entries.at(-1);
  return tail === null || last === undefined
    ? tail
    : { ...tail, end: { recordedAt: last.recordedAt, position: last.position } };
}

/** The head alone: versions and the newest entry’s place. */
export async function readHead(database: Database, organization: number): Promise<Tail | null> {
  const rows = await database.rows(
    `select ${versionColumns}, h.generation, n.recorded_at, n.position, null from log_head h left join lateral (${newest}) n on true
     where h.organization_id = $1`,
    [organization],
  );
  return tailFrom(rows);
}

/** The next entries after a place that satisfy the predicate; `end` says how far this snapshot of the log reaches. */
export async function readHistory(
  database: Database,
  organization: number,
  after: LogPlace,
  predicate: Predicate,
  limit: number,
): Promise<Tail | null> {
  const request = { organization, predicate, direction: 'ASC', after, before: null, limit } as const;
  const rows = await readPlanned(database, request, {
    wrap: (page) => `select ${versionColumns}, h.generation, n.recorded_at, n.position, e.*
      from log_head h left join lateral (${newest}) n on true left join lateral (${page}) e on true
      where h.organization_id = $1 order by e.recorded_at, e.position`,
    send: (statement) => send(database, statement),
    near: nearPage,
    isWhole(found, window) {
      const tail = tailFrom(found);
      // Positions are dense: so many entries at most lie between the place and the end.
      const left = (tail?.end?.position ?? -1) - after.position;
      return (tail?.entries.length ?? 0) === limit || left <= window;
    },
    count: (found) => tailFrom(found)?.entries.length ?? 0,
  });
  return tailFrom(rows);
}
