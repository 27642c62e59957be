import { randomFillSync } from 'node:crypto';

/** Fills the array with random bytes; tests pass a seeded one. */
export type RandomSource = (bytes: Uint8Array) => void;

export const systemRandom: RandomSource = (bytes) => {
  randomFillSync(bytes);
};

/** Bytes drawn at a time by a pooled source. */
const poolBytes = 16_384;

/** The system’s random bytes, drawn ahead: one call for a few bytes costs as much as one for thousands. No byte is given twice. */
export function pooledRandom(): RandomSource {
  const pool = Buffer.alloc(poolBytes);
  let used = poolBytes;
  return (bytes) => {
    if (bytes.length > poolBytes) return systemRandom(bytes);
    if (used + bytes.length > poolBytes) {
      systemRandom(pool);
      used = 0;
    }
    bytes.set(pool.subarray(used, used + bytes.length));
    // What was given is not kept here.
    pool.fill(0, used, used + bytes.length);
    used += bytes.length;
  };
}

/**
 * A UUIDv7 (RFC 9562, section 5.7) of the time in milliseconds, with 74 random bits and no counter:
 * a counter would tell a reader how many hidden entries lie between two visible ones.
 */
export function uuidV7(timeMs: number, random: RandomSource): string {
  const bytes = Buffer.alloc(16);
  random(bytes);
  bytes.writeUIntBE(timeMs, 0, 6);
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  return uuidFromBytes(bytes);
}

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return uuidForm.test(text);
}

/** The value of a hexadecimal digit, by its character code. */
const digit = (code: number): number => (code & 15) + (code > 57 ? 9 : 0);

/** Writes the 16 bytes of a UUID; `uuid` must have its text form, in either case. */
export function writeUuid(uuid: string, bytes: Uint8Array, at: number): void {
  for (let index = 0, from = 0; index < 16; index++, from += 2) {
    // Hyphens stand before the bytes 4, 6, 8 and 10.
    if (index === 4 || index === 6 || index === 8 || index === 10) from++;
    bytes[at + index] = (digit(uuid.charCodeAt(from)) << 4) | digit(uuid.charCodeAt(from + 1));
  }
}

/** The 16 bytes of a UUID in its text form. */
export function uuidBytes(uuid: string): Buffer {
  const bytes = Buffer.alloc(16);
  writeUuid(uuid, bytes, 0);
  return bytes;
}

/** The text form of the 16 bytes from `at` on. */
export function uuidFromBytes(bytes: Uint8Array, at = 0): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset + at, 16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
