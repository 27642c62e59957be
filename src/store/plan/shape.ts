/** What of a predicate says how to read: PostgreSQL is not asked where its guess about a list would decide. */
import { always, normalize, type Predicate } from '../../model/predicate.ts';
import { isPoint, isTarget, type Leaf, leavesOf } from './keys.ts';

/** A condition met by the entries of several values, of one index or of several: each of its leaves finds a part of them. */
export interface Spread {
  readonly predicate: Predicate;
  readonly leaves: readonly Leaf[];
  /** How many values its leaves have. */
  readonly values: number;
  /** What else the whole predicate asks for, but for `time`. */
  readonly rest: Predicate;
}

export interface Shape {
  /** Bounds of `recordedAt`, which hold for every entry wanted: where reading begins and ends. */
  readonly time: Predicate;
  /** Those of targets first. Empty where PostgreSQL chooses well by itself: one value of an index, or nothing that one serves. */
  readonly spreads: readonly Spread[];
}

const all = (of: readonly Predicate[]): Predicate => (of.length === 0 ? always : normalize({ op: 'and', of }));

const sizeOf = (leaves: readonly Leaf[]): number => leaves.reduce((sum, { values }) => sum + values.size, 0);

export function shapeOf(predicate: Predicate): Shape {
  const normal = normalize(predicate);
  const parts = normal.op === 'and' ? normal.of : [normal];
  const isTime = (part: Predicate) => part.op === 'range' && part.field === 'recordedAt';
  const [time, others] = [parts.filter(isTime), parts.filter((part) => !isTime(part))];
  const targets = others.filter(isTarget);
  const spreads: Spread[] = [];
  if (!others.some(isPoint)) {
    for (const part of [...targets, ...others.filter((one) => !isTarget(one))]) {
      const leaves = leavesOf(part);
      if (leaves === null) continue;
      const rest = all(others.filter((one) => one !== part));
      spreads.push({ predicate: part, leaves, values: sizeOf(leaves), rest });
    }
  }
  return { time: all(time), spreads };
}
