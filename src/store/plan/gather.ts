import { type Parameters, toSql } from '../predicate-sql.ts';
import { entryColumns } from '../row.ts';
import { anyLimitOf, entriesAt, type Frame, frameOf, type PageRequest, type PageText, unpaired } from './page.ts';
import type { Shape, Spread } from './shape.ts';

/** Most values whose entries are gathered; beyond, looking at each costs more than reading the log in its order. */
export const mostGathered = 16;

/**
 * Months in the order of the page, as `c.month`. Each is a partition: what an index has in no order is read and sorted month by
 * month, until the page is full.
 */
function monthsSql({ within, order }: Frame, direction: 'ASC' | 'DESC'): string {
  const [reverse, step] = direction === 'ASC' ? ['desc', '1 month'] : ['asc', '-1 month'];
  const month = (sorted: string) =>
    `date_trunc('month', (select e.recorded_at from log_entry e where ${within} ${sorted} limit 1))`;
  return `(select month from generate_series(${month(order('e'))},
      ${month(`order by e.recorded_at ${reverse}, e.position ${reverse}`)}, interval '${step}') month
    order by month ${direction} offset 0) c`;
}

const inMonth = `e.recorded_at >= c.month and ${unpaired} < c.month + interval '1 month'`;

/** The first entries of each value, by its index, and of them the first: as many scans as values, each as long as the page. */
export function gatherPage(request: PageRequest, { time }: Shape, spread: Spread, parameters: Parameters): PageText {
  const frame = frameOf(request, time, parameters);
  const limit = anyLimitOf(request, parameters);
  const rest = toSql(spread.rest, parameters);
  // Indexes that tell places are read alone, and the entries of the page looked up; otherwise each is at hand when it is found.
  const areAtHand = !spread.leaves.some((leaf) => leaf.tellsPlace);
  const columns = areAtHand ? entryColumns : 'e.recorded_at, e.position';
  const firsts = spread.leaves.map((leaf, index) => {
    const list = leaf.list(parameters);
    const earlier = areAtHand ? spread.leaves.slice(0, index) : [];
    const wanted = [rest, ...earlier.map((one) => one.none(parameters))].join(' and ');
    return leaf.one !== null
      ? `select s.* from unnest(${list}) v cross join lateral (
      select ${columns} from log_entry e where ${frame.within} and ${leaf.one('v')} and ${wanted}
      ${frame.order('e')} limit ${limit}) s`
      : `(select s.* from ${monthsSql(frame, request.direction)} cross join lateral (
      select ${columns} from log_entry e where ${frame.apart.within} and ${inMonth} and ${leaf.any(list)} and ${wanted}
      ${frame.order('e')} limit ${limit}) s
      order by c.month ${request.direction}, s.recorded_at ${request.direction}, s.position ${request.direction} limit ${limit})`;
  });
  const text = areAtHand
    ? `select e.* from (${firsts.join(' union all ')}) e ${frame.order('e')} limit ${limit}`
    : entriesAt(firsts.join(' union '), frame, limit);
  return { text, planEach: false };
}
