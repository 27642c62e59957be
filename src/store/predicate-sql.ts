import { type Outcome, outcomes } from '../model/entry.ts';
import { normalize, type Predicate, type PredicateField } from '../model/predicate.ts';

/** How a field stands in the table: one value, an array that overlaps, or types inside the targets’ JSON. */
type Column =
  | { readonly kind: 'int' | 'smallint' | 'text' | 'time' | 'outcome'; readonly column: string }
  | { readonly kind: 'textArray'; readonly column: string }
  | { readonly kind: 'targetType' };

const columns: Record<PredicateField, Column> = {
  action: { kind: 'int', column: 'action_id' },
  actor: { kind: 'int', column: 'actor_id' },
  affectedUser: { kind: 'int', column: 'affected_user_id' },
  directory: { kind: 'int', column: 'directory_id' },
  vault: { kind: 'int', column: 'vault_id' },
  outcome: { kind: 'outcome', column: 'outcome' },
  severity: { kind: 'smallint', column: 'severity' },
  component: { kind: 'text', column: 'component' },
  targetId: { kind: 'textArray', column: 'target_ids' },
  targetType: { kind: 'targetType' },
  occurredAt: { kind: 'time', column: 'occurred_at' },
  recordedAt: { kind: 'time', column: 'recorded_at' },
};

/** Collects the values of a statement; `add` gives the placeholder. */
export class Parameters {
  readonly values: unknown[] = [];
  /** Whether one of the values is a list: how many rows it stands for, and so the best plan, is known at each run only. */
  hasList = false;

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
  return milliseconds > endOfTime - 1 ? 'infinity' : new Date(Math.ceil(milliseconds)).toISOString();
}

const isInt = (bits: 16 | 32) => (value: string | number) =>
  typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** (bits - 1);
const isText = (value: string | number) => typeof value === 'string' && value.isWellFormed() && !value.includes('\0');

/**
 * Whether a column can hold the value at all. One that it cannot hold equals nothing; PostgreSQL would refuse the whole
 * statement, or read another value in its place (half a surrogate pair as U+FFFD, 5 as '5').
 */
const storable: Record<Column['kind'], (value: string | number) => boolean> = {
  int: isInt(32),
  smallint: isInt(16),
  time: (value) => typeof value === 'number' && Number.isInteger(value),
  outcome: (value) => outcomes.some((one) => one === value),
  text: isText,
  textArray: isText,
  targetType: isText,
};

/** What a value is to PostgreSQL: the type of its list, and its form there. */
const stored = {
  int: { type: 'int4[]', of: (value) => value },
  smallint: { type: 'int2[]', of: (value) => value },
  outcome: { type: 'int2[]', of: (value) => outcomes.indexOf(value as Outcome) },
  text: { type: 'text[]', of: (value) => value },
  time: { type: 'timestamptz[]', of: (value) => timestamp(Number(value)) },
} as const satisfies Record<string, { type: string; of: (value: string | number) => string | number }>;

/**
 * One value is an equality, which leaves an index in the order of the log; of a list, PostgreSQL sorts all the rows.
 * Values that the column cannot hold are left out.
 */
function inSql(field: PredicateField, values: ReadonlySet<string | number>, parameters: Parameters): string {
  const column = columns[field];
  const list = [...values].filter(storable[column.kind]);
  switch (column.kind) {
    case 'targetType':
      return `exists (select from jsonb_array_elements(e.targets) t where t->>'type' = any(${parameters.add(list, 'text[]')}))`;
    case 'textArray':
      return `e.${column.column} && ${parameters.add(list, 'text[]')}`;
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

function compile(predicate: Predicate, parameters: Parameters): string {
  switch (predicate.op) {
    case 'and':
    case 'or':
      if (predicate.of.length === 0) return predicate.op === 'and' ? 'true' : 'false';
      return `(${predicate.of.map((part) => compile(part, parameters)).join(` ${predicate.op} `)})`;
    case 'not':
      // Stands on leaves only. A missing value makes a leaf NULL, and `is not true` counts that as “does not match”.
      return `(${compile(predicate.of, parameters)}) is not true`;
    case 'in':
      return inSql(predicate.field, predicate.values, parameters);
    case 'range':
      return rangeSql(predicate, parameters);
  }
}

/**
 * The predicate as a condition on `log_entry e`. Positive leaves stay bare, so that indexes serve them: without a `not`
 * above it, a leaf that is NULL counts as false in `and` and `or` alike.
 */
export function toSql(predicate: Predicate, parameters: Parameters): string {
  return compile(normalize(predicate), parameters);
}
