/** Pages in the order in which entries happened, by their source’s clock. */
import type { Entry } from '../../model/entry.ts';
import { isAlways, type Predicate } from '../../model/predicate.ts';
import type { Database } from '../database.ts';
import type { PageText } from '../plan/page.ts';
import { sendEntries, statementOf } from '../plan/read.ts';
import { blocksOf, inBlock, requiredGrams } from '../plan/text.ts';
import { type Parameters, timestamp, toSql } from '../predicate-sql.ts';
import { entryColumns } from '../row.ts';

/** A place between two entries: after the one of this position, which happened then. */
export interface OccurrencePlace {
  readonly occurredAt: number;
  readonly position: number;
}

export interface OccurrenceRequest {
  readonly organization: number;
  readonly predicate: Predicate;
  readonly direction: 'ASC' | 'DESC';
  /** Exclusive, in the order of time whatever the direction. */
  readonly after: OccurrencePlace | null;
  readonly before: OccurrencePlace | null;
  readonly limit: number;
}

function boundSql(place: OccurrencePlace | null, operator: '>' | '<', parameters: Parameters): string {
  if (place === null) return '';
  const occurredAt = parameters.add(timestamp(place.occurredAt), 'timestamptz');
  return ` and (e.occurred_at, e.position) ${operator} (${occurredAt}, ${parameters.add(place.position, 'int8')})`;
}

/** The longest page, as a number in the text: see docs/storage.md, “Plans”. */
const longestPage = 501;
/** How many entries are looked through for a text before all that can have it are gathered. */
const nearest = 5000;

type Write = (where: string, condition: string, order: string, parameters: Parameters) => string;

/** `write` says where the entries come from. */
function pageOf(request: OccurrenceRequest, parameters: Parameters, write: Write): PageText {
  const { after, before, direction, predicate, limit } = request;
  const where = `e.organization_id = $1${boundSql(after, '>', parameters)}${boundSql(before, '<', parameters)}`;
  const order = `order by e.occurred_at ${direction}, e.position ${direction}`;
  const page = write(where, toSql(predicate, parameters), order, parameters);
  const text = `select * from (${page}) e ${order} limit ${parameters.add(limit, 'int8')}`;
  // What else is wanted decides whether the order or another index finds it: that differs from value to value.
  return { text, planEach: !isAlways(predicate) };
}

const plainPage: Write = (where, condition, order) =>
  `select ${entryColumns} from log_entry e where ${where} and ${condition} ${order} limit ${longestPage}`;

const nearPage: Write = (where, condition, order) =>
  `select ${entryColumns} from (select e.* from log_entry e where ${where} ${order} limit ${nearest}) e where ${condition}`;

/** Blocks are in the order of the log: all that they have is sorted. */
const gathered =
  (grams: readonly number[]): Write =>
  (where, condition, _order, parameters) =>
    `select e.* from (${blocksOf({ after: null, before: null }, grams, parameters)}) c cross join lateral (
      select ${entryColumns} from log_entry e where ${where} and ${inBlock} and ${condition}) e`;

/** Entries that satisfy the predicate, keyset-paged by when they happened; of equal times, by when they were recorded. */
export async function readPageByOccurrence(database: Database, request: OccurrenceRequest): Promise<Entry[]> {
  const read = async (write: Write) => {
    const statement = statementOf(database, request.organization, (parameters) => pageOf(request, parameters, write));
    return (await sendEntries(database, statement)).filter((entry) => entry !== null);
  };
  const grams = requiredGrams(request.predicate, request.organization);
  if (grams === null) return read(plainPage);
  const found = await read(nearPage);
  return found.length < request.limit ? read(gathered(grams)) : found;
}
