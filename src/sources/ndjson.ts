import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { actorTypes, type EntryInput, type Json, outcomes } from '../model/entry.ts';
import { type Refusal, refuse } from './refusal.ts';

/** Levels of nesting that a line may have. */
const deepest = 64;

const text = z.string().nullable().exactOptional();
const person = { id: text, name: text, email: text };
const place = z.strictObject({ id: z.string(), name: text }).nullable().exactOptional();

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

function isObject(value: unknown): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The shape alone: the values (a known action, a date, a length) are judged where entries are recorded. */
const entry = z.strictObject({
  idempotencyKey: text,
  action: z.string(),
  occurredAt: text,
  outcome: z.enum(outcomes).nullable().exactOptional(),
  severity: z.number().nullable().exactOptional(),
  component: text,
  actor: z
    .strictObject({ type: z.enum(actorTypes).nullable().exactOptional(), ...person })
    .nullable()
    .exactOptional(),
  affectedUser: z.strictObject(person).nullable().exactOptional(),
  vault: place,
  directory: place,
  targets: z
    .array(z.strictObject({ type: z.string(), id: text, name: text }))
    .nullable()
    .exactOptional(),
  ip: text,
  userAgent: text,
  device: text,
  session: text,
  request: text,
  location: text,
  changes: z
    .array(z.strictObject({ field: z.string(), before: text, after: text }))
    .nullable()
    .exactOptional(),
  metadata: z.custom<{ readonly [key: string]: Json }>(isObject, 'expected an object').nullable().exactOptional(),
});

const form = 'One JSON object a line, such as {"action":"passwork.item_viewed","actor":{"id":"u1"}}.';

function placeOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (place, step) =>
      typeof step === 'number' ? `${place}[${step}]` : place === '' ? String(step) : `${place}.${String(step)}`,
    '',
  );
}

function describe(issue: z.core.$ZodIssue): Refusal {
  const at = placeOf(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => `\`${placeOf([...issue.path, key])}\``).join(', ');
    return refuse(
      `an entry has no field ${names}`,
      `Put what has no field of its own into metadata. The fields are ${Object.keys(entry.shape).join(', ')}.`,
    );
  }
  return refuse(`${at === '' ? 'the line' : `\`${at}\``}: ${issue.message}`, form);
}

/** Reads one line in the form of recordLogs’ entries. Values are judged by the server; form and names here. */
export function parseEntry(content: Buffer): EntryInput | Refusal {
  if (!isUtf8(content)) return refuse('the line is not UTF-8', 'Write JSON as UTF-8.');
  let value: unknown;
  try {
    value = JSON.parse(content.toString('utf8'));
  } catch {
    return refuse('the line is not JSON', form);
  }
  if (isDeeper(value, deepest)) return refuse(`the line nests deeper than ${deepest} levels`, 'Flatten metadata.');
  const parsed = entry.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return issue === undefined ? refuse('the line is not an entry', form) : describe(issue);
}
