/** How far what follows the logs is behind them, asked without changing anything. */
import type pg from 'pg';
import { blockEntries } from './plan/text.ts';
import { followerName } from './statements/rollUp.ts';

/** What is behind in one log. */
export interface FollowerFacts {
  /** Name of the follower; `search` for the blocks of texts, `texts` for texts that entries lack. */
  readonly follower: string;
  readonly organization: string;
  /** Entries that it has yet to work off. */
  readonly entries: number;
  /** In milliseconds: since when the oldest of them could have been worked off; null where that is not known. */
  readonly oldestMs: number | null;
}

const age = 'extract(epoch from clock_timestamp() - x.recorded_at) * 1000';
/** The newest entry; logs without one have nothing to follow. */
const newest = `cross join lateral (select e.position from log_entry e where e.organization_id = h.organization_id
    order by e.recorded_at desc, e.position desc limit 1) n`;
/** The time of an entry so many after a place. */
const entryAfter = (recordedAt: string, position: string, offset: number) => `cross join lateral (
    select e.recorded_at from log_entry e where e.organization_id = h.organization_id
      and e.recorded_at >= coalesce(${recordedAt}, '-infinity')
      and (e.recorded_at, e.position) > (coalesce(${recordedAt}, '-infinity'), coalesce(${position}, -1))
    order by e.recorded_at, e.position offset ${offset} limit 1) x`;

/** One that never stood in a log stands before its first entry; of other names, only where they stand. */
const followersSql = `select f.name as follower, o.name as organization,
    (n.position - coalesce(f.position, -1))::float8 as entries, (${age})::float8 as "oldestMs"
  from log_head h join organization o on o.id = h.organization_id
  cross join lateral (select p.name, p.position, p.recorded_at from follower p where p.organization_id = h.organization_id
    union all select '${followerName}', null, null where not exists (select from follower p
      where p.organization_id = h.organization_id and p.name = '${followerName}')) f
  ${newest} ${entryAfter('f.recorded_at', 'f.position', 0)}
  where n.position > coalesce(f.position, -1)`;

/** Blocks that could be full: a block is due with its last entry. */
const blocksSql = `select 'search' as follower, o.name as organization, (n.position - b.position)::float8 as entries,
    (${age})::float8 as "oldestMs"
  from log_head h join organization o on o.id = h.organization_id ${newest}
  left join lateral (select s.number, s.recorded_to from search_block s where s.organization_id = h.organization_id
    order by s.number desc limit 1) l on true
  cross join lateral (select coalesce((l.number + 1)::int8 * ${blockEntries} - 1, -1) as position) b
  ${entryAfter('l.recorded_to', 'b.position', blockEntries - 1)}`;

const textsSql = `select 'texts' as follower, o.name as organization, t.entries::float8, null::float8 as "oldestMs"
  from log_head h join organization o on o.id = h.organization_id
  cross join lateral (select count(*) as entries from log_entry e
    where e.organization_id = h.organization_id and e.search is null) t
  where t.entries > 0`;

/** Every follower that is behind in a log. The tables are there: of followers, and of blocks where `blocks`. */
export async function readFollowers(client: pg.Client, blocks: boolean): Promise<readonly FollowerFacts[]> {
  const parts = [followersSql, ...(blocks ? [blocksSql, textsSql] : [])].map((part) => `(${part})`);
  const { rows } = await client.query<FollowerFacts>(`${parts.join(' union all ')} order by 1, 2`);
  return rows;
}
