/** Conditions to predicates, one function for each form that a condition has. Each mistake says where it stands. */
import { AnnalsError } from '../errors.ts';
import { isTimeZone, periodUnits, startOfPeriod } from '../model/calendar.ts';
import { actorTypes, type Json, outcomes } from '../model/entry.ts';
import { type Network, parseNetwork } from '../model/ip.ts';
import type { JsonScalar, Predicate, PredicateField, PresenceField, RangeField } from '../model/predicate.ts';
import { parseTimestamp } from '../model/time.ts';
import type {
  LogFilter,
  MetadataCondition,
  OptionalCondition,
  SetCondition,
  TimeCondition,
  WithinCondition,
} from './filter.ts';

export function bad(path: string, message: string, cure?: string): AnnalsError {
  return new AnnalsError('BAD_INPUT', {
    path,
    message: `${path}: ${message}`,
    ...(cure === undefined ? {} : { cure }),
  });
}

const quoted = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
};

const not = (of: Predicate): Predicate => ({ op: 'not', of });

type Stored<T> = (value: T, path: string) => Iterable<string | number>;

/** Each value with where it stands first. */
const firstPlaces = <T>(list: readonly T[]): Map<T, number> =>
  new Map(list.map((value, index): [T, number] => [value, index]).toReversed());

/** `in` and `notIn` over values that each stand for some stored values. */
export function setPredicates<T extends string | number>(
  field: PredicateField,
  condition: SetCondition<T> | null | undefined,
  stored: Stored<T>,
  path: string,
): Predicate[] {
  const leaf = (list: readonly T[], name: string): Predicate => ({
    op: 'in',
    field,
    // Once each: a value can be repeated thousands of times.
    values: new Set(
      [...firstPlaces(list)].flatMap(([value, index]) => [...stored(value, `${path}.${name}[${index}]`)]),
    ),
  });
  const parts: Predicate[] = [];
  if (condition?.in) parts.push(leaf(condition.in, 'in'));
  if (condition?.notIn) parts.push(not(leaf(condition.notIn, 'notIn')));
  return parts;
}

/** `exists`, where it is stated. */
export function presence(
  leaf: Predicate,
  condition: { readonly exists?: boolean | null | undefined } | null | undefined,
) {
  const exists = condition?.exists ?? null;
  return exists === null ? [] : [exists ? leaf : not(leaf)];
}

export function optionalPredicates<T extends string | number>(
  field: PredicateField & PresenceField,
  condition: OptionalCondition<T> | null | undefined,
  stored: Stored<T>,
  path: string,
): Predicate[] {
  return [...setPredicates(field, condition, stored, path), ...presence({ op: 'exists', field }, condition)];
}

/** A value that stands for itself. */
export const itself = <T extends string | number>(value: T): T[] => [value];

const oneOf =
  (words: readonly string[]): Stored<string> =>
  (word, where) => {
    if (!words.includes(word)) throw bad(where, `${quoted(word)} is not one of ${words.join(', ')}.`);
    return [word];
  };
export const outcome = oneOf(outcomes);
export const actorType = oneOf(actorTypes);

/** Longer lists of periods than anybody has entries for. */
const mostUnits = 10_000;

function within(condition: WithinCondition, path: string, now: number): number {
  const { last, unit, timeZone, whole } = condition;
  if (!Number.isInteger(last) || last < 1 || last > mostUnits) {
    throw bad(`${path}.last`, `${last} is not a whole number from 1 to ${mostUnits.toLocaleString('en')}.`);
  }
  if (!periodUnits.includes(unit)) {
    throw bad(`${path}.unit`, `${quoted(unit)} is not one of ${periodUnits.join(', ')}.`);
  }
  const zone = timeZone ?? 'UTC';
  if (!isTimeZone(zone)) {
    throw bad(
      `${path}.timeZone`,
      `${quoted(zone)} is not a time zone.`,
      'Use a name of the IANA database, such as Europe/Berlin.',
    );
  }
  return startOfPeriod({ last, unit, timeZone: zone, whole: whole ?? false }, now);
}

