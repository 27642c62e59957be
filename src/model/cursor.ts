/**
 * Cursors: opaque, authenticated, deterministic. The same place gives the same cursor, and a cursor tells a reader
 * nothing: no position, no time, no count of hidden entries. Bound to organization, generation and filter, not to rights.
 *
 * Form: base64url of key number (1 byte), tag (16) and ciphertext (35). The tag is HMAC-SHA256 over binding and
 * plaintext, cut to 16 bytes, and also the counter block of AES-256-CTR: the synthetic-IV construction of RFC 5297 with
 * HMAC in place of S2V. Plaintext: kind (1), recordedAt in milliseconds (6), entry id (16), generation (4), filter (8). A
 * place in a list by occurredAt is another kind, so that it is not taken for one in the order of the log.
 */
import { type Cipheriv, createCipheriv, createSecretKey, hkdfSync, timingSafeEqual } from 'node:crypto';
import { type Hmac, openHmac } from './hmac.ts';
import { uuidBytes, uuidFromBytes } from './uuid.ts';

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
  open(cursor: string, scope: CursorScope): CursorPlace | CursorProblem;
}

const tagBytes = 16;
const filterBytes = 8;
const plainBytes = 1 + 6 + 16 + 4 + filterBytes;
const sealedBytes = 1 + tagBytes + plainBytes;
const noId = Buffer.alloc(16);
/** What a cursor names: an entry, a time, or an entry in the order of occurredAt. */
const kinds = { entry: 1, time: 2, occurrence: 3 } as const;
const isOccurrence = ({ order }: CursorScope): boolean => order === 'OCCURRED_AT';

interface DerivedKey {
  readonly id: number;
  readonly mac: Hmac;
  /** AES-256 on single blocks; made once, because a new cipher costs more than what it encrypts. */
  readonly blocks: Cipheriv;
}

function derive(key: CursorKey): DerivedKey {
  const secret = (info: string) => Buffer.from(hkdfSync('sha256', key.secret, '', `annals cursor ${info}`, 32));
  const blocks = createCipheriv('aes-256-ecb', createSecretKey(secret('cipher')), null).setAutoPadding(false);
  return { id: key.id, mac: openHmac(secret('mac')), blocks };
}

const blockBytes = 16;

/** AES-256-CTR from the counter block `tag` on: the counters encrypted one by one, combined with the text. */
function applyKeystream(key: DerivedKey, tag: Uint8Array, text: Uint8Array): Buffer {
  const counters = Buffer.alloc(Math.ceil(text.length / blockBytes) * blockBytes);
  for (let at = 0; at < counters.length; at += blockBytes) {
    counters.set(tag, at);
    addToBlock(counters, at, at / blockBytes);
  }
  const stream = key.blocks.update(counters);
  return Buffer.from(text.map((byte, index) => byte ^ (stream[index] ?? 0)));
}

/** Adds a number below 256 to the 128-bit big-endian block at an offset. */
function addToBlock(bytes: Buffer, at: number, addend: number): void {
  for (let index = at + blockBytes - 1, carry = addend; carry > 0 && index >= at; index--) {
    const sum = (bytes[index] ?? 0) + carry;
    bytes[index] = sum & 0xff;
    carry = sum >> 8;
  }
}

/** `keys`: the first seals, all open. */
export function openCursors(keys: readonly CursorKey[]): Cursors {
  const derived = keys.map(derive);
  const [current] = derived;
  if (current === undefined) throw new TypeError('cursors need a key');

  const macOf = (key: DerivedKey, parts: readonly Uint8Array[], bytes: number): Buffer =>
    Buffer.from(key.mac(Buffer.concat(parts)).slice(0, 2 * bytes), 'hex');

  const tagOf = (key: DerivedKey, plain: Uint8Array, scope: CursorScope): Buffer =>
    macOf(key, [uuidBytes(scope.organizationUid), plain], tagBytes);

  const filterTag = (key: DerivedKey, filter: string): Buffer =>
    filter === '' ? Buffer.alloc(filterBytes) : macOf(key, [Buffer.from(`filter${filter}`)], filterBytes);

  return {
    seal(place, scope) {
      const plain = Buffer.alloc(plainBytes);
      plain.writeUInt8(kinds[place.kind === 'entry' && isOccurrence(scope) ? 'occurrence' : place.kind], 0);
      plain.writeUIntBE(place.recordedAt, 1, 6);
      plain.set(place.kind === 'entry' ? uuidBytes(place.id) : noId, 7);
      plain.writeUInt32BE(scope.generation, 23);
      plain.set(filterTag(current, scope.filter), 27);
      const tag = tagOf(current, plain, scope);
      const sealed = Buffer.alloc(sealedBytes);
      sealed[0] = current.id;
      sealed.set(tag, 1);
      sealed.set(applyKeystream(current, tag, plain), 1 + tagBytes);
      return sealed.toString('base64url');
    },

    open(cursor, scope) {
      const sealed = Buffer.from(cursor, 'base64url');
      const key = derived.find((one) => one.id === sealed[0]);
      if (sealed.length !== sealedBytes || key === undefined || sealed.toString('base64url') !== cursor) {
        return 'NOT_A_CURSOR';
      }
      const tag = sealed.subarray(1, 1 + tagBytes);
      const plain = applyKeystream(key, tag, sealed.subarray(1 + tagBytes));
      if (!timingSafeEqual(tag, tagOf(key, plain, scope))) {
        return 'OTHER_LOG';
      }
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
