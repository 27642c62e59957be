import { type ActorType, actorTypes, type Outcome, outcomes } from '../model/entry.ts';
import type { Network } from '../model/ip.ts';
import {
  type JsonScalar,
  type Leaf,
  normalize,
  type Predicate,
  type PredicateField,
  type PresenceField,
} from '../model/predicate.ts';
import { fieldSeparator, type TextField, textFields } from '../model/text.ts';
import { formatTime } from '../model/time.ts';
import { type IntSets, intSetSql, openIntSets, shortList } from './int-set.ts';

/** How a field stands in the table: one value, the ids among the targets, or a member of objects in a JSON list. */
type Column =
  | { readonly kind: 'int' | 'smallint' | 'text' | 'time' | 'outcome' | 'actorType'; readonly column: string }
  | { readonly kind: 'targets' }
  | { readonly kind: 'jsonMember'; readonly column: string; readonly member: string };

const columns: Record<PredicateField, Column> = {
  action: { kind: 'int', column: 'action_id' },
  actor: { kind: 'int', column: 'actor_id' },
  actorType: { kind: 'actorType', column: 'actor_type' },
  affectedUser: { kind: 'int', column: 'affected_user_id' },
  directory: { kind: 'int', column: 'directory_id' },
  vault: { kind: 'int', column: 'vault_id' },
  outcome: { kind: 'outcome', column: 'outcome' },
  severity: { kind: 'smallint', column: 'severity' },
  component: { kind: 'text', column: 'component' },
  userAgent: { kind: 'text', column: 'user_agent' },
  device: { kind: 'text', column: 'device' },
  session: { kind: 'text', column: 'session' },
  request: { kind: 'text', column: 'request' },
  location: { kind: 'text', column: 'location' },
  changedField: { kind: 'jsonMember', column: 'changes', member: 'field' },
  targetId: { kind: 'targets' },
  targetType: { kind: 'jsonMember', column: 'targets', member: 'type' },
  occurredAt: { kind: 'time', column: 'occurred_at' },
  recordedAt: { kind: 'time', column: 'recorded_at' },
};

/** Columns that are NULL where an entry lacks what they hold. */
const presenceColumns: Record<PresenceField, string> = {
  actor: 'actor_id',
  affectedUser: 'affected_user_id',
  directory: 'directory_id',
  vault: 'vault_id',
  component: 'component',
  targets: 'targets',
  ip: 'ip',
  userAgent: 'user_agent',
  device: 'device',
  session: 'session',
  request: 'request',
  location: 'location',
  changes: 'changes',
  metadata: 'metadata',
};

/** What an entry names first, as the index on it has it. */
export const firstTarget = 'e.target_ids[1] collate "C"';
/** Whether an entry names several targets and one of the list among them. */
export const severalTargets = (list: string): string => `(cardinality(e.target_ids) > 1 and e.target_ids && ${list})`;
/** Whether an entry names one of the list. */
const targetsSql = (list: string): string => `(${firstTarget} = any(${list}) or ${severalTargets(list)})`;

/** Collects the values of a statement; `add` gives the placeholder. */
export class Parameters {
  readonly values: unknown[] = [];
  /** Whether one of the values is a list: how many rows it stands for, and so the best plan, is known at each run only. */
  hasList = false;
  readonly sets: IntSets;

  constructor(sets: IntSets = openIntSets()) {
    this.sets = sets;
  }

  add(value: unknown, type?: string): string {
    this.values.push(value);
    if (Array.isArray(value)) this.hasList = true;
    return type === undefined ? `$${this.values.length}` : `$${this.values.length}::${type}`;
  }
}

const firstTime = Date.parse('0001-01-01T00:00:00Z');
const endOfTime = Date.parse('+010000-01-01T00:00:00Z');

/**
 * Milliseconds as PostgreSQL reads them. What lies outside the years 1 to 9999, which a reader may name and no entry has,
 * is infinite; a time between two milliseconds is the later one, so that `>=` and `<` keep their meaning.
 */
export function timestamp(milliseconds: number): string {
  if (milliseconds < firstTime) return '-infinity';
  return milliseconds > endOfTime - 1 ? 'infinity' : formatTime(Math.ceil(milliseconds));
}

const isInt = (bits: 16 | 32) => (value: string | number) =>
  typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** (bits - 1);
const isText = (value: string | number | boolean) =>
  typeof value === 'string' && value.isWellFormed() && !value.includes('\0');

/**
 * Whether a column can hold the value at all. One that it cannot hold equals nothing; PostgreSQL would refuse the whole
 * statement, or read another value in its place (half a surrogate pair as U+FFFD, 5 as '5').
 */
const storable: Record<Column['kind'], (value: string | number) => boolean> = {
  int: isInt(32),
  smallint: isInt(16),
  time: (value) => typeof value === 'number' && Number.isInteger(value),
  outcome: (value) => outcomes.some((one) => one === value),
  actorType: (value) => actorTypes.some((one) => one === value),
  text: isText,
  targets: isText,
  jsonMember: isText,
};

/** What a value is to PostgreSQL: the type of its list, and its form there. */
const stored = {
  int: { type: 'int4[]', of: (value) => value },
  smallint: { type: 'int2[]', of: (value) => value },
  outcome: { type: 'int2[]', of: (value) => outcomes.indexOf(value as Outcome) },
  actorType: { type: 'int2[]', of: (value) => actorTypes.indexOf(value as ActorType) },
  text: { type: 'text[]', of: (value) => value },
  time: { type: 'timestamptz[]', of: (value) => timestamp(Number(value)) },
} as const satisfies Record<string, { type: string; of: (value: string | number) => string | number }>;

