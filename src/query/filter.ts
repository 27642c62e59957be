/** The filter language as a reader writes it: the product’s own ids, catalogue keys, RFC 3339 times. */
import type { Outcome } from '../model/entry.ts';

/** Absent and null conditions do not restrict. `in: []` matches nothing, `notIn: []` everything. */
export interface SetCondition<T> {
  readonly in?: readonly T[] | null;
  readonly notIn?: readonly T[] | null;
}

/** `gte` inclusive, `lt` exclusive. */
export interface RangeCondition<T> {
  readonly gte?: T | null;
  readonly lt?: T | null;
}

export interface LogFilter {
  readonly and?: readonly LogFilter[] | null;
  readonly or?: readonly LogFilter[] | null;
  readonly not?: LogFilter | null;
  /** Keys, such as `passwork.item_viewed`. */
  readonly action?: SetCondition<string> | null;
  /** Keys, such as `passwork.passwords`. */
  readonly category?: SetCondition<string> | null;
  /** Keys, such as `enpass`. */
  readonly catalogue?: SetCondition<string> | null;
  /** Names of groups inside categories, such as `Vault Management`. */
  readonly actionGroup?: SetCondition<string> | null;
  readonly actor?: SetCondition<string> | null;
  readonly affectedUser?: SetCondition<string> | null;
  readonly directory?: (SetCondition<string> & { readonly under?: readonly string[] | null }) | null;
  /** Ids of targets; `type` restricts what kind of target. */
  readonly target?: (SetCondition<string> & { readonly type?: SetCondition<string> | null }) | null;
  readonly outcome?: SetCondition<Outcome> | null;
  readonly severity?: (SetCondition<number> & RangeCondition<number>) | null;
  readonly component?: SetCondition<string> | null;
  readonly occurredAt?: RangeCondition<string> | null;
  readonly recordedAt?: RangeCondition<string> | null;
}
