import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createToken, hashToken, isToken, tokenPrefix } from '../../src/model/token.ts';
import { systemRandom } from '../../src/model/uuid.ts';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

describe('a token', () => {
  it('has prefix, 32 random characters and a checksum, and is recognised', () => {
    for (let count = 0; count < 200; count++) {
      const token = createToken(systemRandom);
      expect(token).toMatch(/^annals_[0-9A-Za-z]{38}$/);
      expect(isToken(token)).toBe(true);
    }
  });

  it('carries the CRC-32 of its random part in base 62', () => {
    // Computed with zlib.crc32 of another language: 32 zeros have the CRC-32 0xa0f292d0.
    const zeros = createToken((bytes) => bytes.fill(0));
    expect(zeros.slice(0, 39)).toBe(`annals_${'0'.repeat(32)}`);
    const number = [...zeros.slice(39)].reduce((sum, digit) => sum * 62 + alphabet.indexOf(digit), 0);
    expect(number).toBe(0xa0f292d0);
  });

  it('is not recognised with any character changed', () => {
    const property = fc.property(fc.nat(37), fc.constantFrom(...alphabet), (index, replacement) => {
      const token = createToken(systemRandom);
      const at = 'annals_'.length + index;
      fc.pre(token[at] !== replacement);
      expect(isToken(token.slice(0, at) + replacement + token.slice(at + 1))).toBe(false);
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it('is not recognised in any other form', () => {
    const token = createToken(systemRandom);
    const others = [
      '',
      token.slice(1),
      `${token}\n`,
      `${token}0`,
      ` ${token}`,
      token.slice(0, -1),
      token.replace('annals_', 'annals-'),
    ];
    for (const other of others) expect(isToken(other), JSON.stringify(other)).toBe(false);
  });

  it('draws every character equally often', () => {
    const counts = new Map([...alphabet].map((character) => [character, 0]));
    const tokens = 2000;
    for (let count = 0; count < tokens; count++) {
      for (const character of createToken(systemRandom).slice(7, 39))
        counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    // 61 degrees of freedom: chi-square beyond 140 comes by chance once in ten million runs. Characters drawn modulo 62
    // without a second draw would give about 480.
    const mean = (tokens * 32) / 62;
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    expect(counts.size).toBe(62);
    expect(chiSquare).toBeLessThan(140);
  });

  it('draws again where a byte would favour a character', () => {
    const given = [255, 248, 247, ...new Array<number>(31).fill(1)].values();
    const token = createToken((bytes) => bytes.fill(given.next().value ?? 2));
    expect(token.slice(7, 39)).toBe(`z${'1'.repeat(31)}`);
  });

  it('is kept as its SHA-256 and shown by its first characters', () => {
    const token = createToken(systemRandom);
    expect(hashToken(token)).toEqual(createHash('sha256').update(token).digest());
    expect(tokenPrefix(token)).toBe(token.slice(0, 11));
    expect(tokenPrefix(token)).toMatch(/^annals_[0-9A-Za-z]{4}$/);
  });
});
