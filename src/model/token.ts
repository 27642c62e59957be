import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { RandomSource } from './uuid.ts';

/**
 * A token: `annals_`, 32 characters of randomness (base62, 190 bits), 6 of CRC-32 (base62). The prefix and the checksum
 * let secret scanners and Annals itself recognise one without asking the database.
 */
const form = /^annals_([0-9A-Za-z]{32})([0-9A-Za-z]{6})$/;
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function randomText(random: RandomSource): string {
  let text = '';
  const byte = new Uint8Array(1);
  while (text.length < 32) {
    random(byte);
    // Bytes from 248 on are drawn again: 248 is the largest multiple of 62, so every character is equally likely.
    const value = byte[0] ?? 255;
    if (value < 248) text += alphabet[value % 62];
  }
  return text;
}

function checksum(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let index = 0; index < 6; index++) {
    digits = alphabet[rest % 62] + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

/** A fresh token. Show it once; keep only `hashToken` of it. */
export function createToken(random: RandomSource): string {
  const body = randomText(random);
  return `annals_${body}${checksum(body)}`;
}

/** Whether the text has the form of a token and its checksum holds. */
export function isToken(text: string): boolean {
  const match = form.exec(text);
  return match?.[1] !== undefined && checksum(match[1]) === match[2];
}

/** SHA-256 suffices without a salt: the token itself is random. */
export function hashToken(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}

/** What of a token may be shown to recognise it by. */
export function tokenPrefix(token: string): string {
  return token.slice(0, 11);
}
