/** The filter language as a reader writes it: the product’s own ids, catalogue keys, RFC 3339 times. */
import type { PeriodUnit } from '../model/calendar.ts';
import type { ActorType, Json, Outcome } from '../model/entry.ts';
import type { TextField } from '../model/text.ts';

/** Absent and null conditions do not restrict. `in: []` matches nothing, `notIn: []` everything. */
export interface SetCondition<T> {
  readonly in?: readonly T[] | null;
  readonly notIn?: readonly T[] | null;
}

/** Of what an entry may lack: `exists` says whether it is there. */
export interface OptionalCondition<T> extends SetCondition<T> {
  readonly exists?: boolean | null;
}

/** `gte` inclusive, `lt` exclusive. */
export interface RangeCondition<T> {
  readonly gte?: T | null;
  readonly lt?: T | null;
}

/** A period that ends now, and has no end for what is yet to come. */
export interface WithinCondition {
  readonly last: number;
  readonly unit: PeriodUnit;
  /** IANA name; UTC unless stated. */
  readonly timeZone?: string | null;
  /** Starts where a unit starts; the one under way counts. */
  readonly whole?: boolean | null;
}

export interface TimeCondition extends RangeCondition<string> {
  readonly within?: WithinCondition | null;
}

/** Values at a path of keys through objects; a list there is each of its elements. Without a key, `exists` is of the whole. */
export interface MetadataCondition {
  readonly key?: readonly string[] | null | undefined;
  readonly in?: readonly Json[] | null | undefined;
  readonly notIn?: readonly Json[] | null | undefined;
  readonly exists?: boolean | null | undefined;
}

/** Every one of the texts is contained in the entry, whatever the case; `in` restricts the fields. */
export interface TextCondition {
  readonly contains: readonly string[];
  readonly in?: readonly TextField[] | null;
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
  readonly actor?: (OptionalCondition<string> & { readonly type?: SetCondition<ActorType> | null }) | null;
  readonly affectedUser?: OptionalCondition<string> | null;
  readonly directory?: (OptionalCondition<string> & { readonly under?: readonly string[] | null }) | null;
  readonly vault?: OptionalCondition<string> | null;
  /** Ids of targets; `type` restricts what kind of target. */
  readonly target?: (OptionalCondition<string> & { readonly type?: SetCondition<string> | null }) | null;
  readonly outcome?: SetCondition<Outcome> | null;
  readonly severity?: (SetCondition<number> & RangeCondition<number>) | null;
  readonly component?: OptionalCondition<string> | null;
  /** Addresses and networks in CIDR notation. */
  readonly ip?: OptionalCondition<string> | null;
  readonly userAgent?: OptionalCondition<string> | null;
  readonly device?: OptionalCondition<string> | null;
  readonly session?: OptionalCondition<string> | null;
  readonly request?: OptionalCondition<string> | null;
  readonly location?: OptionalCondition<string> | null;
  /** `field`: names of changed fields. */
  readonly changes?: { readonly field?: SetCondition<string> | null; readonly exists?: boolean | null } | null;
  readonly metadata?: readonly MetadataCondition[] | null;
  readonly text?: TextCondition | null;
  readonly occurredAt?: TimeCondition | null;
  readonly recordedAt?: TimeCondition | null;
}
