import { isAlways, type Predicate } from '../../model/predicate.ts';
import type { Database } from '../database.ts';
import { type Parameters, toSql } from '../predicate-sql.ts';
import { isTarget } from './keys.ts';
import { sparsestOf } from './near.ts';
import { frameOf, type PageRequest, type PageText } from './page.ts';
import { readMet, send, statementOf } from './read.ts';
import { type Shape, type Spread, shapeOf } from './shape.ts';
import { requiredGrams, textCount } from './text.ts';

const whole = (organization: number, predicate: Predicate): PageRequest => ({
  organization,
  predicate,
  direction: 'DESC',
  after: null,
  before: null,
  limit: 51,
});

function plainCount({ predicate }: PageRequest, cap: number, parameters: Parameters): PageText {
  const condition = toSql(predicate, parameters);
  // In the text, as the longest page is; callers count up to one of a few caps.
  const text = `select count(*) from (select from log_entry e where e.organization_id = $1 and ${condition} limit ${Math.ceil(cap)}) counted`;
  return { text, planEach: parameters.hasList };
}

/**
 * Each index is read up to the cap, less what the earlier ones have found: had they found as much as the cap, none of the
 * later would be read, so that is never more than as much again.
 */
function spreadCount(
  request: PageRequest,
  { time }: Shape,
  spread: Spread,
  cap: number,
  parameters: Parameters,
): PageText {
  const frame = frameOf(request, time, parameters);
  const rest = toSql(spread.rest, parameters);
  const found = spread.leaves.map((leaf, index) => {
    const { within } = leaf.one === null ? frame.apart : frame;
    const others = spread.leaves.slice(0, index).map((earlier) => earlier.none(parameters));
    const wanted = [leaf.any(leaf.list(parameters)), rest, ...others].join(' and ');
    return `select from log_entry e where ${within} and ${wanted}`;
  });
  const text = `select count(*) from (select from (${found.join(' union all ')}) e limit ${Math.ceil(cap)}) counted`;
  return { text, planEach: false };
}

/** How many entries satisfy the predicate, counting no further than `cap`. */
export async function countPlanned(
  database: Database,
  organization: number,
  predicate: Predicate,
  cap: number,
): Promise<number> {
  const request = whole(organization, predicate);
  const run = async (write: (parameters: Parameters) => PageText) => {
    const [row] = await send(database, statementOf(database, organization, write));
    return Number(row?.[0] ?? 0);
  };
  const grams = requiredGrams(predicate, organization);
  if (grams !== null) return run((parameters) => textCount(request, grams, cap, parameters));
  const shape = shapeOf(predicate);
  let spread: Spread | null = shape.spreads[0] ?? null;
  if (spread !== null && (shape.spreads.length > 1 || !(isAlways(spread.rest) || isTarget(spread.predicate))))
    spread = sparsestOf(shape, await readMet(database, request, shape), request);
  const chosen = spread;
  return run((parameters) =>
    chosen === null ? plainCount(request, cap, parameters) : spreadCount(request, shape, chosen, cap, parameters),
  );
}
