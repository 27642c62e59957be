/**
 * Global ids: what kind of thing, a colon, and the id that the product or the catalogue itself uses. Readable on
 * purpose, and free of counters: they tell nothing about what else exists.
 *
 *     entry:<uuid>   action:<key>   category:<key>   actor:<type>:<external id>   directory:<external id>
 *     organization:<uuid>   view:<uuid>
 */
import { type ActorType, actorTypes } from '../model/entry.ts';
import { isUuid } from '../model/uuid.ts';

export type IdKind = 'entry' | 'action' | 'category' | 'actor' | 'directory' | 'organization' | 'view';

/** A global id, taken apart. */
export type GlobalId =
  | { readonly kind: Exclude<IdKind, 'actor'>; readonly id: string }
  | { readonly kind: 'actor'; readonly type: ActorType; readonly id: string };

/** Writes the global id of everything but actors. */
export const globalId = (kind: Exclude<IdKind, 'actor'>, id: string): string => `${kind}:${id}`;

export const actorId = (type: ActorType, externalId: string): string => `actor:${type}:${externalId}`;

const kinds: ReadonlySet<string> = new Set<IdKind>([
  'entry',
  'action',
  'category',
  'actor',
  'directory',
  'organization',
  'view',
]);
const isKind = (text: string): text is IdKind => kinds.has(text);

/** The text before and after the first colon; null without one. */
function split(text: string): readonly [string, string] | null {
  const at = text.indexOf(':');
  return at < 0 ? null : [text.slice(0, at), text.slice(at + 1)];
}

/** Takes a global id apart; null for anything that is none. */
export function parseGlobalId(text: string): GlobalId | null {
  const [kind, id] = split(text) ?? ['', ''];
  if (!isKind(kind) || id === '') return null;
  if (kind === 'entry' || kind === 'organization' || kind === 'view') {
    const uuid = id.toLowerCase();
    return isUuid(uuid) ? { kind, id: uuid } : null;
  }
  if (kind !== 'actor') return { kind, id };
  const [type, externalId] = split(id) ?? ['', ''];
  const known = actorTypes.find((one) => one === type);
  return known === undefined || externalId === '' ? null : { kind, type: known, id: externalId };
}

/**
 * The bare id behind a global id of this kind; any other text is a bare id already and comes back as it is. A bare id
 * that happens to look like a global one is written in its global form.
 */
export function bareId(kind: IdKind, text: string): string {
  const parsed = parseGlobalId(text);
  return parsed?.kind === kind ? parsed.id : text;
}

function uuidOf(kind: IdKind, text: string): string | null {
  const uuid = bareId(kind, text).toLowerCase();
  return isUuid(uuid) ? uuid : null;
}

/** The UUID of an entry’s id in either form; null when it can be no entry’s. */
export const entryUuid = (text: string): string | null => uuidOf('entry', text);

/** The same for a saved view. */
export const viewUuid = (text: string): string | null => uuidOf('view', text);
