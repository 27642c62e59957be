/** Which way a page is read: chosen by the shape of the predicate, and where that does not settle it, by what lies there. */
import { isAlways } from '../../model/predicate.ts';
import type { Database, RunOptions } from '../database.ts';
import { Parameters } from '../predicate-sql.ts';
import type { Entries } from '../wire/query.ts';
import { gatherPage, mostGathered } from './gather.ts';
import { isTarget } from './keys.ts';
import { metSql, type nearPage, sparsestOf, windowOf } from './near.ts';
import type { PageRequest, PageText } from './page.ts';
import { plainPage } from './plain.ts';
import { type Shape, type Spread, shapeOf } from './shape.ts';
import { nearTextPage, requiredGrams, textPage } from './text.ts';
import { walkPage } from './walk.ts';

type Write = (parameters: Parameters) => PageText;

/** What stands around the text of a page, and what shows that a page of the first `window` entries is all there is. */
export interface Reading<Found> {
  wrap(page: string): string;
  send(statement: ReadStatement): Promise<Found>;
  isWhole(found: Found, window: number): boolean;
  /** How many entries were found. */
  count(found: Found): number;
  /** Writes the page of the first entries. */
  readonly near: typeof nearPage;
}

/** A statement, and how to run it. */
export interface ReadStatement extends RunOptions {
  readonly text: string;
  readonly values: readonly unknown[];
}

export function statementOf({ sets }: Pick<Database, 'sets'>, organization: number, write: Write): ReadStatement {
  const parameters = new Parameters(sets);
  parameters.add(organization);
  const { text, planEach } = write(parameters);
  return { text, values: parameters.values, planEach, built: true };
}

export const send = (
  database: Database,
  { text, values, ...options }: ReadStatement,
): Promise<(readonly unknown[])[]> => database.rows(text, values, options);

/** The same for a statement whose columns are `entryColumns`. */
export const sendEntries = (database: Database, { text, values, ...options }: ReadStatement): Promise<Entries> =>
  database.entries(text, values, options);

/** How many of the first entries of the request satisfy each spread. */
export async function readMet(database: Database, request: PageRequest, shape: Shape): Promise<number[]> {
  const [met] = await send(
    database,
    statementOf(database, request.organization, (parameters) => metSql(request, shape, parameters)),
  );
  return (met ?? []).map(Number);
}

/**
 * Runs one statement; two where the entries wanted are few among many and their values many, or a text is rare; and one
 * between them where it must be found out which condition makes them few.
 */
export async function readPlanned<Found>(
  database: Database,
  request: PageRequest,
  reading: Reading<Found>,
): Promise<Found> {
  const run = (write: Write) =>
    reading.send(
      statementOf(database, request.organization, (parameters) => {
        const page = write(parameters);
        return { ...page, text: reading.wrap(page.text) };
      }),
    );
  const grams = requiredGrams(request.predicate, request.organization);
  if (grams !== null) {
    const near = await run((parameters) => nearTextPage(request, grams, parameters));
    const isFull = reading.count(near) >= request.limit;
    return isFull ? near : run((parameters) => textPage(request, grams, parameters));
  }
  const shape = shapeOf(request.predicate);
  const [first, ...more] = shape.spreads;
  const gather = (spread: Spread) => run((parameters) => gatherPage(request, shape, spread, parameters));
  const walk = (spread: Spread) => run((parameters) => walkPage(request, shape, spread, parameters));
  const plain = () => run((parameters) => plainPage(request, parameters));
  if (first === undefined) return plain();
  const sparsest = async () => sparsestOf(shape, await readMet(database, request, shape), request);
  if (first.values <= mostGathered) {
    if (more.length === 0) return gather(first);
    // Targets have few entries, mostly: looking for them in the log’s order would be in vain.
    if (isTarget(first.predicate)) {
      const spread = await sparsest();
      if (spread === null) return plain();
      return spread.values <= mostGathered ? gather(spread) : walk(spread);
    }
  }

  const rows = await run((parameters) => reading.near(request, shape, parameters));
  if (reading.isWhole(rows, windowOf(request))) return rows;
  const spread = more.length === 0 && isAlways(first.rest) ? first : await sparsest();
  return spread === null ? plain() : walk(spread);
}
