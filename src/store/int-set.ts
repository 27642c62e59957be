import type { Parameters } from './predicate-sql.ts';

/** A set up to this size is a plain list; a larger one is a test that PostgreSQL plans without looking at its members. */
export const shortList = 16;
/** Bytes of a bitmap for each number in it, at most; a list in text takes about six. */
const bytesPerNumber = 16;

/** A bit for each number from `first` to `last`. */
export interface Bitmap {
  readonly first: number;
  readonly last: number;
  readonly bits: Buffer;
}

export interface IntSet {
  /** Those of the set’s values that an `int4` holds. */
  readonly size: number;
  /** As an array literal. */
  readonly literal: string;
  /** Null for few numbers, and for such as lie too far apart. */
  readonly bitmap: Bitmap | null;
}

/** The form of a set, made once: a visibility keeps its sets while the rights do not change. A set given here never changes. */
export type IntSets = (set: ReadonlySet<string | number>) => IntSet;

const isInt4 = (value: string | number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31;

function bitmapOf(numbers: readonly number[]): Bitmap | null {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const number of numbers) {
    first = Math.min(first, number);
    last = Math.max(last, number);
  }
  const bytes = Math.floor((last - first) / 8) + 1;
  if (numbers.length <= shortList || bytes > numbers.length * bytesPerNumber) return null;
  const bits = Buffer.alloc(bytes);
  for (const number of numbers) {
    const at = number - first;
    bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7));
  }
  return { first, last, bits };
}

function packed(set: ReadonlySet<string | number>): IntSet {
  const numbers = [...set].filter(isInt4);
  return { size: numbers.length, literal: `{${numbers.join()}}`, bitmap: bitmapOf(numbers) };
}

export function openIntSets(): IntSets {
  const known = new WeakMap<ReadonlySet<string | number>, IntSet>();
  return (set) => {
    // Packing a short one costs less than remembering it.
    if (set.size <= shortList) return packed(set);
    const kept = known.get(set) ?? packed(set);
    known.set(set, kept);
    return kept;
  };
}

/**
 * Whether the column is in a large set. Planning `= any` of a list costs a look at the statistics for each member and
 * partition: for thousands of directories, many times what the page costs. A bitmap is passed as it is and looked up, and
 * leaves one plan right for all sets. Numbers too far apart for a bitmap are hashed at each run.
 */
export function intSetSql(column: string, { literal, bitmap }: IntSet, parameters: Parameters): string {
  if (bitmap === null) return `(${column} in (select unnest(${parameters.add(literal, 'int4[]')}))) is true`;
  const [first, last] = [parameters.add(bitmap.first, 'int4'), parameters.add(bitmap.last, 'int4')];
  const bit = `get_bit(${parameters.add(bitmap.bits, 'bytea')}, ${column} - ${first})`;
  return `case when ${column} between ${first} and ${last} then ${bit} = 1 else false end`;
}

/** The set as a list. Behind a sub-select: a plan for these values is then the plan for any, and PostgreSQL keeps it. */
export const listSql = (values: ReadonlySet<string | number>, parameters: Parameters): string =>
  `(select ${parameters.add(parameters.sets(values).literal, 'int4[]')})::int4[]`;
