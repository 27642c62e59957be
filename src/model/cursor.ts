/**
 * Cursors: opaque, authenticated, deterministic. The same place gives the same cursor, and a cursor tells a reader
 * nothing: no position, no time, no count of hidden entries. Bound to organization, generation and filter, not to rights.
 *
 * Form: base64url of key number (1 byte) and AES-256-SIV (RFC 5297) of a plaintext of 35 bytes, with the organization’s
 * id as associated data: tag (16) and ciphertext (35). Plaintext: kind (1), recordedAt in milliseconds (6), entry id (16),
 * generation (4), filter (8). A place in a list by occurredAt is another kind, so that it is not taken for one in the order
 * of the log.
 */
import { createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto';
import { type Bound, openSiv, type Siv, sivKeyBytes, tagBytes } from './siv.ts';
import { uuidBytes, uuidFromBytes, writeUuid } from './uuid.ts';

/** A secret of at least 32 bytes; `id` (1 to 255) names it inside the cursor, so that keys can be rotated. */
export interface CursorKey {
  readonly id: number;
  readonly secret: Uint8Array;
}

/** What a cursor is valid for. */
export interface CursorScope {
  readonly organizationUid: string;
  readonly generation: number;
  /** Identifies the filter; '' for none. */
  readonly filter: string;
  /** What the list is ordered by: RECORDED_AT unless stated. */
  readonly order?: ListOrder;
}

export const listOrders = ['RECORDED_AT', 'OCCURRED_AT'] as const;
export type ListOrder = (typeof listOrders)[number];

/** After an entry, or past everything recorded before a time (a log's closed floor). */
export type CursorPlace =
  | { readonly kind: 'entry'; readonly recordedAt: number; readonly id: string }
  | { readonly kind: 'time'; readonly recordedAt: number };

/** Why a cursor cannot be used. */
export type CursorProblem = 'NOT_A_CURSOR' | 'OTHER_LOG' | 'OTHER_GENERATION' | 'OTHER_FILTER' | 'OTHER_ORDER';

export interface Cursors {
  seal(place: CursorPlace, scope: CursorScope): string;
  /** The cursors of a whole page, for little more than one of them costs. */
  sealAll(places: readonly CursorPlace[], scope: CursorScope): string[];
  open(cursor: string, scope: CursorScope): CursorPlace | CursorProblem;
}

const filterBytes = 8;
const plainBytes = 1 + 6 + 16 + 4 + filterBytes;
const sealedBytes = 1 + tagBytes + plainBytes;
/** Six bits each. */
const cursorCharacters = Math.ceil((sealedBytes * 8) / 6);
/** Zeros after a cursor, so that the next one begins with a character of base64 of its own. */
const fill = (3 - (sealedBytes % 3)) % 3;
/** What a cursor names: an entry, a time, or an entry in the order of occurredAt. */
const kinds = { entry: 1, time: 2, occurrence: 3 } as const;
const isOccurrence = ({ order }: CursorScope): boolean => order === 'OCCURRED_AT';

interface DerivedKey {
  readonly id: number;
  readonly filter: KeyObject;
  readonly siv: Siv;
}

function derive(key: CursorKey): DerivedKey {
  const secret = (info: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', key.secret, '', `annals cursor ${info}`, bytes));
  return { id: key.id, filter: createSecretKey(secret('filter', 32)), siv: openSiv(secret('siv', sivKeyBytes)) };
}

const boundTo = ({ siv }: DerivedKey, { organizationUid }: CursorScope): Bound => siv.bind(uuidBytes(organizationUid));

/** Does not say what the filter is; nothing for none. */
const filterTag = (key: DerivedKey, filter: string): Buffer =>
  filter === ''
    ? Buffer.alloc(filterBytes)
    : createHmac('sha256', key.filter).update(filter).digest().subarray(0, filterBytes);

function plainOf(places: readonly CursorPlace[], scope: CursorScope, filter: Uint8Array): Buffer {
  const plain = Buffer.alloc(places.length * plainBytes);
  let at = 0;
  for (const place of places) {
    plain[at] = kinds[place.kind === 'entry' && isOccurrence(scope) ? 'occurrence' : place.kind];
    plain.writeUIntBE(place.recordedAt, at + 1, 6);
    if (place.kind === 'entry') writeUuid(place.id, plain, at + 7);
    plain.writeUInt32BE(scope.generation, at + 23);
    plain.set(filter, at + 27);
    at += plainBytes;
  }
  return plain;
}

/** `keys`: the first seals, all open. */
export function openCursors(keys: readonly CursorKey[]): Cursors {
  const derived = keys.map(derive);
  const [current] = derived;
  if (current === undefined) throw new TypeError('cursors need a key');

  const sealAll = (places: readonly CursorPlace[], scope: CursorScope): string[] => {
    if (places.length === 0) return [];
    const plain = plainOf(places, scope, filterTag(current, scope.filter));
    const sealed = current.siv.seal(plain, plainBytes, boundTo(current, scope), { before: 1, after: fill });
    const stride = sealedBytes + fill;
    for (let at = 0; at < sealed.length; at += stride) sealed[at] = current.id;
    const text = sealed.toString('base64url');
    const characters = (stride * 4) / 3;
    return places.map((_, index) => text.slice(index * characters, index * characters + cursorCharacters));
  };

  return {
    seal: (place, scope) => sealAll([place], scope)[0] ?? '',
    sealAll,

    open(cursor, scope) {
      const sealed = Buffer.from(cursor, 'base64url');
      const key = derived.find((one) => one.id === sealed[0]);
      if (sealed.length !== sealedBytes || key === undefined || sealed.toString('base64url') !== cursor) {
        return 'NOT_A_CURSOR';
      }
      const plain = key.siv.open(sealed.subarray(1), boundTo(key, scope));
      if (plain === null) return 'OTHER_LOG';
      if (plain.readUInt32BE(23) !== scope.generation) return 'OTHER_GENERATION';
      if (!timingSafeEqual(plain.subarray(27, 35), filterTag(key, scope.filter))) {
        return 'OTHER_FILTER';
      }
      if ((plain[0] === kinds.occurrence) !== isOccurrence(scope)) return 'OTHER_ORDER';
      const recordedAt = plain.readUIntBE(1, 6);
      return plain[0] !== kinds.time
        ? { kind: 'entry', recordedAt, id: uuidFromBytes(plain.subarray(7, 23)) }
        : { kind: 'time', recordedAt };
    },
  };
}
