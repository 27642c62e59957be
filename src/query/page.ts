/** Relay pagination over the log, in either order, by either clock and in either direction. */
import { AnnalsError } from '../errors.ts';
import type { ListOrder } from '../model/cursor.ts';
import type { Entry, LogPlace } from '../model/entry.ts';
import type { Predicate } from '../model/predicate.ts';
import type { LocatedEntry, OccurrencePlace, Store } from '../store/store.ts';
import type { PageArguments } from './query.ts';

export const pageLimit = 500;
export const defaultPage = 50;
/** How many values a picker offers unless asked. */
export const defaultPicker = 100;

export interface Extent {
  /** From the start of the list, or from its end. */
  readonly forward: boolean;
  readonly count: number;
}

const checkCount = (name: string, count: number): number => {
  if (!Number.isInteger(count) || count < 0) {
    throw new AnnalsError('BAD_INPUT', {
      path: name,
      message: `${name} is ${count}; it must be a whole number from 0 to ${pageLimit}.`,
    });
  }
  if (count > pageLimit) {
    throw new AnnalsError('PAGE_TOO_LARGE', {
      path: name,
      message: `${name} is ${count}; a page has at most ${pageLimit} entries.`,
    });
  }
  return count;
};

/** How much is asked for, and from which end. */
export function extentOf({ first, last }: PageArguments): Extent {
  if (typeof first === 'number' && typeof last === 'number') {
    throw new AnnalsError('BAD_INPUT', {
      path: 'last',
      message: 'first and last exclude each other.',
      cure: 'Give one of them.',
    });
  }
  return typeof last === 'number'
    ? { forward: false, count: checkCount('last', last) }
    : { forward: true, count: checkCount('first', first ?? defaultPage) };
}

/** A cursor’s place, and whether an entry that still satisfies the predicate stands exactly there. */
export interface Bound<Place> {
  readonly place: Place;
  readonly matched: boolean;
}

export interface PageSpan<Place> {
  readonly direction: 'ASC' | 'DESC';
  readonly after: Bound<Place> | null;
  readonly before: Bound<Place> | null;
  readonly extent: Extent;
}

/** Entries between two places, exclusive and in ascending order whatever the direction, from one end on. */
export type ReadBetween<Place> = (
  direction: 'ASC' | 'DESC',
  after: Place | null,
  before: Place | null,
  limit: number,
) => Promise<Entry[]>;

export interface Page {
  readonly entries: readonly Entry[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

const reverse = (direction: 'ASC' | 'DESC') => (direction === 'ASC' ? 'DESC' : 'ASC');

export async function readSpan<Place>(readBetween: ReadBetween<Place>, span: PageSpan<Place>): Promise<Page> {
  const { direction, extent } = span;
  // In a newest-first list, what comes after a place is earlier than it.
  const read = (after: Place | null, before: Place | null, forward: boolean, limit: number) =>
    direction === 'ASC'
      ? readBetween(forward ? direction : reverse(direction), after, before, limit)
      : readBetween(forward ? direction : reverse(direction), before, after, limit);
  /** Whether anything matches on the far side of a bound, the bound itself included. */
  const beyond = async (bound: Bound<Place> | null, side: 'after' | 'before'): Promise<boolean> => {
    if (bound === null) return false;
    if (bound.matched) return true;
    return (await (side === 'after' ? read(null, bound.place, false, 1) : read(bound.place, null, true, 1))).length > 0;
  };

  // One more than asked for tells whether there is more.
  const found = await read(span.after?.place ?? null, span.before?.place ?? null, extent.forward, extent.count + 1);
  const more = found.length > extent.count;
  const entries = found.slice(0, extent.count);
  if (!extent.forward) entries.reverse();
  return {
    entries,
    hasNextPage: (extent.forward && more) || (await beyond(span.before, 'before')),
    hasPreviousPage: (!extent.forward && more) || (await beyond(span.after, 'after')),
  };
}

const byOccurrence = (located: LocatedEntry | null): Bound<OccurrencePlace> | null =>
  located === null
    ? null
    : { place: { occurredAt: located.occurredAt, position: located.place.position }, matched: located.matched };

/** A page of a list in the order asked for, between the entries that cursors lead to. */
export function readList(
  store: Pick<Store, 'readPage' | 'readPageByOccurrence'>,
  list: { readonly organization: number; readonly predicate: Predicate; readonly order: ListOrder },
  span: PageSpan<LogPlace> & { readonly after: LocatedEntry | null; readonly before: LocatedEntry | null },
): Promise<Page> {
  const { organization, predicate } = list;
  const request = { organization, predicate };
  if (list.order === 'RECORDED_AT') {
    return readSpan(
      (direction, after, before, limit) => store.readPage({ ...request, direction, after, before, limit }),
      span,
    );
  }
  return readSpan(
    (direction, after, before, limit) => store.readPageByOccurrence({ ...request, direction, after, before, limit }),
    { ...span, after: byOccurrence(span.after), before: byOccurrence(span.before) },
  );
}
