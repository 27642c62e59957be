import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSiv, sivKeyBytes, tagBytes } from '../../src/model/siv.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const xor = (one: Uint8Array, other: Uint8Array) => Buffer.from(one.map((byte, index) => byte ^ (other[index] ?? 0)));

/** Doubling in GF(2^128) by whole numbers. */
function double(block: Buffer): Buffer {
  const number = BigInt(`0x${block.toString('hex')}`) << 1n;
  const reduced = number >> 128n ? (number & ((1n << 128n) - 1n)) ^ 0x87n : number;
  return hex(reduced.toString(16).padStart(32, '0'));
}

/** AES-CMAC as the last block of AES-CBC. */
function cmac(key: Uint8Array, message: Uint8Array): Buffer {
  const cbc = (text: Uint8Array) => {
    const cipher = createCipheriv('aes-256-cbc', key, Buffer.alloc(16)).setAutoPadding(false);
    return Buffer.concat([cipher.update(text), cipher.final()]).subarray(-16);
  };
  const whole = double(cbc(Buffer.alloc(16)));
  const blocks = Math.max(1, Math.ceil(message.length / 16));
  const full = message.length === blocks * 16;
  const padded = Buffer.alloc(blocks * 16);
  padded.set(message);
  if (!full) padded[message.length] = 0x80;
  padded.set(xor(padded.subarray(-16), full ? whole : double(whole)), padded.length - 16);
  return cbc(padded);
}

/** RFC 5297, sections 2.4 and 2.6, step by step, with Node’s own modes of AES. */
function sealed(key: Uint8Array, associated: Uint8Array, text: Uint8Array): Buffer {
  const mac = (message: Uint8Array) => cmac(key.subarray(0, 32), message);
  const d = xor(double(mac(Buffer.alloc(16))), mac(associated));
  const short = Buffer.alloc(16);
  short.set(text.subarray(0, 16));
  short[text.length] = 0x80;
  const t =
    text.length >= 16 ? Buffer.concat([text.subarray(0, -16), xor(text.subarray(-16), d)]) : xor(double(d), short);
  const tag = mac(t);
  const counter = Buffer.from(tag);
  counter[8] = (counter[8] ?? 0) & 0x7f;
  counter[12] = (counter[12] ?? 0) & 0x7f;
  return Buffer.concat([tag, createCipheriv('aes-256-ctr', key.subarray(32), counter).update(text)]);
}

const key = fc.uint8Array({ minLength: sivKeyBytes, maxLength: sivKeyBytes });
const bytes = fc.uint8Array({ maxLength: 80 });
const text = fc.uint8Array({ minLength: 1, maxLength: 80 });

describe('AES-SIV', () => {
  it('gives what RFC 5297 gives in appendix A.1', () => {
    const siv = openSiv(hex('fffefdfc fbfaf9f8 f7f6f5f4 f3f2f1f0 f0f1f2f3 f4f5f6f7 f8f9fafb fcfdfeff'));
    const bound = siv.bind(hex('10111213 14151617 18191a1b 1c1d1e1f 20212223 24252627'));
    const plain = hex('11223344 55667788 99aabbcc ddee');
    const expected = hex('85632d07 c6e8f37f 950acd32 0a2ecc93 40c02b96 90c4dc04 daef7f6a fe5c');
    expect(siv.seal(plain, plain.length, bound)).toEqual(expected);
    expect(siv.open(expected, bound)).toEqual(plain);
  });

  it('gives what the RFC’s steps give, for any key, binding and length, and opens to the text', () => {
    const property = fc.property(key, bytes, text, (secret, associated, plain) => {
      const siv = openSiv(secret);
      const bound = siv.bind(associated);
      const given = siv.seal(plain, plain.length, bound);
      expect(given).toEqual(sealed(secret, associated, plain));
      expect(siv.open(given, bound)).toEqual(Buffer.from(plain));
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('seals many texts as it seals each of them', () => {
    const many = fc
      .integer({ min: 1, max: 40 })
      .chain((length) => fc.array(fc.uint8Array({ minLength: length, maxLength: length }), { minLength: 1 }));
    const property = fc.property(key, many, (secret, texts) => {
      const siv = openSiv(secret);
      const bound = siv.bind(Buffer.from('log'));
      const length = texts[0]?.length ?? 0;
      const one = texts.map((each) => siv.seal(each, length, bound));
      expect(siv.seal(Buffer.concat(texts), length, bound)).toEqual(Buffer.concat(one));
    });
    fc.assert(property);
  });

  it('does not open under another binding or key, or with any bit changed', () => {
    const property = fc.property(key, text, fc.nat(), (secret, plain, chosen) => {
      const siv = openSiv(secret);
      const bound = siv.bind(Buffer.from('log'));
      const given = siv.seal(plain, plain.length, bound);
      expect(siv.open(given, siv.bind(Buffer.from('other')))).toBeNull();
      const other = Uint8Array.from(secret, (byte) => byte ^ 1);
      expect(openSiv(other).open(given, openSiv(other).bind(Buffer.from('log')))).toBeNull();
      const bit = chosen % (given.length * 8);
      given.writeUInt8(given.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(siv.open(given, bound)).toBeNull();
    });
    fc.assert(property);
  });

  it('opens nothing that is too short, and takes no key of another length', () => {
    const siv = openSiv(new Uint8Array(sivKeyBytes));
    for (let length = 0; length <= tagBytes; length++) {
      expect(siv.open(new Uint8Array(length), siv.bind(new Uint8Array()))).toBeNull();
    }
    expect(() => openSiv(new Uint8Array(sivKeyBytes - 1))).toThrow('bytes');
  });
});
