import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isUuid, systemRandom, uuidBytes, uuidFromBytes, uuidV7, writeUuid } from '../../src/model/uuid.ts';

const time = fc.oneof(fc.integer({ min: 0, max: 2 ** 48 - 1 }), fc.constantFrom(2 ** 32 - 1, 2 ** 32, 407 * 2 ** 32));
const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
const from = (given: Uint8Array) => (target: Uint8Array) => target.set(given);

describe('uuidV7', () => {
  it('makes the example of RFC 9562, appendix A.6', () => {
    const random = Buffer.from('0000000000000cc318c4dc0c0c07398f', 'hex');
    expect(uuidV7(0x017f22e279b0, from(random))).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  });

  it('carries version, variant and time, and 74 bits that are the source’s', () => {
    const property = fc.property(time, bytes, (milliseconds, random) => {
      const uuid = uuidV7(milliseconds, from(random));
      expect(isUuid(uuid)).toBe(true);
      const made = uuidBytes(uuid);
      expect(made.readUIntBE(0, 6)).toBe(milliseconds);
      expect(made.readUInt8(6) >> 4).toBe(7);
      expect(made.readUInt8(8) >> 6).toBe(0b10);
      expect(made.readUInt8(6) & 0x0f).toBe((random[6] ?? 0) & 0x0f);
      expect(made.readUInt8(7)).toBe(random[7]);
      expect(made.readUInt8(8) & 0x3f).toBe((random[8] ?? 0) & 0x3f);
      expect([...made.subarray(9)]).toEqual([...random.subarray(9)]);
    });
    fc.assert(property);
  });

  it('sorts by time, as text', () => {
    const property = fc.property(time, time, bytes, bytes, (early, late, one, other) => {
      fc.pre(early < late);
      expect(uuidV7(early, from(one)) < uuidV7(late, from(other))).toBe(true);
    });
    fc.assert(property);
  });

  it('has no counter: within a millisecond the order is the source’s, and nothing is carried over', () => {
    const property = fc.property(time, bytes, bytes, (milliseconds, one, other) => {
      const first = uuidV7(milliseconds, from(one));
      const between = uuidV7(milliseconds, from(other));
      expect(uuidV7(milliseconds, from(one))).toBe(first);
      expect(uuidV7(milliseconds, from(other))).toBe(between);
    });
    fc.assert(property);
    const drawn = Array.from({ length: 200 }, () => uuidV7(1, systemRandom));
    expect(new Set(drawn).size).toBe(200);
    // 200 random ids are in order by chance once in 200! times; a counter’s always are.
    expect(drawn).not.toEqual(drawn.toSorted());
  });

  it('draws each random bit set about half of the time', () => {
    const set = new Array<number>(128).fill(0);
    const draws = 2000;
    for (let draw = 0; draw < draws; draw++) {
      const made = uuidBytes(uuidV7(0, systemRandom));
      for (let bit = 0; bit < 128; bit++)
        set[bit] = (set[bit] ?? 0) + ((made.readUInt8(bit >> 3) >> (7 - (bit & 7))) & 1);
    }
    // Eight standard deviations, of 22 each.
    const random = set.flatMap((count, bit) => (Math.abs(count - draws / 2) < 180 ? [bit] : []));
    const expected = [...range(52, 64), ...range(66, 128)];
    expect(random).toEqual(expected);
    expect(expected).toHaveLength(74);
  });
});

describe('the forms of a UUID', () => {
  it('go into each other, also out of the middle of a buffer', () => {
    const property = fc.property(fc.uuid(), fc.nat(20), (uuid, offset) => {
      const larger = Buffer.concat([Buffer.alloc(offset, 7), uuidBytes(uuid), Buffer.alloc(3, 7)]);
      expect(uuidFromBytes(larger.subarray(offset, offset + 16))).toBe(uuid);
      expect(uuidBytes(uuid)).toHaveLength(16);
    });
    fc.assert(property);
  });

  it.each([
    ['017f22e2-79b0-7cc3-98c4-dc0c0c07398f', true],
    ['017F22E2-79B0-7CC3-98C4-DC0C0C07398F', false],
    ['017f22e279b07cc398c4dc0c0c07398f', false],
    ['017f22e2-79b0-7cc3-98c4-dc0c0c07398', false],
    ['017f22e2-79b0-7cc3-98c4-dc0c0c07398g', false],
    ['017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n', false],
    [' 017f22e2-79b0-7cc3-98c4-dc0c0c07398f', false],
    ['', false],
  ])('isUuid(%j) is %s', (text, expected) => {
    expect(isUuid(text)).toBe(expected);
  });
});

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, index) => start + index);
}

describe('writeUuid', () => {
  it('writes the bytes of the digits, in either case, where it is told', () => {
    const property = fc.property(bytes, fc.nat(20), fc.boolean(), (given, at, upper) => {
      const text = uuidFromBytes(given);
      const target = Buffer.alloc(16 + 21, 0xee);
      writeUuid(upper ? text.toUpperCase() : text, target, at);
      expect([...target.subarray(at, at + 16)]).toEqual([...given]);
      expect(target.filter((byte) => byte === 0xee).length).toBeGreaterThanOrEqual(21);
      expect(Buffer.from(text.replaceAll('-', ''), 'hex').equals(uuidBytes(text))).toBe(true);
    });
    fc.assert(property);
  });
});
