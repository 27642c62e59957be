/** What of a predicate says how to read: PostgreSQL is not asked where its guess about a list would decide. */
import { always, normalize, type Predicate } from '../../model/predicate.ts';

/** Fields with an index that ends in the log’s order, so that the entries of one value lie in it as in the log. */
const indexed = {
  action: 'action_id',
  actor: 'actor_id',
  affectedUser: 'affected_user_id',
  directory: 'directory_id',
} as const;
type IndexedField = keyof typeof indexed;
const isIndexed = (field: string): field is IndexedField => field in indexed;

/** The column that has the index, and the values whose entries are wanted. */
export interface Leaf {
  readonly predicate: Predicate;
  readonly column: (typeof indexed)[IndexedField];
  readonly values: ReadonlySet<string | number>;
}

/** A condition met by the entries of several values, of one index or of several: each of its leaves finds a part of them. */
export interface Spread {
  readonly predicate: Predicate;
  readonly leaves: readonly Leaf[];
  /** What else the whole predicate asks for, but for `time`. */
  readonly rest: Predicate;
}

export interface Shape {
  /** Bounds of `recordedAt`, which hold for every entry wanted: where reading begins and ends. */
  readonly time: Predicate;
  /** Empty where PostgreSQL chooses well by itself: one value of an index, a target, or nothing that an index serves. */
  readonly spreads: readonly Spread[];
  /** How many values the one spread has, when it is the only one; else infinite. */
  readonly values: number;
}

const leafOf = (predicate: Predicate): Leaf | null =>
  predicate.op === 'in' && isIndexed(predicate.field)
    ? { predicate, column: indexed[predicate.field], values: predicate.values }
    : null;

function leavesOf(predicate: Predicate): readonly Leaf[] | null {
  if (predicate.op !== 'or') {
    const leaf = leafOf(predicate);
    return leaf === null ? null : [leaf];
  }
  const leaves = predicate.of.map(leafOf);
  return leaves.length > 0 && leaves.every((leaf) => leaf !== null) ? leaves : null;
}

const sizeOf = (leaves: readonly Leaf[]): number => leaves.reduce((sum, { values }) => sum + values.size, 0);

/** One value of an index, or a target: few entries, or many in the log’s order, whichever it is. */
const isPoint = (predicate: Predicate): boolean =>
  predicate.op === 'in' &&
  (predicate.field === 'targetId' || (isIndexed(predicate.field) && predicate.values.size === 1));

const all = (of: readonly Predicate[]): Predicate => (of.length === 0 ? always : normalize({ op: 'and', of }));

export function shapeOf(predicate: Predicate): Shape {
  const normal = normalize(predicate);
  const parts = normal.op === 'and' ? normal.of : [normal];
  const isTime = (part: Predicate) => part.op === 'range' && part.field === 'recordedAt';
  const [time, others] = [parts.filter(isTime), parts.filter((part) => !isTime(part))];
  const spreads: Spread[] = [];
  if (!others.some(isPoint)) {
    for (const part of others) {
      const leaves = leavesOf(part);
      if (leaves === null) continue;
      spreads.push({ predicate: part, leaves, rest: all(others.filter((one) => one !== part)) });
    }
  }
  const [only, ...more] = spreads;
  const values = only === undefined || more.length > 0 ? Number.POSITIVE_INFINITY : sizeOf(only.leaves);
  return { time: all(time), spreads, values };
}
