/** Relay pagination over the log, in either order and either direction. */
import { AnnalsError } from '../errors.ts';
import type { Entry, LogPlace } from '../model/entry.ts';
import type { Predicate } from '../model/predicate.ts';
import type { Store } from '../store/store.ts';
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
export interface Bound {
  readonly place: LogPlace;
  readonly matched: boolean;
}

export interface PageSpan {
  readonly organization: number;
  readonly predicate: Predicate;
  readonly direction: 'ASC' | 'DESC';
  readonly after: Bound | null;
  readonly before: Bound | null;
  readonly extent: Extent;
}

export interface Page {
  readonly entries: readonly Entry[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

const reverse = (direction: 'ASC' | 'DESC') => (direction === 'ASC' ? 'DESC' : 'ASC');

/** List order to log order: in a newest-first list, what comes after a place was recorded before it. */
const logBounds = (direction: 'ASC' | 'DESC', after: LogPlace | null, before: LogPlace | null) =>
  direction === 'ASC' ? { after, before } : { after: before, before: after };

export async function readSpan(store: Pick<Store, 'readPage'>, span: PageSpan): Promise<Page> {
  const { organization, predicate, direction, extent } = span;
  const read = (after: LogPlace | null, before: LogPlace | null, forward: boolean, limit: number) =>
    store.readPage({
      organization,
      predicate,
      direction: forward ? direction : reverse(direction),
      ...logBounds(direction, after, before),
      limit,
    });
  /** Whether anything matches on the far side of a bound, the bound itself included. */
  const beyond = async (bound: Bound | null, side: 'after' | 'before'): Promise<boolean> => {
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
