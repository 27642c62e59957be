import { randomFillSync } from 'node:crypto';

/** Fills the array with random bytes; tests pass a seeded one. */
export type RandomSource = (bytes: Uint8Array) => void;

export const systemRandom: RandomSource = (bytes) => {
  randomFillSync(bytes);
};

/**
 * A UUIDv7 (RFC 9562, section 5.7) of the time in milliseconds, with 74 random bits and no counter:
 * a counter would tell a reader how many hidden entries lie between two visible ones.
 */
export function uuidV7(timeMs: number, random: RandomSource): string {
  const bytes = new Uint8Array(16);
  random(bytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, Math.floor(timeMs / 0x1_0000_0000));
  view.setUint32(2, timeMs >>> 0);
  view.setUint8(6, 0x70 | (view.getUint8(6) & 0x0f));
  view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f));
  const hex = Buffer.from(bytes.buffer).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return uuidForm.test(text);
}

/** The 16 bytes of a UUID in its text form. */
export function uuidBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

export function uuidFromBytes(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