/** Those of the targets that an entry can have, as a list. Behind a sub-select, as `listSql` is. */
export const targetList = (values: ReadonlySet<string | number>, parameters: Parameters): string =>
  `(select ${parameters.add([...values].filter(isText), 'text[]')})::text[]`;

/**
 * One value is an equality, which leaves an index in the order of the log; of a list, PostgreSQL sorts all the rows.
 * Values that the column cannot hold are left out.
 */
function inSql(field: PredicateField, values: ReadonlySet<string | number>, parameters: Parameters): string {
  const column = columns[field];
  if (column.kind === 'int' && values.size > shortList) {
    const set = parameters.sets(values);
    if (set.size > shortList) return intSetSql(`e.${column.column}`, set, parameters);
  }
  const list = [...values].filter(storable[column.kind]);
  switch (column.kind) {
    case 'jsonMember': {
      const elements = `jsonb_array_elements(e.${column.column}) m`;
      return `exists (select from ${elements} where m->>'${column.member}' = any(${parameters.add(list, 'text[]')}))`;
    }
    case 'targets':
      return targetsSql(parameters.add(list, 'text[]'));
    default: {
      const { type, of } = stored[column.kind];
      const [only, ...more] = list.map(of);
      return only !== undefined && more.length === 0
        ? `e.${column.column} = ${parameters.add(only)}`
        : `e.${column.column} = any(${parameters.add(list.map(of), type)})`;
    }
  }
}

function rangeSql(predicate: Predicate & { op: 'range' }, parameters: Parameters): string {
  const column = columns[predicate.field];
  const name = 'column' in column ? `e.${column.column}` : '';
  const bound = (value: number) =>
    column.kind === 'time' ? parameters.add(timestamp(value), 'timestamptz') : parameters.add(value, 'float8');
  const parts: string[] = [];
  if (predicate.gte !== null) parts.push(`${name} >= ${bound(predicate.gte)}`);
  if (predicate.lt !== null) parts.push(`${name} < ${bound(predicate.lt)}`);
  return parts.length === 1 ? parts.join('') : `(${parts.join(' and ')})`;
}

function networkSql(networks: readonly Network[], parameters: Parameters): string {
  const [only, ...more] = networks.map((network) => network.text);
  return more.length === 0
    ? `e.ip <<= ${parameters.add(only, 'inet')}`
    : `e.ip <<= any(${parameters.add([only, ...more], 'inet[]')})`;
}

/** Null for a path that no JSON in the database can have. Of a list, `->` with a key is NULL. */
function pathSql(path: readonly string[], parameters: Parameters): string | null {
  if (!path.every(isText)) return null;
  return ['e.metadata', ...path.map((key) => parameters.add(key, 'text'))].join(' -> ');
}

/** Of a scalar, “contains” is “equals”; a list contains the scalars that stand in it. */
function metadataInSql(path: readonly string[], values: ReadonlySet<JsonScalar>, parameters: Parameters): string {
  const list = [...values].filter((value) => (typeof value === 'string' ? isText(value) : true));
  const at = pathSql(path, parameters);
  if (at === null) return 'false';
  return `(${at}) @> any(${parameters.add(
    list.map((value) => JSON.stringify(value)),
    'jsonb[]',
  )})`;
}

/** A field’s part of the text; of fields that it ends before, ''. The whole is looked through first: mostly it says no. */
function textSql(text: string, fields: ReadonlySet<TextField> | null, parameters: Parameters): string {
  if (!isText(text)) return 'false';
  const sought = parameters.add(text, 'text');
  const whole = `strpos(e.search, ${sought}) > 0`;
  if (fields === null) return whole;
  const separator = parameters.add(fieldSeparator, 'text');
  const parts = textFields.flatMap((field, index) =>
    fields.has(field) ? [`strpos(split_part(e.search, ${separator}, ${index + 1}), ${sought}) > 0`] : [],
  );
  return `(${whole} and (${parts.join(' or ')}))`;
}

function leafSql(leaf: Leaf, parameters: Parameters): string {
  switch (leaf.op) {
    case 'in':
      return inSql(leaf.field, leaf.values, parameters);
    case 'range':
      return rangeSql(leaf, parameters);
    case 'exists':
      return `e.${presenceColumns[leaf.field]} is not null`;
    case 'network':
      return networkSql(leaf.networks, parameters);
    case 'metadataExists': {
      const at = pathSql(leaf.path, parameters);
      return at === null ? 'false' : `(${at}) is not null`;
    }
    case 'metadataIn':
      return metadataInSql(leaf.path, leaf.values, parameters);
    case 'text':
      return textSql(leaf.text, leaf.fields, parameters);
  }
}

function compile(predicate: Predicate, parameters: Parameters): string {
  switch (predicate.op) {
    case 'and':
    case 'or':
      if (predicate.of.length === 0) return predicate.op === 'and' ? 'true' : 'false';
      return `(${predicate.of.map((part) => compile(part, parameters)).join(` ${predicate.op} `)})`;
    case 'not':
      // Stands on leaves only. A missing value makes a leaf NULL, and `is not true` counts that as “does not match”.
      return `(${compile(predicate.of, parameters)}) is not true`;
    default:
      return leafSql(predicate, parameters);
  }
}

/**
 * The predicate as a condition on `log_entry e`. Positive leaves stay bare, so that indexes serve them: without a `not`
 * above it, a leaf that is NULL counts as false in `and` and `or` alike.
 */
export function toSql(predicate: Predicate, parameters: Parameters): string {
  return compile(normalize(predicate), parameters);
}
