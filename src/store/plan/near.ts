/** Reading the log in its order, no further than a bound: right wherever much of it is wanted. */
import { type Parameters, toSql } from '../predicate-sql.ts';
import { entryColumns } from '../row.ts';
import { frameOf, lengthOf, limitOf, type PageRequest, type PageText } from './page.ts';
import type { Shape, Spread } from './shape.ts';

/** Entries looked at for each one asked for, before the log counts as sparse here; and the fewest looked at. */
const perEntry = 40;
const fewest = 1000;
/** A spread that fewer than one in so many of the entries looked at satisfy is sparse. */
const sparse = 20;

/** How many entries are looked at for a page. */
export const windowOf = (request: PageRequest): number => Math.max(fewest, perEntry * lengthOf(request));

/** Entries that are wanted among the first of the frame. The condition stands outside the limit, so this is one plan for all. */
export function nearPage(request: PageRequest, { time }: Shape, parameters: Parameters): PageText {
  const { within, order } = frameOf(request, time, parameters);
  const limit = limitOf(request, parameters);
  const condition = toSql(request.predicate, parameters);
  const text = `select * from (select ${entryColumns} from (select e.* from log_entry e where ${within}
    ${order('e')} limit ${windowOf(request)}) e where ${condition} ${order('e')} limit ${lengthOf(request)}) e
    ${order('e')} limit ${limit}`;
  return { text, planEach: false };
}

/** The same, and a row of nulls when it is not full and there are entries that it did not look at. */
export function markedNearPage(request: PageRequest, shape: Shape, parameters: Parameters): PageText {
  const near = nearPage(request, shape, parameters);
  const { within, order } = frameOf(request, shape.time, parameters);
  const limit = limitOf(request, parameters);
  const nulls = entryColumns.replaceAll('e.', '(null::log_entry).');
  const text = `select * from ((${near.text}) union all select ${nulls} from (select from log_entry e where ${within}
    ${order('e')} offset ${windowOf(request)} limit 1) more) e limit ${limit}`;
  return { text, planEach: false };
}

/** How many of the entries that `nearPage` looks at satisfy each spread; one row. */
export function metSql(request: PageRequest, { time, spreads }: Shape, parameters: Parameters): PageText {
  const { within, order } = frameOf(request, time, parameters);
  const counts = spreads.map(({ predicate }) => `count(*) filter (where ${toSql(predicate, parameters)})`);
  const text = `select ${counts.join(', ')} from (select e.* from log_entry e where ${within}
    ${order('e')} limit ${windowOf(request)}) e`;
  return { text, planEach: false };
}

/** The sparsest spread; null when none is sparse, and something else must make the entries rare. */
export function sparsestOf({ spreads }: Shape, met: readonly number[], request: PageRequest): Spread | null {
  const least = Math.min(...met);
  return least * sparse > windowOf(request) ? null : (spreads[met.indexOf(least)] ?? null);
}
