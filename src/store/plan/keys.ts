/** By what an index of the log finds entries. */
import type { Predicate, PredicateField } from '../../model/predicate.ts';
import { listSql } from '../int-set.ts';
import { firstTarget, type Parameters, severalTargets, targetList, toSql } from '../predicate-sql.ts';

type Values = ReadonlySet<string | number>;

/** Some values of one index. */
export interface Leaf {
  readonly values: Values;
  /** Whether the index alone tells where an entry is; otherwise the entry itself is looked at. */
  readonly tellsPlace: boolean;
  /** The values, as a list. */
  list(parameters: Parameters): string;
  /** The condition on `log_entry e` for any of the list, in the organization `$1`. */
  any(list: string): string;
  /**
   * The condition for one of them, whose entries the index has in the log’s order. Null where it has them in no order; PostgreSQL
   * is then left no other index to take instead, see `Frame.apart`.
   */
  readonly one: ((value: string) => string) | null;
  /** The condition for none of them. */
  none(parameters: Parameters): string;
}

/** Fields with an index that ends in the log’s order, so that the entries of one value lie in it as in the log. */
const columns: Partial<Record<PredicateField, string>> = {
  action: 'action_id',
  actor: 'actor_id',
  affectedUser: 'affected_user_id',
  directory: 'directory_id',
};

function columnLeaf(column: string, predicate: Predicate & { op: 'in' }): Leaf {
  const { values } = predicate;
  return {
    values,
    tellsPlace: true,
    list: (parameters) => listSql(values, parameters),
    one: (value) => `e.${column} = ${value}`,
    any: (list) => `e.${column} = any(${list})`,
    // Tests a large set at once, where `any` would go through it.
    none: (parameters) => toSql({ op: 'not', of: predicate }, parameters),
  };
}

/** Entries that name a target first, and those that name it among several: an entry may be both. */
function targetLeaves({ values }: Predicate & { op: 'in' }): readonly Leaf[] {
  const list = (parameters: Parameters) => targetList(values, parameters);
  const common = { values, list, tellsPlace: false };
  const first = (given: string) => `${firstTarget} = any(${given})`;
  const several = (given: string) =>
    `log_target_keys(e.organization_id, e.target_ids) && log_target_keys($1, ${given})`;
  return [
    {
      ...common,
      one: (value) => `${firstTarget} = ${value}`,
      any: first,
      none: (parameters) => `(${first(list(parameters))}) is not true`,
    },
    {
      ...common,
      one: null,
      // Twice, which PostgreSQL does not see: it reckons with fewer than it would find worth narrowing by a further index.
      any: (given) => `cardinality(e.target_ids) > 1 and ${several(given)} and ${several(given)}`,
      none: (parameters) => `(${severalTargets(list(parameters))}) is not true`,
    },
  ];
}

export const isTarget = (predicate: Predicate): boolean => predicate.op === 'in' && predicate.field === 'targetId';

/** One value of an index: few entries, or many in the log’s order, whichever it is. */
export const isPoint = (predicate: Predicate): boolean =>
  predicate.op === 'in' && columns[predicate.field] !== undefined && predicate.values.size === 1;

/** What finds all entries that satisfy the predicate, each leaf a part of them; null where no indexes do. */
export function leavesOf(predicate: Predicate): readonly Leaf[] | null {
  if (predicate.op === 'or') {
    const parts = predicate.of.map(leavesOf);
    return parts.length > 0 && parts.every((part) => part !== null) ? parts.flat() : null;
  }
  if (predicate.op !== 'in') return null;
  if (predicate.field === 'targetId') return targetLeaves(predicate);
  const column = columns[predicate.field];
  return column === undefined ? null : [columnLeaf(column, predicate)];
}
