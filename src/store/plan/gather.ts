import { listSql } from '../int-set.ts';
import { type Parameters, toSql } from '../predicate-sql.ts';
import { anyLimitOf, entriesAt, frameOf, type PageRequest, type PageText } from './page.ts';
import type { Shape, Spread } from './shape.ts';

/** Most values whose entries are gathered; beyond, looking at each costs more than reading the log in its order. */
export const mostGathered = 16;

/** The first entries of each value, by its index, and of them the first: as many scans as values, each as long as the page. */
export function gatherPage(request: PageRequest, { time }: Shape, spread: Spread, parameters: Parameters): PageText {
  const frame = frameOf(request, time, parameters);
  const limit = anyLimitOf(request, parameters);
  const rest = toSql(spread.rest, parameters);
  const firsts = spread.leaves.map(
    ({ column, values }) => `select s.* from unnest(${listSql(values, parameters)}) v cross join lateral (
      select e.recorded_at, e.position from log_entry e where ${frame.within} and e.${column} = v and ${rest}
      ${frame.order('e')} limit ${limit}) s`,
  );
  return { text: entriesAt(firsts.join(' union '), frame, limit), planEach: false };
}
