import { z } from 'zod';
import { outcomes } from '../model/entry.ts';
import type { EntryFieldName } from './catalogue.ts';

/** One mistake in a catalogue file. */
export interface Mistake {
  /** The file as the operator named it. */
  readonly file: string;
  /** The place inside it, such as `actions[3].template` or `line 3, column 7`; empty for the file itself. */
  readonly path: string;
  /** What is wrong there and what would be right. */
  readonly message: string;
}

/** Takes a mistake: its place inside the file, and what is wrong there. */
export type Report = (path: string, message: string) => void;

export const entryFieldNames = [
  'actor',
  'affectedUser',
  'vault',
  'directory',
  'targets',
  'ip',
  'userAgent',
  'device',
  'session',
  'request',
  'location',
  'changes',
  'metadata',
  'component',
] as const satisfies readonly EntryFieldName[];

/** An error function that says what a place must be, and what it is. */
function must(what: string): { error: (issue: { readonly input?: unknown }) => string } {
  return {
    error: ({ input }) =>
      input === undefined
        ? `is missing; it must be ${what}`
        : `must be ${what}, not ${(JSON.stringify(input) ?? String(input)).slice(0, 60)}`,
  };
}

function text(what: string, pattern: RegExp) {
  return z.string(must(what)).regex(pattern, must(what));
}

function line(what: string, length: number) {
  const words = `${what}: one line of 1 to ${length} characters`;
  return text(words, new RegExp(`^(?=.*\\S)[^\\p{Cc}]{1,${length}}$`, 'u'));
}

function listOf<T extends z.ZodType>(item: T, what: string) {
  return z.array(item, must(what)).min(1, must(what));
}

const name = line('a name', 200);
const description = line('a description', 1000);
const template = line('a description template', 500);
const code = text('a code of letters, digits, "_", "-" and "."', /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/);
const categoryCode = text('a category code of a-z, 0-9, "_" and "-"', /^[a-z0-9][a-z0-9_-]{0,99}$/);
const catalogueKey = text('a catalogue key of a-z, 0-9, "_" and "-"', /^[a-z][a-z0-9_-]{0,39}$/);
const secretKind = line('vault, directory, or a type of targets', 100);
const priority = 'a whole number from 1 to 10';
const severity = z.int(must(priority)).min(1, must(priority)).max(10, must(priority));
const flag = z.boolean(must('true or false'));
const fieldList = listOf(z.string(must('the name of a field or @set')), 'a list of fields and @sets');
const languageTag = text('a language tag such as "de" or "pt-BR"', /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/);

export const headSchema = z.strictObject(
  { key: catalogueKey, name, version: line('a version', 40), description },
  must('an object with key, name, version and description'),
);

export const categorySchema = z.strictObject({ code: categoryCode, name, description }, must('a category object'));

export const groupSchema = z.strictObject({ category: categoryCode, name, description }, must('a group object'));

export const actionSchema = z.strictObject(
  {
    code,
    codeIsCoined: flag.default(false),
    category: categoryCode,
    actionGroup: name.nullable().default(null),
    name,
    description,
    template,
    translations: z.record(languageTag, template, must('an object of templates by language tag')).optional(),
    defaultOutcome: z.enum(outcomes, must(`one of ${outcomes.join(', ')}`)).default('SUCCESS'),
    severity,
    sourceSeverity: severity.nullable().default(null),
    opens: secretKind.nullable().default(null),
    aboutAccount: flag.default(false),
    fields: fieldList,
  },
  must('an action object'),
);

/** The file around its elements; each element is checked by itself, so that one mistake hides no other. */
export const fileSchema = z.strictObject(
  {
    catalogue: headSchema,
    fieldSets: z.record(z.string(), fieldList, must('an object of field lists by set name')).default({}),
    categories: listOf(z.unknown(), 'a list of one or more categories'),
    actionGroups: z.array(z.unknown(), must('a list of groups')).default([]),
    actions: listOf(z.unknown(), 'a list of one or more actions'),
  },
  must('an object with catalogue, categories and actions'),
);

export type Head = z.infer<typeof headSchema>;
export type CategoryData = z.infer<typeof categorySchema>;
export type GroupData = z.infer<typeof groupSchema>;
export type ActionData = z.infer<typeof actionSchema>;

/** Checks a value; its mistakes go to `report` with their paths under `base`. */
export function parseAt<T extends z.ZodObject>(
  schema: T,
  value: unknown,
  base: readonly PropertyKey[],
  report: Report,
): z.infer<T> | null {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const path = [...base, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) report(pathText([...path, key]), 'is not a field of this form');
    } else if (issue.code === 'invalid_key') {
      report(pathText(path), issue.issues[0]?.message ?? issue.message);
    } else {
      report(pathText(path), issue.message);
    }
  }
  return null;
}

/** `['actions', 3, 'template']` as `actions[3].template`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    const word = String(key);
    if (!/^[A-Za-z_][\w-]*$/.test(word)) return `${text}[${JSON.stringify(word)}]`;
    return text === '' ? word : `${text}.${word}`;
  }, '');
}
