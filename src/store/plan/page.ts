/** What the ways to read a page have in common. Each is a text that yields entries in the order asked for. */
import type { LogPlace } from '../../model/entry.ts';
import type { Predicate } from '../../model/predicate.ts';
import { type Parameters, timestamp, toSql } from '../predicate-sql.ts';
import { entryColumns } from '../row.ts';

export interface PageRequest {
  readonly organization: number;
  readonly predicate: Predicate;
  /** Oldest or newest first. */
  readonly direction: 'ASC' | 'DESC';
  /** Exclusive bounds, in the order of the log whatever the direction. */
  readonly after: LogPlace | null;
  readonly before: LogPlace | null;
  readonly limit: number;
}

/** A query of `entryColumns`, in the order asked for. */
export interface PageText {
  readonly text: string;
  /** Whether its best plan depends on the values. */
  readonly planEach: boolean;
}

/** Writes the text for a request whose organization is already `$1`. */
export type PageWriter = (request: PageRequest, parameters: Parameters) => PageText;

/** Where a page lies: what every scan of `log_entry e` for it begins with. */
export interface Frame {
  /** The organization, and the bounds of the request. */
  readonly within: string;
  /** The same between the times of the first and the last entry within: exact among entries of the same time. */
  readonly between: string;
  /** Both, where no index that begins with the organization finds entries: for one that has it in its keys. */
  readonly apart: { readonly within: string; readonly between: string };
  /** `order by` of a table with `recorded_at` and `position`. */
  order(table: string): string;
}

/**
 * Two bounds of one expression look like a narrow range to PostgreSQL, better read than what its values find; the cast, which
 * changes nothing else, keeps it from pairing them.
 */
export const unpaired = 'e.recorded_at::timestamptz';

interface Bound {
  readonly time: string;
  readonly exact: string;
}

/**
 * Beside the exact row comparison stands the same bound on the partition key alone: it lets PostgreSQL leave out
 * partitions and start inside the index, which the comparison by itself does not.
 */
function boundSql(place: LogPlace | null, operator: '>' | '<', parameters: Parameters): Bound {
  if (place === null) return { time: '', exact: '' };
  const recordedAt = parameters.add(timestamp(place.recordedAt), 'timestamptz');
  const position = parameters.add(place.position, 'int8');
  return {
    time: ` and e.recorded_at ${operator}= ${recordedAt}`,
    exact: ` and (e.recorded_at, e.position) ${operator} (${recordedAt}, ${position})`,
  };
}

/** `time`: bounds of `recordedAt` that hold for all that is wanted. */
export function frameOf(request: PageRequest, time: Predicate, parameters: Parameters): Frame {
  const { direction } = request;
  const after = boundSql(request.after, '>', parameters);
  const before = boundSql(request.before, '<', parameters);
  const exact = `${after.exact}${before.exact}`;
  const bounds = `${exact}${after.time}${before.time} and ${toSql(time, parameters)}`;
  const log = 'e.organization_id = $1';
  // Nothing here is a condition that an index could serve.
  const apart = (conditions: string) => `e.organization_id + 0 = $1 and (true${conditions}) is true`;
  return {
    within: `${log}${bounds}`,
    between: `${log}${exact}`,
    apart: { within: apart(bounds), between: apart(exact) },
    order: (table) => `order by ${table}.recorded_at ${direction}, ${table}.position ${direction}`,
  };
}

/** Lengths for which texts differ: so few that each is soon prepared. */
const lengths = [1, 51, 501];
export const lengthOf = ({ limit }: PageRequest): number =>
  lengths.find((length) => limit <= length) ?? Math.ceil(limit);
export const limitOf = ({ limit }: PageRequest, parameters: Parameters): string => parameters.add(limit, 'int8');
/**
 * The limit, where a plan must not depend on it: PostgreSQL then reckons with a part of what there is, and reads in order
 * what it could otherwise take for few enough to sort.
 */
export const anyLimitOf = (request: PageRequest, parameters: Parameters): string =>
  `(select ${limitOf(request, parameters)})`;

/** The entries at the places that a query finds. One look-up each by the primary key, whatever is known of their number. */
export const entriesAt = (places: string, { order }: Frame, limit: string): string =>
  `select e.* from (select p.recorded_at, p.position from (${places}) p ${order('p')} limit ${limit}) p
   cross join lateral (select ${entryColumns} from log_entry e where e.organization_id = $1
     and e.recorded_at = p.recorded_at and e.position = p.position limit 1) e
   ${order('p')}`;
