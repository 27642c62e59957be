/**
 * The one expression tree for filters and visibilities. `matches` evaluates it in memory; the store compiles the same
 * tree to SQL. Predicates are two-valued: a missing value matches nothing, and `not` negates exactly that.
 */
import type { Entry, Json } from './entry.ts';
import { inNetworks, type Network } from './ip.ts';
import { containsText, type TextField } from './text.ts';

type Scalar = string | number;
/** What a value inside metadata is compared with. */
export type JsonScalar = string | number | boolean;

/** How each field reads an entry. A list field matches when any of its values does. */
const accessors = {
  action: (entry: Entry) => entry.action,
  actor: (entry: Entry) => entry.actor,
  actorType: (entry: Entry) => entry.actorType,
  affectedUser: (entry: Entry) => entry.affectedUser,
  directory: (entry: Entry) => entry.directory,
  vault: (entry: Entry) => entry.vault,
  outcome: (entry: Entry) => entry.outcome,
  severity: (entry: Entry) => entry.severity,
  component: (entry: Entry) => entry.component,
  userAgent: (entry: Entry) => entry.userAgent,
  device: (entry: Entry) => entry.device,
  session: (entry: Entry) => entry.session,
  request: (entry: Entry) => entry.request,
  location: (entry: Entry) => entry.location,
  changedField: (entry: Entry) => (entry.changes ?? []).map((change) => change.field),
  targetId: (entry: Entry) => entry.targets.flatMap((target) => (target.id === null ? [] : [target.id])),
  targetType: (entry: Entry) => entry.targets.map((target) => target.type),
  occurredAt: (entry: Entry) => entry.occurredAt,
  recordedAt: (entry: Entry) => entry.recordedAt,
} as const satisfies Record<string, (entry: Entry) => Scalar | null | readonly Scalar[]>;

export type PredicateField = keyof typeof accessors;
export const predicateFields = Object.keys(accessors) as readonly PredicateField[];
/** Fields with an order, in numbers. */
export type RangeField = 'severity' | 'occurredAt' | 'recordedAt';

/** What an entry may lack. */
const presences = {
  actor: (entry: Entry) => entry.actor !== null,
  affectedUser: (entry: Entry) => entry.affectedUser !== null,
  directory: (entry: Entry) => entry.directory !== null,
  vault: (entry: Entry) => entry.vault !== null,
  component: (entry: Entry) => entry.component !== null,
  targets: (entry: Entry) => entry.targets.length > 0,
  ip: (entry: Entry) => entry.ip !== null,
  userAgent: (entry: Entry) => entry.userAgent !== null,
  device: (entry: Entry) => entry.device !== null,
  session: (entry: Entry) => entry.session !== null,
  request: (entry: Entry) => entry.request !== null,
  location: (entry: Entry) => entry.location !== null,
  changes: (entry: Entry) => entry.changes !== null,
  metadata: (entry: Entry) => entry.metadata !== null,
} as const satisfies Record<string, (entry: Entry) => boolean>;

export type PresenceField = keyof typeof presences;
export const presenceFields = Object.keys(presences) as readonly PresenceField[];

export type Predicate =
  | { readonly op: 'and' | 'or'; readonly of: readonly Predicate[] }
  | { readonly op: 'not'; readonly of: Predicate }
  | { readonly op: 'in'; readonly field: PredicateField; readonly values: ReadonlySet<Scalar> }
  /** `gte` inclusive, `lt` exclusive; null is open. */
  | { readonly op: 'range'; readonly field: RangeField; readonly gte: number | null; readonly lt: number | null }
  | { readonly op: 'exists'; readonly field: PresenceField }
  /** The address lies in one of the networks. */
  | { readonly op: 'network'; readonly networks: readonly Network[] }
  /** Metadata has a value at the path, keys of objects one inside the other; of JSON’s null, too. */
  | { readonly op: 'metadataExists'; readonly path: readonly string[] }
  /** That value is one of these, or a list with one of these in it. Of equal type and value: "1" is not 1. */
  | { readonly op: 'metadataIn'; readonly path: readonly string[]; readonly values: ReadonlySet<JsonScalar> }
  /** The folded text stands in one of the fields; null is all of them. */
  | { readonly op: 'text'; readonly text: string; readonly fields: ReadonlySet<TextField> | null };

/** A predicate without parts. */
export type Leaf = Exclude<Predicate, { readonly op: 'and' | 'or' | 'not' }>;

/** Matches every entry. */
export const always: Predicate = { op: 'and', of: [] };
/** Matches no entry. */
export const never: Predicate = { op: 'or', of: [] };

export const isAlways = (predicate: Predicate): boolean => predicate.op === 'and' && predicate.of.length === 0;
export const isNever = (predicate: Predicate): boolean => predicate.op === 'or' && predicate.of.length === 0;

/** The value at a path of keys; undefined for none. Lists are not entered. */
function valueAt(metadata: Entry['metadata'], path: readonly string[]): Json | undefined {
  let value: Json | undefined = metadata ?? undefined;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, key)) return;
    value = (value as Readonly<Record<string, Json>>)[key];
  }
  return value;
}

function isOneOf(value: Json | undefined, values: ReadonlySet<Json>): boolean {
  if (value === undefined) return false;
  return Array.isArray(value) ? value.some((one) => values.has(one)) : values.has(value);
}

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
    case 'exists':
      return presences[predicate.field](entry);
    case 'network':
      return entry.ip !== null && inNetworks(entry.ip, predicate.networks);
    case 'metadataExists':
      return valueAt(entry.metadata, predicate.path) !== undefined;
    case 'metadataIn':
      return isOneOf(valueAt(entry.metadata, predicate.path), predicate.values);
    case 'text':
      return containsText(entry, predicate.text, predicate.fields);
  }
}

const negated = (op: 'and' | 'or') => (op === 'and' ? 'or' : 'and');

/** A leaf that no entry satisfies, whatever it holds. */
const isEmpty = (leaf: Leaf): boolean =>
  ((leaf.op === 'in' || leaf.op === 'metadataIn') && leaf.values.size === 0) ||
  (leaf.op === 'network' && leaf.networks.length === 0) ||
  (leaf.op === 'text' && leaf.fields?.size === 0);

/**
 * An equal predicate in which `not` stands only on leaves, `and`/`or` are flat, and constants are folded away.
 * A leaf without values is `never`.
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
      const open = predicate.op === 'range' && predicate.gte === null && predicate.lt === null;
      if (isEmpty(predicate)) return negate ? always : never;
      if (open) return negate ? never : always;
      return negate ? { op: 'not', of: predicate } : predicate;
    }
  }
}

/** Both, normalized. */
export const both = (left: Predicate, right: Predicate): Predicate => normalize({ op: 'and', of: [left, right] });
