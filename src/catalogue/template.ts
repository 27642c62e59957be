import type { EntryFieldName } from './catalogue.ts';

/**
 * The template language of descriptions (docs/catalogues.md): text with placeholders `{name}`, `{name|missing}` or
 * `{name|present|missing}`, where `*` in `present` stands for the value.
 */
const placeholderPattern = /\{([^{}|]*)(?:\|([^{}|]*))?(?:\|([^{}|]*))?\}/g;

/** Which field of an entry each placeholder takes its value from. */
const placeholders = {
  actor: 'actor',
  affectedUser: 'affectedUser',
  target: 'targets',
  directory: 'directory',
  vault: 'vault',
  ip: 'ip',
  device: 'device',
  component: 'component',
  change: 'changes',
} as const satisfies Record<string, EntryFieldName>;

type Plain = keyof typeof placeholders;
/** `target.<type>` is the targets of one type. */
export type PlaceholderName = Plain | `target.${string}` | `metadata.${string}`;

function isPlain(name: string): name is Plain {
  return Object.hasOwn(placeholders, name);
}

export function isPlaceholderName(name: string): name is PlaceholderName {
  return isPlain(name) || /^(metadata\.[A-Za-z0-9_.-]+|target\.[A-Za-z0-9_-]+)$/.test(name);
}

function fieldOf(name: PlaceholderName): EntryFieldName {
  if (isPlain(name)) return placeholders[name];
  return name.startsWith('target.') ? 'targets' : 'metadata';
}

/** One placeholder as a template states it; null where it leaves the words to the renderer. */
export interface Placeholder {
  readonly name: string;
  /** Words around a value, with `*` for it. */
  readonly present: string | null;
  /** Words for a missing value; may be empty. */
  readonly missing: string | null;
  /** Index of its opening brace in the template. */
  readonly offset: number;
}

/** Replaces every placeholder of a template. Values are inserted as they are: braces inside them mean nothing. */
export function fillTemplate(template: string, fill: (placeholder: Placeholder) => string): string {
  return template.replace(
    placeholderPattern,
    (_, name: string, first: string | undefined, second: string | undefined, offset: number) =>
      fill({
        name,
        present: second === undefined ? null : (first ?? null),
        missing: second ?? first ?? null,
        offset,
      }),
  );
}

/**
 * What is wrong with a template, in words; empty when nothing is.
 * @param carried the fields that the action says its entries carry
 * @param isTranslation a translation states the words for each missing value itself: the renderer's own are English
 */
export function templateMistakes(
  template: string,
  carried: ReadonlySet<EntryFieldName>,
  isTranslation: boolean,
): string[] {
  const mistakes: string[] = [];
  const rest = fillTemplate(template, ({ name, present, missing }) => {
    if (!isPlaceholderName(name)) {
      const known = [...Object.keys(placeholders), 'target.<type>', 'metadata.<key>']
        .map((one) => `{${one}}`)
        .join(' ');
      mistakes.push(`{${name}} is not a placeholder; known are ${known}`);
      return '';
    }
    const field = fieldOf(name);
    if (!carried.has(field)) mistakes.push(`{${name}} needs the field "${field}", which \`fields\` does not list`);
    if (present !== null && !present.includes('*')) {
      mistakes.push(`{${name}|${present}|…} loses the value; put * where it belongs`);
    }
    if (isTranslation && missing === null) {
      mistakes.push(`{${name}} needs words for a missing value in this language: {${name}|words}`);
    }
    return '';
  });
  if (/[{}]/.test(rest))
    mistakes.push('has a brace that opens or closes no placeholder; braces cannot be used as text');
  return mistakes;
}
