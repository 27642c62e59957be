import { type Outcome, outcomes } from '../model/entry.ts';
import { normalize, type Predicate, type PredicateField } from '../model/predicate.ts';

/** How a field stands in the table: one value, an array that overlaps, or types inside the targets’ JSON. */
type Column =
  | { readonly kind: 'int' | 'text' | 'time' | 'outcome'; readonly column: string }
  | { readonly kind: 'textArray'; readonly column: string }
  | { readonly kind: 'targetType' };

const columns: Record<PredicateField, Column> = {
  action: { kind: 'int', column: 'action_id' },
  actor: { kind: 'int', column: 'actor_id' },
  affectedUser: { kind: 'int', column: 'affected_user_id' },
  directory: { kind: 'int', column: 'directory_id' },
  vault: { kind: 'int', column: 'vault_id' },
  outcome: { kind: 'outcome', column: 'outcome' },
  severity: { kind: 'int', column: 'severity' },
  component: { kind: 'text', column: 'component' },
  targetId: { kind: 'textArray', column: 'target_ids' },
  targetType: { kind: 'targetType' },
  occurredAt: { kind: 'time', column: 'occurred_at' },
  recordedAt: { kind: 'time', column: 'recorded_at' },
};

/** Collects the values of a statement; `add` gives the placeholder. */
export class Parameters {
  readonly values: unknown[] = [];

  add(value: unknown, type?: string): string {
    this.values.push(value);
    return type === undefined ? `$${this.values.length}` : `$${this.values.length}::${type}`;
  }
}

/** Milliseconds as PostgreSQL reads them. */
export const timestamp = (milliseconds: number): string => new Date(milliseconds).toISOString();

function inSql(field: PredicateField, values: ReadonlySet<string | number>, parameters: Parameters): string {
  const column = columns[field];
  const list = [...values];
  switch (column.kind) {
    case 'targetType':
      return `exists (select from jsonb_array_elements(e.targets) t where t->>'type' = any(${parameters.add(list, 'text[]')}))`;
    case 'textArray':
      return `e.${column.column} && ${parameters.add(list, 'text[]')}`;
    case 'outcome':
      return `e.${column.column} = any(${parameters.add(
        list.map((name) => outcomes.indexOf(name as Outcome)),
        'int2[]',
      )})`;
    case 'text':
      return `e.${column.column} = any(${parameters.add(list, 'text[]')})`;
    case 'time':
      return `e.${column.column} = any(${parameters.add(
        list.map((time) => timestamp(Number(time))),
        'timestamptz[]',
      )})`;
    case 'int':
      return `e.${column.column} = any(${parameters.add(list, field === 'severity' ? 'int2[]' : 'int4[]')})`;
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
