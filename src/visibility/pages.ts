/** Pages of a list that is in memory: in the order of its keys, from one of them on. */
import { AnnalsError } from '../errors.ts';

const limit = 500;

/** How many are asked for. Errors: BAD_INPUT, PAGE_TOO_LARGE. */
export function countOf(first: number): number {
  if (first < 0) {
    throw new AnnalsError('BAD_INPUT', {
      path: 'first',
      message: `first is ${first}; it must be a whole number from 0 to ${limit}.`,
    });
  }
  if (first <= limit) return first;
  throw new AnnalsError('PAGE_TOO_LARGE', {
    path: 'first',
    message: `first is ${first}; a page has at most ${limit} rows.`,
  });
}

/** Parts of a sort key, compared one after the other. */
export type SortKey = readonly string[];

export function compareKeys(one: SortKey, other: SortKey): number {
  for (const [index, part] of one.entries()) {
    const against = other[index] ?? '';
    if (part !== against) return part < against ? -1 : 1;
  }
  return 0;
}

/** A cursor names the key it stands at, so that it holds when the row is gone. The reader knows every key anyway. */
export const cursorOf = (key: SortKey): string => Buffer.from(JSON.stringify(key)).toString('base64url');

/** The key of a cursor of `length` parts. Errors: BAD_CURSOR. */
export function keyOf(cursor: string, length: number): SortKey {
  const key = parsed(Buffer.from(cursor, 'base64url').toString());
  if (Array.isArray(key) && key.length === length && key.every((part) => typeof part === 'string')) return key;
  throw new AnnalsError('BAD_CURSOR', {
    path: 'after',
    message: 'after: This is not a cursor of this list.',
    cure: 'Use `pageInfo.endCursor` of the same list; or start without one.',
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
