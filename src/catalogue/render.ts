import type { ActorType, Json } from '../model/entry.ts';
import type { Action } from './catalogue.ts';
import { fillTemplate, isPlaceholderName, type PlaceholderName } from './template.ts';

interface NamedPerson {
  readonly id?: string | null | undefined;
  readonly name?: string | null | undefined;
  readonly email?: string | null | undefined;
}

interface NamedThing {
  readonly id?: string | null | undefined;
  readonly name?: string | null | undefined;
}

/** The fields of an entry that a description can speak of; what is missing, hidden or erased is null or left out. */
export interface DescriptionFields {
  readonly actor?: (NamedPerson & { readonly type?: ActorType | null | undefined }) | null | undefined;
  readonly affectedUser?: NamedPerson | null | undefined;
  readonly targets?: readonly (NamedThing & { readonly type?: string })[] | null | undefined;
  readonly directory?: NamedThing | null | undefined;
  readonly vault?: NamedThing | null | undefined;
  readonly ip?: string | null | undefined;
  readonly device?: string | null | undefined;
  readonly component?: string | null | undefined;
  readonly changes?:
    | readonly { readonly field: string; readonly before?: string | null; readonly after?: string | null }[]
    | null
    | undefined;
  readonly metadata?: { readonly [key: string]: Json } | null | undefined;
}

/** The longest text that one value contributes, in UTF-16 units. */
const longestValue = 200;
/** How many targets or changes are spelled out before the rest becomes a number. */
const listed = 3;

/** English words for a missing value, where the template states none. */
const missingWords: Readonly<Record<string, string>> = {
  actor: 'someone',
  affectedUser: 'a user',
  target: 'an item',
  directory: 'a folder',
  vault: 'a vault',
  ip: 'an unknown address',
  device: 'an unknown device',
  component: 'an unknown component',
  change: 'a setting',
};

const actorWords: Readonly<Record<ActorType, string>> = {
  MEMBER: 'someone',
  SYSTEM: 'the system',
  TOKEN: 'a token',
  ANONYMOUS: 'someone',
};

/**
 * The description of an entry in the reader's language, as one line of plain text (not escaped for HTML).
 * @param locale BCP 47 tag; its own translation, else its language's, else English
 */
export function renderDescription(action: Action, fields: DescriptionFields, locale = 'en'): string {
  let startsWithMissing = false;
  const text = fillTemplate(templateFor(action, locale), ({ name, present, missing, offset }) => {
    // The loader accepts known placeholders only.
    const value = isPlaceholderName(name) ? valueIn(name, fields, locale) : null;
    if (value !== null) return present === null ? value : present.replaceAll('*', () => value);
    if (offset === 0) startsWithMissing = true;
    return missing ?? wordsFor(name, fields);
  });
  return startsWithMissing ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

function templateFor(action: Action, locale: string): string {
  const translations = action.translations;
  if (translations === undefined) return action.template;
  const tag = locale.toLowerCase();
  const language = tag.split('-', 1)[0] ?? tag;
  const known = [tag, language].find((one) => Object.hasOwn(translations, one));
  return (known === undefined ? undefined : translations[known]) ?? action.template;
}

function wordsFor(name: string, fields: DescriptionFields): string {
  const type = fields.actor?.type;
  if (name === 'actor' && type) return actorWords[type];
  return missingWords[name] ?? (name.startsWith('target.') ? 'an item' : 'unknown');
}

function valueIn(name: PlaceholderName, fields: DescriptionFields, locale: string): string | null {
  switch (name) {
    case 'actor':
      return personText(fields.actor);
    case 'affectedUser':
      return personText(fields.affectedUser);
    case 'target':
      return targetsText(fields, fields.targets?.[0]?.type, locale);
    case 'directory':
      return thingText(fields.directory) ?? thingText(fields.vault);
    case 'vault':
      return thingText(fields.vault);
    case 'ip':
    case 'device':
    case 'component':
      return clean(fields[name]);
    case 'change':
      return listText((fields.changes ?? []).map(changeText), locale);
    default:
      if (name.startsWith('target.')) return targetsText(fields, name.slice('target.'.length), locale);
      return metadataText(fields.metadata, name.slice('metadata.'.length));
  }
}

function personText(person: NamedPerson | null | undefined): string | null {
  return clean(person?.name) ?? clean(person?.email) ?? clean(person?.id);
}

function thingText(thing: NamedThing | null | undefined): string | null {
  return clean(thing?.name) ?? clean(thing?.id);
}

/** The targets of one type; the first one’s type is what an event is about. */
function targetsText(fields: DescriptionFields, type: string | undefined, locale: string): string | null {
  const targets = (fields.targets ?? []).filter((target) => target.type === type);
  return listText(targets.map(thingText), locale);
}

function changeText(change: { field: string; before?: string | null; after?: string | null }): string | null {
  const field = clean(change.field);
  return field === null ? null : `${field} ${clean(change.before) ?? '–'} → ${clean(change.after) ?? '–'}`;
}

function metadataText(metadata: DescriptionFields['metadata'], key: string): string | null {
  if (!metadata || !Object.hasOwn(metadata, key)) return null;
  const value = metadata[key];
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? clean(String(value))
    : null;
}

function listText(texts: readonly (string | null)[], locale: string): string | null {
  const known = texts.filter((text) => text !== null);
  if (known.length < 2) return known[0] ?? null;
  if (known.length > listed) return `${known.slice(0, listed).join(', ')} (+${known.length - listed})`;
  return new Intl.ListFormat(Intl.getCanonicalLocales(validTag(locale)), { type: 'conjunction' }).format(known);
}

function validTag(locale: string): string {
  return /^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|\d{3}))?$/.test(locale) ? locale : 'en';
}

/** Control and direction characters would let a name break the line or reorder the sentence around it. */
function clean(text: string | null | undefined): string | null {
  if (text === null || text === undefined) return null;
  const line = text.replace(/[\p{Cc}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\s]+/gu, ' ').trim();
  if (line === '') return null;
  if (line.length <= longestValue) return line;
  return `${line.slice(0, longestValue - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
