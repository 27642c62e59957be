import type { Buffer } from 'node:buffer';
import { createHmac, createSecretKey, hash } from 'node:crypto';
import { AnnalsError } from '../errors.ts';

/** Different lines that one input may have; the table takes 27 to 53 bytes for each, so 640 MiB at most. */
export const distinctLineLimit = 20_000_000;

const slotWords = 5;

/** Counts identical lines by the first 16 bytes of their SHA-256, in one flat table: four words of hash, one of count. */
export class LineCounter {
  readonly #limit: number;
  #slots = 1 << 12;
  #used = 0;
  #table = new Uint32Array(this.#slots * slotWords);

  constructor(limit: number = distinctLineLimit) {
    this.#limit = limit;
  }

  /**
   * How many times this line came before.
   * @throws AnnalsError BAD_INPUT beyond the limit on distinct lines.
   */
  next(content: Buffer): number {
    const digest = hash('sha256', content, 'buffer');
    const words = [digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8), digest.readUInt32LE(12)];
    const slot = this.#find(words);
    const count = this.#table[slot + 4] ?? 0;
    if (count === 0) {
      if (this.#used >= this.#limit) {
        throw new AnnalsError('BAD_INPUT', {
          message: `The input has more than ${this.#limit} different lines.`,
          cure: 'Split the input by time and import the parts one after the other.',
        });
      }
      this.#used += 1;
      this.#table.set(words, slot);
    }
    this.#table[slot + 4] = count + 1;
    if (this.#used * 4 > this.#slots * 3) this.#grow();
    return count;
  }

  /** Index of the slot that holds this hash, or of the free one where it belongs. */
  #find(words: readonly number[]): number {
    const table = this.#table;
    const [first = 0, second, third, fourth] = words;
    for (let slot = first & (this.#slots - 1); ; slot = (slot + 1) & (this.#slots - 1)) {
      const at = slot * slotWords;
      if (table[at + 4] === 0) return at;
      if (table[at] === first && table[at + 1] === second && table[at + 2] === third && table[at + 3] === fourth)
        return at;
    }
  }

  #grow(): void {
    const old = this.#table;
    this.#slots *= 2;
    this.#table = new Uint32Array(this.#slots * slotWords);
    for (let at = 0; at < old.length; at += slotWords) {
      if (old[at + 4] === 0) continue;
      const row = old.subarray(at, at + slotWords);
      this.#table.set(row, this.#find([...row.subarray(0, 4)]));
    }
  }
}

/** The idempotency key of a line, given how many identical lines came before. */
export type LineKey = (content: Buffer, ordinal: number) => string;

/**
 * Keys are HMAC-SHA256 over the source’s name, the ordinal, and the line without its line end, as base64url. The same
 * file gives the same keys again, two identical lines in one file give two, and without the secret nobody can test
 * a guess of a line against a remembered key.
 */
export function openLineKeys(secret: Uint8Array, source: string): LineKey {
  // A key object is made once: from bare bytes, each HMAC would take six times as long.
  const key = createSecretKey(secret);
  return (content, ordinal) =>
    createHmac('sha256', key).update(`${source}\n${ordinal}\n`).update(content).digest('base64url');
}
