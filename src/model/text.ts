/**
 * Text as it is searched: folded, so that upper and lower case, and forms of Unicode that mean the same, are equal. An
 * entry’s texts are folded here, when it is appended, and never in the database: PostgreSQL folds differently.
 */
import type { Change, Entry, Json, Target } from './entry.ts';
import type { HideableField } from './role.ts';

/**
 * Where a text is searched. Nothing hides NAMES, the names of people, vaults and folders; each of the others is hidden from
 * some roles. The order is that of `searchText`, and stored: never change it.
 */
export const textFields = [
  'NAMES',
  'EMAIL',
  'IP',
  'USER_AGENT',
  'DEVICE',
  'SESSION',
  'REQUEST',
  'LOCATION',
  'COMPONENT',
  'TARGETS',
  'CHANGES',
  'METADATA',
] as const satisfies readonly ('NAMES' | HideableField)[];
export type TextField = (typeof textFields)[number];

/** Between the values of a field, and between fields. Folded text has neither, so no text is found across them. */
export const valueSeparator = '\u001f';
export const fieldSeparator = '\u001e';

/** From the separators to `~`: upper case is all that there is to fold. */
const plain = new RegExp(`^[${fieldSeparator}-~]*$`);

function folded(text: string): string {
  if (plain.test(text)) return text.toLowerCase();
  return text.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase().normalize('NFKC').replaceAll('ς', 'σ');
}

/**
 * NFKC, with case folded: `Straße`, `STRASSE` and `ｓｔｒａｓｓｅ` are equal. By way of upper case, in which letters are equal whose
 * lower case is not; and with one sigma for all, since its form depends on where it stands.
 */
export const foldText = (text: string): string => spaced(folded(text));

/** What of an entry is searched. */
export type SearchedContent = Pick<
  Entry,
  | ('actorName' | 'actorEmail' | 'affectedUserName' | 'affectedUserEmail' | 'directoryName' | 'vaultName')
  | ('targets' | 'ip' | 'userAgent' | 'device' | 'session' | 'request' | 'location' | 'component')
  | ('changes' | 'metadata')
>;

/** A field’s texts so far, and one more; '' and null are none. */
function joined(texts: string, value: string | null): string {
  if (value === null || value === '') return texts;
  const separated = value.includes(valueSeparator) || value.includes(fieldSeparator) ? spaced(value) : value;
  return texts === '' ? separated : texts + valueSeparator + separated;
}

const spaced = (value: string) => value.replaceAll(valueSeparator, ' ').replaceAll(fieldSeparator, ' ');

/** Texts and numbers inside JSON, in the order of their keys: the database keeps no other. */
function joinedJson(texts: string, value: Json): string {
  if (typeof value === 'string') return joined(texts, value);
  if (typeof value === 'number') return joined(texts, String(value));
  if (typeof value !== 'object' || value === null) return texts;
  if (Array.isArray(value)) return value.reduce<string>(joinedJson, texts);
  const members = value as Readonly<Record<string, Json>>;
  let all = texts;
  for (const key of Object.keys(members).sort()) all = joinedJson(all, members[key] ?? null);
  return all;
}

const ofTarget = (texts: string, { id, name }: Target): string => joined(joined(texts, id), name);
const ofChange = (texts: string, { field, before, after }: Change): string =>
  joined(joined(joined(texts, field), before), after);

const textOf: Record<TextField, (content: SearchedContent) => string> = {
  NAMES: (one) =>
    joined(joined(joined(joined('', one.actorName), one.affectedUserName), one.directoryName), one.vaultName),
  EMAIL: (one) => joined(joined('', one.actorEmail), one.affectedUserEmail),
  IP: (one) => joined('', one.ip),
  USER_AGENT: (one) => joined('', one.userAgent),
  DEVICE: (one) => joined('', one.device),
  SESSION: (one) => joined('', one.session),
  REQUEST: (one) => joined('', one.request),
  LOCATION: (one) => joined('', one.location),
  COMPONENT: (one) => joined('', one.component),
  TARGETS: (one) => one.targets.reduce(ofTarget, ''),
  CHANGES: (one) => (one.changes ?? []).reduce(ofChange, ''),
  METADATA: (one) => (one.metadata === null ? '' : joinedJson('', one.metadata)),
};

/**
 * The folded texts of an entry, field by field in the order of `textFields`; empty fields at the end are left out. Folded as
 * a whole: nothing is folded across the separators.
 */
export function searchText(content: SearchedContent): string {
  let text = '';
  let missing = '';
  for (const field of textFields) {
    const own = textOf[field](content);
    if (own !== '') {
      text += missing + own;
      missing = '';
    }
    missing += fieldSeparator;
  }
  return folded(text);
}

/** Whether a folded text stands in one of the fields; null for all of them. */
export function containsText(content: SearchedContent, text: string, fields: ReadonlySet<TextField> | null): boolean {
  // Half of a surrogate pair would be found in the whole; the database has no such text.
  if (!text.isWellFormed()) return false;
  if (fields === null) return searchText(content).includes(text);
  return textFields.some((field) => fields.has(field) && folded(textOf[field](content)).includes(text));
}

/** Letters of scripts that write words of two characters, or of one. */
const isDense = (unit: number) => unit >= 0x2e80;

function mix(one: number, two: number, three: number, organization: number): number {
  let hash = Math.imul(one, 0x9e3779b1) ^ Math.imul(two, 0x85ebca6b) ^ Math.imul(three, 0xc2b2ae35);
  hash ^= Math.imul(organization, 0x27d4eb2f);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return hash ^ (hash >>> 12);
}

/**
 * Adds the numbers of what a folded text consists of: of any three UTF-16 code units in a row, and of any two of dense
 * scripts. A text that stands in another has none that the other lacks. Other organizations have other numbers.
 */
export function addGrams(text: string, organization: number, grams: Set<number>): void {
  let [one, two] = [0, 0];
  for (let index = 0; index < text.length; index++) {
    const three = text.charCodeAt(index);
    if (index >= 1 && isDense(two) && isDense(three)) grams.add(mix(0, two, three, organization));
    if (index >= 2) grams.add(mix(one, two, three, organization));
    one = two;
    two = three;
  }
}

/** What can be searched by; null where it is too short. */
export function gramsOf(texts: Iterable<string>, organization: number): number[] | null {
  const grams = new Set<number>();
  for (const text of texts) addGrams(text, organization, grams);
  return grams.size === 0 ? null : [...grams];
}
