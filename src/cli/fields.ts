/** The fields of an entry that commands print: what is asked for, and how it reads in a table. */
import { usage } from './options.ts';
import { printable } from './output.ts';

/** Of `LogEntry`, each with its own fields; none where it is a value. */
const entryFields = {
  id: [],
  recordedAt: [],
  occurredAt: [],
  action: ['key', 'name', 'code', 'actionGroup'],
  category: ['key', 'name'],
  description: [],
  outcome: [],
  severity: [],
  component: [],
  actor: ['type', 'id', 'name', 'email'],
  affectedUser: ['id', 'name', 'email'],
  directory: ['id', 'name'],
  vault: ['id', 'name'],
  targets: ['type', 'id', 'name'],
  ip: [],
  userAgent: [],
  device: [],
  session: [],
  request: [],
  location: [],
  changes: ['field', 'before', 'after'],
  metadata: [],
  position: [],
} as const satisfies Record<string, readonly string[]>;

const parts: Readonly<Record<string, readonly string[]>> = entryFields;

/** Every field that can be asked for: `actor` with all its own, `actor.name` alone. `cursor` is the entry’s place. */
export const fieldNames: readonly string[] = [
  'cursor',
  ...Object.entries(parts).flatMap(([name, own]) => [name, ...own.map((one) => `${name}.${one}`)]),
];

/** What a table shows when nobody says otherwise. */
export const tableFields: readonly string[] = ['recordedAt', 'severity', 'outcome', 'action.key', 'description'];
/** What a program gets when nobody says otherwise: all that is known of an entry. */
export const jsonFields: readonly string[] = Object.keys(parts);

/** Reads `--fields`: names separated by commas. */
export function parseFields(value: string | undefined, fallback: readonly string[]): readonly string[] {
  if (value === undefined) return fallback;
  const names = value.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !fieldNames.includes(name));
  if (unknown.length === 0) return names;
  throw usage(
    `--fields knows no ${unknown.map((name) => JSON.stringify(name)).join(', ')}.`,
    `Use some of: ${fieldNames.join(', ')}.`,
  );
}

/** The selection on `LogEntry`. The id is asked for where nothing else is, so that it is never empty. */
export function selectionOf(names: readonly string[]): string {
  const asked = new Map<string, Set<string>>();
  for (const name of names) {
    const [field = '', part] = name.split('.');
    const own = parts[field];
    if (own === undefined) continue;
    const set = asked.get(field) ?? new Set();
    for (const one of part === undefined ? own : [part]) set.add(one);
    asked.set(field, set);
  }
  if (asked.size === 0) return 'id';
  return [...asked].map(([field, own]) => (own.size === 0 ? field : `${field} { ${[...own].join(' ')} }`)).join(' ');
}

/** An entry as the server sent it: the fields asked for. */
export type Entry = Readonly<Record<string, unknown>>;

/** What one field says in a table, on one line. */
export function cell(entry: Entry, name: string): string {
  const [field = '', part] = name.split('.');
  const value = entry[field];
  if (field === 'metadata') return value === null ? '' : printable(JSON.stringify(value));
  if (part === undefined) return inWords(value);
  const values = Array.isArray(value) ? value : [value];
  return values.map((one) => inWords(memberOf(one, part))).join(', ');
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

/** The most telling of an object’s own fields. */
const telling = ['name', 'key', 'email', 'id', 'type'] as const;

function inWords(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(inWords).join(', ');
  if (typeof value !== 'object') return printable(String(value));
  const field = memberOf(value, 'field');
  if (field !== undefined) {
    const [before, after] = [memberOf(value, 'before'), memberOf(value, 'after')].map((one) => inWords(one) || '∅');
    return `${inWords(field)}: ${before} → ${after}`;
  }
  const found = telling.map((name) => memberOf(value, name)).find((one) => one !== null && one !== undefined);
  return inWords(found);
}
