/**
 * HMAC-SHA256 (RFC 2104) of short messages under one key, in two one-shot hashes: Node takes several times as long to set
 * up an Hmac object as to hash a few dozen bytes.
 */
import { hash } from 'node:crypto';

const blockBytes = 64;
const digestBytes = 32;

/** Gives the MAC of a message in hexadecimal. `key`: at most 64 bytes; a longer one would have to be hashed first. */
export type Hmac = (message: Uint8Array) => string;

export function openHmac(key: Uint8Array): Hmac {
  if (key.length > blockBytes) throw new TypeError(`a key has at most ${blockBytes} bytes`);
  const padded = (pad: number, room: number): Buffer => {
    const bytes = Buffer.alloc(blockBytes + room);
    bytes.set(key);
    for (let at = 0; at < blockBytes; at++) bytes[at] = (bytes[at] ?? 0) ^ pad;
    return bytes;
  };
  const innerStart = padded(0x36, 0);
  const outer = padded(0x5c, digestBytes);
  return (message) => {
    outer.write(hash('sha256', Buffer.concat([innerStart, message]), 'hex'), blockBytes, 'hex');
    return hash('sha256', outer, 'hex');
  };
}
