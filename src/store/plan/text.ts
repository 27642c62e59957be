/**
 * Reading by text. The blocks of the log that can have entries with a text are found by what the text consists of: the nearest
 * are looked at one after the other, all that there are by an index. Whether an entry has the text is decided by the entry
 * alone.
 */
import { normalize, type Predicate } from '../../model/predicate.ts';
import { gramsOf } from '../../model/text.ts';
import { type Parameters, timestamp, toSql } from '../predicate-sql.ts';
import { entryColumns } from '../row.ts';
import { frameOf, limitOf, type PageRequest, type PageText } from './page.ts';
import { shapeOf } from './shape.ts';

/** Entries whose positions, divided by this, are equal make a block. */
export const blockEntries = 128;
/** How many of the nearest blocks are looked at for a text that is not rare: it fills its page there, however many blocks have it. */
const nearest = 256;
/** Enough to tell blocks apart; more would only take longer to look up. */
const mostGrams = 32;

type Grams = readonly number[];

/**
 * What the blocks of all entries that satisfy the predicate have; null where it requires no text that is long enough. A text
 * under `or` or `not` requires nothing.
 */
export function requiredGrams(predicate: Predicate, organization: number): Grams | null {
  const normal = normalize(predicate);
  const parts = normal.op === 'and' ? normal.of : [normal];
  const texts = parts.flatMap((part) => (part.op === 'text' ? [part.text] : []));
  const grams = gramsOf(texts, organization);
  if (grams === null || grams.length <= mostGrams) return grams;
  const step = grams.length / mostGrams;
  return Array.from({ length: mostGrams }, (_, index) => grams[Math.floor(index * step)] ?? 0);
}

/** As one value, not a list: no plan depends on the grams. */
const gramsSql = (grams: Grams, parameters: Parameters): string => parameters.add(`{${grams.join(',')}}`, 'int4[]');

/** The condition on blocks `b` to have entries between the bounds of the page. */
function betweenSql({ after, before }: Pick<PageRequest, 'after' | 'before'>, parameters: Parameters): string {
  const time = (recordedAt: number) => parameters.add(timestamp(recordedAt), 'timestamptz');
  const from = after === null ? '' : ` and b.recorded_to >= ${time(after.recordedAt)}`;
  return before === null ? from : `${from} and b.recorded_from <= ${time(before.recordedAt)}`;
}

const span = `b.number, b.recorded_from, b.recorded_to, b.number::int8 * ${blockEntries} as first,
  b.number::int8 * ${blockEntries} + ${blockEntries - 1} as last`;

/** As if it were a block: all that is past the last one. */
const unblocked = `select u.number, u.recorded_from, 'infinity'::timestamptz, u.number::int8 * ${blockEntries}, ${2n ** 63n - 1n}
  from (select coalesce(max(n.number) + 1, 0) as number, coalesce(max(n.recorded_to), '-infinity') as recorded_from
    from (select n.number, n.recorded_to from search_block n where n.organization_id = $1
      order by n.number desc limit 1) n) u`;

/** The nearest blocks that have the grams. What is past the last block comes first or, in the other direction, not near. */
function nearBlocks(request: PageRequest, grams: Grams, parameters: Parameters): string {
  const blocks = `select ${span} from (select b.* from search_block b
      where b.organization_id = $1${betweenSql(request, parameters)} order by b.number ${request.direction} limit ${nearest}) b
    where b.grams @> ${gramsSql(grams, parameters)}`;
  return request.direction === 'DESC' ? `${blocks} union all ${unblocked}` : blocks;
}

/** All blocks that have the grams, and what is in none; for conditions with `inBlock`. */
export function blocksOf(bounds: Pick<PageRequest, 'after' | 'before'>, grams: Grams, parameters: Parameters): string {
  return `select ${span} from search_candidates($1, ${gramsSql(grams, parameters)}) b
    where true${betweenSql(bounds, parameters)} union all ${unblocked}`;
}

/** The condition on `log_entry e` to lie in the block `c`. */
export const inBlock =
  'e.recorded_at between c.recorded_from and c.recorded_to and e.position between c.first and c.last';

/** Blocks come in the order of the log, so sorting goes block by block and stops with the page. */
function pageOf(request: PageRequest, blocks: string, parameters: Parameters): PageText {
  const { direction, predicate } = request;
  const { within } = frameOf(request, shapeOf(predicate).time, parameters);
  const text = `select e.* from (select * from (${blocks}) c order by c.number ${direction} offset 0) c
    cross join lateral (select ${entryColumns} from log_entry e
      where ${within} and ${inBlock} and ${toSql(predicate, parameters)}) e
    order by c.number ${direction}, e.recorded_at ${direction}, e.position ${direction}
    limit ${limitOf(request, parameters)}`;
  return { text, planEach: parameters.hasList };
}

/** Right when it is full. */
export const nearTextPage = (request: PageRequest, grams: Grams, parameters: Parameters): PageText =>
  pageOf(request, nearBlocks(request, grams, parameters), parameters);

/** Always right. */
export const textPage = (request: PageRequest, grams: Grams, parameters: Parameters): PageText =>
  pageOf(request, blocksOf(request, grams, parameters), parameters);

export function textCount({ predicate }: PageRequest, grams: Grams, cap: number, parameters: Parameters): PageText {
  const blocks = blocksOf({ after: null, before: null }, grams, parameters);
  const text = `select count(*) from (select from (${blocks}) c cross join lateral (select from log_entry e
      where e.organization_id = $1 and ${inBlock} and ${toSql(predicate, parameters)}) e limit ${Math.ceil(cap)}) counted`;
  return { text, planEach: parameters.hasList };
}
