/**
 * The one expression tree for filters and visibilities. `matches` evaluates it in memory; the store compiles the same
 * tree to SQL. Predicates are two-valued: a missing value matches nothing, and `not` negates exactly that.
 */
import type { Entry } from './entry.ts';

type Scalar = string | number;

/** How each field reads an entry. A list field matches when any of its values does. */
const accessors = {
  action: (entry: Entry) => entry.action,
  actor: (entry: Entry) => entry.actor,
  affectedUser: (entry: Entry) => entry.affectedUser,
  directory: (entry: Entry) => entry.directory,
  vault: (entry: Entry) => entry.vault,
  outcome: (entry: Entry) => entry.outcome,
  severity: (entry: Entry) => entry.severity,
  component: (entry: Entry) => entry.component,
  targetId: (entry: Entry) => entry.targets.flatMap((target) => (target.id === null ? [] : [target.id])),
  targetType: (entry: Entry) => entry.targets.map((target) => target.type),
  occurredAt: (entry: Entry) => entry.occurredAt,
  recordedAt: (entry: Entry) => entry.recordedAt,
} as const satisfies Record<string, (entry: Entry) => Scalar | null | readonly Scalar[]>;

export type PredicateField = keyof typeof accessors;
export const predicateFields = Object.keys(accessors) as readonly PredicateField[];
/** Fields with an order, in numbers. */
export type RangeField = 'severity' | 'occurredAt' | 'recordedAt';

export type Predicate =
  | { readonly op: 'and' | 'or'; readonly of: readonly Predicate[] }
  | { readonly op: 'not'; readonly of: Predicate }
  | { readonly op: 'in'; readonly field: PredicateField; readonly values: ReadonlySet<Scalar> }
  /** `gte` inclusive, `lt` exclusive; null is open. */
  | { readonly op: 'range'; readonly field: RangeField; readonly gte: number | null; readonly lt: number | null };

/** Matches every entry. */
export const always: Predicate = { op: 'and', of: [] };
/** Matches no entry. */
export const never: Predicate = { op: 'or', of: [] };

export const isAlways = (predicate: Predicate): boolean => predicate.op === 'and' && predicate.of.length === 0;
export const isNever = (predicate: Predicate): boolean => predicate.op === 'or' && predicate.of.length === 0;

/** Whether the entry satisfies the predicate. */
export function matches(predicate: Predicate, entry: Entry): boolean {
  switch (predicate.op) {
    case 'and':
      return predicate.of.every((part) => matches(part, entry));
    case 'or':
      return predicate.of.some((part) => matches(part, entry));
    case 'not':
      return !matches(predicate.of, entry);
    case 'in': {
      const value: Scalar | null | readonly Scalar[] = accessors[predicate.field](entry);
      if (value === null) return false;
      return typeof value === 'object' ? value.some((one) => predicate.values.has(one)) : predicate.values.has(value);
    }
    case 'range': {
      const value = accessors[predicate.field](entry);
      return (predicate.gte === null || value >= predicate.gte) && (predicate.lt === null || value < predicate.lt);
    }
  }
}

const negated = (op: 'and' | 'or') => (op === 'and' ? 'or' : 'and');

/**
 * An equal predicate in which `not` stands only on leaves, `and`/`or` are flat, and constants are folded away.
 * An `in` without values is `never`.
 */
export function normalize(predicate: Predicate, negate = false): Predicate {
  switch (predicate.op) {
    case 'not':
      return normalize(predicate.of, !negate);
    case 'and':
    case 'or': {
      const op = negate ? negated(predicate.op) : predicate.op;
      const parts: Predicate[] = [];
      for (const part of predicate.of) {
        const one = normalize(part, negate);
        if (op === 'and' ? isNever(one) : isAlways(one)) return one;
        if (one.op === op) parts.push(...one.of);
        else parts.push(one);
      }
      const [only] = parts;
      return parts.length === 1 && only !== undefined ? only : { op, of: parts };
    }
    default: {
      const empty = predicate.op === 'in' && predicate.values.size === 0;
      const open = predicate.op === 'range' && predicate.gte === null && predicate.lt === null;
      if (empty) return negate ? always : never;
      if (open) return negate ? never : always;
      return negate ? { op: 'not', of: predicate } : predicate;
    }
  }
}

/** Both, normalized. */
export const both = (left: Predicate, right: Predicate): Predicate => normalize({ op: 'and', of: [left, right] });