/** Milliseconds of a time as a reader writes it. */
export function momentOf(text: string, path: string): number {
  const parsed = parseTimestamp(text);
  if (parsed !== null) return parsed;
  throw bad(path, `${quoted(text)} is not an RFC 3339 time with a zone.`, 'Write it like 2026-01-31T09:30:00Z.');
}

/** `now`: when periods that end now end. */
export function timePredicates(
  field: RangeField,
  condition: TimeCondition | null | undefined,
  path: string,
  now: number,
): Predicate[] {
  const time = (text: string | null | undefined, name: string): number | null =>
    text === null || text === undefined ? null : momentOf(text, `${path}.${name}`);
  const [gte, lt] = [time(condition?.gte, 'gte'), time(condition?.lt, 'lt')];
  const since = condition?.within ? within(condition.within, `${path}.within`, now) : null;
  return [
    ...(gte === null && lt === null ? [] : [{ op: 'range', field, gte, lt } as const]),
    ...(since === null ? [] : [{ op: 'range', field, gte: since, lt: null } as const]),
  ];
}

export function severityPredicates(severity: LogFilter['severity'], path: string): Predicate[] {
  const [gte, lt] = [severity?.gte ?? null, severity?.lt ?? null];
  return [
    ...setPredicates('severity', severity, itself, path),
    ...(gte === null && lt === null ? [] : [{ op: 'range', field: 'severity', gte, lt } as const]),
  ];
}

export function ipPredicates(condition: LogFilter['ip'], path: string): Predicate[] {
  const network = (text: string, where: string): Network => {
    const parsed = parseNetwork(text);
    if (!('problem' in parsed)) return parsed;
    const cure = `Write it like ${parsed.instead ?? '192.0.2.10, 10.0.0.0/8 or 2001:db8::/32'}.`;
    throw bad(where, `${quoted(text)} ${parsed.problem}.`, cure);
  };
  const leaf = (list: readonly string[], name: string): Predicate => ({
    op: 'network',
    networks: list.map((text, index) => network(text, `${path}.${name}[${index}]`)),
  });
  return [
    ...(condition?.in ? [leaf(condition.in, 'in')] : []),
    ...(condition?.notIn ? [not(leaf(condition.notIn, 'notIn'))] : []),
    ...presence({ op: 'exists', field: 'ip' }, condition),
  ];
}

export function changesPredicates(condition: LogFilter['changes'], path: string): Predicate[] {
  return [
    ...setPredicates('changedField', condition?.field, itself, `${path}.field`),
    ...presence({ op: 'exists', field: 'changes' }, condition),
  ];
}

/** As deep as metadata may be nested. */
const longestPath = 20;

function jsonScalar(value: Json, where: string): JsonScalar {
  const isScalar = typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
  if (!isScalar) throw bad(where, `${quoted(value)} is not a string, a number, true or false.`);
  return value as JsonScalar;
}

function oneMetadata(condition: MetadataCondition, path: string): Predicate[] {
  const key = condition.key ?? [];
  if (key.length > longestPath) {
    throw bad(`${path}.key`, `the path has ${key.length} keys; metadata is nested at most ${longestPath} deep.`);
  }
  const leaf = (list: readonly Json[], name: string): Predicate => {
    if (key.length === 0) {
      throw bad(
        `${path}.key`,
        `${name} compares the value of a key, and none is named.`,
        'Name it: key: ["client", "version"].',
      );
    }
    const values = new Set(list.map((value, index) => jsonScalar(value, `${path}.${name}[${index}]`)));
    return { op: 'metadataIn', path: key, values };
  };
  const exists: Predicate =
    key.length === 0 ? { op: 'exists', field: 'metadata' } : { op: 'metadataExists', path: key };
  return [
    ...(condition.in ? [leaf(condition.in, 'in')] : []),
    ...(condition.notIn ? [not(leaf(condition.notIn, 'notIn'))] : []),
    ...presence(exists, condition),
  ];
}

export const metadataPredicates = (conditions: LogFilter['metadata'], path: string): Predicate[] =>
  (conditions ?? []).flatMap((condition, index) => oneMetadata(condition, `${path}[${index}]`));
