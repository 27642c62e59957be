/** Where followers stand: one row for each follower and log. */
import type { LogPlace } from '../../model/entry.ts';
import type { Database, Runner } from '../database.ts';
import { timestamp } from '../predicate-sql.ts';

/** How far a follower is behind the end of one log. */
export interface FollowerLag {
  readonly name: string;
  readonly organization: number;
  /** Entries after its place. */
  readonly entries: number;
  /** Milliseconds between what it worked off last and the newest entry; 0 at the end of the log. */
  readonly milliseconds: number;
}

/**
 * The follower’s place in a log, locked until the transaction ends: whoever holds it is the only one to follow. Null while
 * another transaction does. A follower that never stood anywhere stands before the first entry.
 */
export async function claimFollower(runner: Runner, organization: number, name: string): Promise<LogPlace | null> {
  const claim = async (): Promise<LogPlace | null> => {
    const [row] = await runner.rows<[number, number]>(
      `select f.recorded_at, f.position from follower f where f.organization_id = $1 and f.name = $2
       for no key update skip locked`,
      [organization, name],
    );
    return row === undefined ? null : { recordedAt: row[0], position: row[1] };
  };
  const known = await claim();
  if (known !== null) return known;
  const [made] = await runner.rows<[number]>(
    `insert into follower (organization_id, name, position, recorded_at) values ($1, $2, -1, to_timestamp(0))
     on conflict do nothing returning organization_id`,
    [organization, name],
  );
  return made === undefined ? null : claim();
}

/** Remembers how far a claimed follower came. */
export async function moveFollower(runner: Runner, organization: number, name: string, to: LogPlace): Promise<void> {
  await runner.rows(
    'update follower set recorded_at = $3::timestamptz, position = $4::int8 where organization_id = $1 and name = $2',
    [organization, name, timestamp(to.recordedAt), to.position],
  );
}

const lagSql = `select h.organization_id, n.position - coalesce(f.position, -1), case when n.position > coalesce(f.position, -1)
    then extract(epoch from n.recorded_at - greatest(f.recorded_at, o.recorded_at)) * 1000 else 0 end::float8
  from log_head h left join follower f on f.organization_id = h.organization_id and f.name = $1
  cross join lateral (select e.position, e.recorded_at from log_entry e where e.organization_id = h.organization_id
    order by e.recorded_at desc, e.position desc limit 1) n
  cross join lateral (select e.recorded_at from log_entry e where e.organization_id = h.organization_id
    order by e.recorded_at, e.position limit 1) o
  where n.position > coalesce(f.position, -1)`;

/** The logs in which the follower is behind. */
export async function readFollowerLag(database: Database, name: string): Promise<FollowerLag[]> {
  const rows = await database.rows<[number, number, number]>(lagSql, [name]);
  return rows.map(([organization, entries, milliseconds]) => ({ name, organization, entries, milliseconds }));
}
