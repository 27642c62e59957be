/** The cells of statistics: one statement counts a stretch of the log into them. */
import type { LogPlace } from '../../model/entry.ts';
import { cubes, type RollUpDimension } from '../../model/rollUp.ts';
import type { Runner } from '../database.ts';
import { timestamp } from '../predicate-sql.ts';

/** The follower that keeps the cells: where it stands is how far they count. */
export const followerName = 'statistics';

const columns: Readonly<Record<RollUpDimension, string>> = {
  action: 'action_id',
  outcome: 'outcome',
  severity: 'severity',
  directory: 'directory_id',
  actor: 'actor_id',
};

/** A cube’s dimensions under the names that an entry has for them, for one `select` list. A missing value is 0 in a cell. */
export const aliasesOf = (cube: number): string =>
  (cubes[cube]?.dimensions ?? [])
    .map((dimension, index) => `, c.${index === 0 ? 'a' : 'b'} as ${columns[dimension]}`)
    .join('');

/** A cell’s columns by the time that a question is about. */
export const cellTimes = {
  occurredAt: { slot: 'slot', first: 'first_occurred_at', last: 'last_occurred_at' },
  recordedAt: { slot: 'recorded_slot', first: 'first_recorded_at', last: 'last_recorded_at' },
} as const;

/** `date_part`: of `extract`, which gives a numeric, a step would spend half of its time on the slots. */
const slotSql = (column: string) => `floor(date_part('epoch', ${column}) / k.seconds)::int4`;

const kinds = cubes
  .map(({ dimensions, slotMs }, cube) => {
    const [a = '0', b = '0'] = dimensions.map((dimension) => `coalesce(e.${columns[dimension]}, 0)`);
    return `(${cube}, ${slotMs / 1000}, ${a}, ${b})`;
  })
  .join(', ');

/**
 * $1 organization, $2 and $3 the place, $4 entries at most. Counts them into their cells; run in the transaction that
 * moves the follower to the place returned, or an entry would be counted twice, or never.
 */
const rollUpSql = `with e as materialized (
    select e.recorded_at, e.position, e.occurred_at, e.action_id, e.outcome, e.severity, e.directory_id, e.actor_id
    from log_entry e where e.organization_id = $1 and e.recorded_at >= $2::timestamptz and e.position > $3::int8
    order by e.recorded_at, e.position limit $4::int8)
  , added as (
    insert into statistics_cell (organization_id, cube, slot, recorded_slot, a, b, count,
      first_occurred_at, last_occurred_at, first_recorded_at, last_recorded_at)
    select $1, k.cube, ${slotSql('e.occurred_at')} as slot, ${slotSql('e.recorded_at')} as recorded_slot, k.a, k.b, count(*),
      min(e.occurred_at), max(e.occurred_at), min(e.recorded_at), max(e.recorded_at)
    from e cross join lateral (values ${kinds}) k(cube, seconds, a, b) group by 2, 3, 4, 5, 6
    on conflict (organization_id, cube, slot, recorded_slot, a, b) do update set count = statistics_cell.count + excluded.count,
      first_occurred_at = least(statistics_cell.first_occurred_at, excluded.first_occurred_at),
      last_occurred_at = greatest(statistics_cell.last_occurred_at, excluded.last_occurred_at),
      first_recorded_at = least(statistics_cell.first_recorded_at, excluded.first_recorded_at),
      last_recorded_at = greatest(statistics_cell.last_recorded_at, excluded.last_recorded_at))
  select e.recorded_at, e.position from e order by e.recorded_at desc, e.position desc limit 1`;

/** Counts the next entries after a place; how far it came, or null when there were none. */
export async function rollUpEntries(
  runner: Runner,
  organization: number,
  after: LogPlace,
  limit: number,
): Promise<LogPlace | null> {
  const values = [organization, timestamp(after.recordedAt), after.position, limit];
  const [row] = await runner.rows<[number, number]>(rollUpSql, values);
  return row === undefined ? null : { recordedAt: row[0], position: row[1] };
}
