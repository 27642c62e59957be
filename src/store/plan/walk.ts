/**
 * Reading few entries out of many values: stretches of time, each through the indexes on its values. A stretch that finds
 * little is followed by one eight times as long; one that finds too much is cut short and looked at in parts.
 */
import { type Parameters, toSql } from '../predicate-sql.ts';
import { windowOf } from './near.ts';
import { anyLimitOf, entriesAt, type Frame, frameOf, type PageRequest, type PageText, unpaired } from './page.ts';
import type { Shape, Spread } from './shape.ts';

const growth = 8;
const cut = 16;
/** recorded_at has no finer times: a stretch of this length is taken whole. */
const shortest = `interval '1 millisecond'`;

/** Where the walk begins and ends, and how long a stretch `window` entries fill there; no row for an empty frame. `offset 0`: each found once. */
function extentSql({ within, order }: Frame, direction: 'ASC' | 'DESC', window: number): string {
  const reverse = direction === 'ASC' ? 'desc' : 'asc';
  const at = (sorted: string, skipped = 0) =>
    `(select e.recorded_at from log_entry e where ${within} ${sorted} limit 1 offset ${skipped})`;
  return `select x.start, x.stop, greatest(${shortest}, coalesce(
      ${growth} * greatest(x.start - x.filled, x.filled - x.start),
      greatest(x.start - x.stop, x.stop - x.start) + ${shortest})) as width
    from (select ${at(order('e'))} as start, ${at(`order by e.recorded_at ${reverse}, e.position ${reverse}`)} as stop,
      ${at(order('e'), window)} as filled offset 0) x
    where x.start is not null`;
}

/** Entries looked at are bounded: by the window in each stretch, and a stretch grows only after one that found less than the page. */
export function walkPage(request: PageRequest, shape: Shape, spread: Spread, parameters: Parameters): PageText {
  const { direction } = request;
  const frame = frameOf(request, shape.time, parameters);
  const limit = anyLimitOf(request, parameters);
  const rest = toSql(spread.rest, parameters);
  const most = windowOf(request);
  const [ahead, inside, ended] =
    direction === 'DESC'
      ? [
          'w.edge - w.width',
          `e.recorded_at <= w.edge and ${unpaired} > w.edge - w.width and ${unpaired} >= x.stop`,
          'w.edge < x.stop',
        ]
      : [
          'w.edge + w.width',
          `e.recorded_at >= w.edge and ${unpaired} < w.edge + w.width and ${unpaired} <= x.stop`,
          'w.edge > x.stop',
        ];
  const atMost = `limit case when w.width > ${shortest} then ${most + 1} end`;
  const found = spread.leaves.map(
    (leaf) => `(select e.recorded_at, e.position from log_entry e
      where ${(leaf.one === null ? frame.apart : frame).between} and ${inside} and ${leaf.any(leaf.list(parameters))} and ${rest} ${atMost})`,
  );
  const places = `with recursive extent as materialized (${extentSql(frame, direction, most)}),
    walk (edge, width, count, times, positions) as (
      select x.start::timestamptz, x.width, 0::int8, null::timestamptz[], null::int8[] from extent x
      union all
      select case when f.many then w.edge else ${ahead} end,
        case when f.many then greatest(w.width / ${cut}, ${shortest}) else w.width * ${growth} end,
        case when f.many then w.count else w.count + f.count end,
        case when not f.many then f.times end, case when not f.many then f.positions end
      from walk w cross join extent x cross join lateral (
        select count(*), array_agg(m.recorded_at) as times, array_agg(m.position) as positions,
          w.width > ${shortest} and count(*) > ${most} as many
        from (select * from (${found.join(' union ')}) e ${atMost}) m) f
      where w.count < ${limit} and not ${ended})
    select unnest(w.times) as recorded_at, unnest(w.positions) as position from walk w`;
  return { text: entriesAt(places, frame, limit), planEach: false };
}
