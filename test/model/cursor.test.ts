import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CursorPlace, type CursorScope, openCursors } from '../../src/model/cursor.ts';
import { uuidBytes, uuidFromBytes } from '../../src/model/uuid.ts';

const key = (id: number) => ({ id, secret: new Uint8Array(32).fill(id) });
const cursors = openCursors([key(1)]);

const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const place: fc.Arbitrary<CursorPlace> = fc.oneof(
  fc.record({ kind: fc.constant('entry' as const), recordedAt: time, id: fc.uuid() }),
  fc.record({ kind: fc.constant('time' as const), recordedAt: time }),
);
const scope: fc.Arbitrary<CursorScope> = fc.record({
  organizationUid: fc.uuid(),
  generation: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  filter: fc.oneof(fc.constant(''), fc.string()),
});

const here: CursorScope = { organizationUid: '019cf3a0-0000-7000-8000-000000000001', generation: 3, filter: '{"a":1}' };
const there: CursorPlace = { kind: 'entry', recordedAt: 1_773_999_999_000, id: '019d0aa6-05fb-7abc-9def-0123456789ab' };

describe('a cursor', () => {
  it('opens to its place, is the same each time, and always as long', () => {
    const property = fc.property(place, scope, (at, within) => {
      const cursor = cursors.seal(at, within);
      expect(cursors.open(cursor, within)).toEqual(at);
      expect(openCursors([key(1)]).seal(at, within)).toBe(cursor);
      expect(cursor).toMatch(/^[A-Za-z0-9_-]{70}$/);
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('differs for another place, organization, generation or filter', () => {
    const one = fc.tuple(place, scope);
    const property = fc.property(one, one, ([at, within], [otherAt, otherWithin]) => {
      fc.pre(JSON.stringify([at, within]) !== JSON.stringify([otherAt, otherWithin]));
      expect(cursors.seal(at, within)).not.toBe(cursors.seal(otherAt, otherWithin));
    });
    fc.assert(property);
    const all = [
      cursors.seal(there, here),
      cursors.seal({ kind: 'time', recordedAt: there.recordedAt }, here),
      cursors.seal({ ...there, recordedAt: there.recordedAt + 1 }, here),
      cursors.seal(there, { ...here, generation: 4 }),
      cursors.seal(there, { ...here, filter: '' }),
      cursors.seal(there, { ...here, filter: '{"a":2}' }),
      cursors.seal(there, { ...here, organizationUid: '019cf3a0-0000-7000-8000-000000000002' }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it.each([
    ['another organization', { organizationUid: '019cf3a0-0000-7000-8000-000000000002' }, 'OTHER_LOG'],
    ['another generation', { generation: 4 }, 'OTHER_GENERATION'],
    ['another filter', { filter: '{"a":2}' }, 'OTHER_FILTER'],
    ['no filter', { filter: '' }, 'OTHER_FILTER'],
    // The generation comes first: after a restore the filter does not matter.
    ['another generation and filter', { generation: 4, filter: '' }, 'OTHER_GENERATION'],
  ] as const)('does not open in %s', (_name, change, problem) => {
    expect(cursors.open(cursors.seal(there, here), { ...here, ...change })).toBe(problem);
  });

  it('does not open with a filter when it was made without one', () => {
    expect(cursors.open(cursors.seal(there, { ...here, filter: '' }), here)).toBe('OTHER_FILTER');
  });

  it('shows when any bit was changed', () => {
    const property = fc.property(place, scope, fc.nat(52 * 8 - 1), (at, within, bit) => {
      const bytes = Buffer.from(cursors.seal(at, within), 'base64url');
      expect(bytes).toHaveLength(52);
      bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(cursors.open(bytes.toString('base64url'), within)).toBe(bit < 8 ? 'NOT_A_CURSOR' : 'OTHER_LOG');
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it('opens in exactly one spelling', () => {
    const cursor = cursors.seal(there, here);
    const last = cursor.at(-1) ?? '';
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const opened = [...alphabet].filter((one) => typeof cursors.open(cursor.slice(0, -1) + one, here) === 'object');
    expect(opened).toEqual([last]);
    for (const other of [`${cursor}=`, `${cursor}==`, ` ${cursor}`, `${cursor}\n`, `${cursor}A`, cursor.slice(0, -2)]) {
      expect(cursors.open(other, here), JSON.stringify(other)).toBe('NOT_A_CURSOR');
    }
  });

  it('is told from any other text', () => {
    const property = fc.property(fc.oneof(fc.string(), fc.base64String(), fc.string({ unit: 'binary' })), (text) => {
      expect(cursors.open(text, here)).toBe('NOT_A_CURSOR');
    });
    fc.assert(property);
  });

  it('shows nothing of the place: neighbours have nothing in common, and no part of the plaintext stands in it', () => {
    const property = fc.property(time, fc.uuid(), (recordedAt, id) => {
      const bytes = (at: CursorPlace) => Buffer.from(cursors.seal(at, here), 'base64url').subarray(1);
      const one = bytes({ kind: 'entry', recordedAt, id });
      const plain = uuidBytes(id);
      for (let from = 0; from + 4 <= 16; from++) expect(one.includes(plain.subarray(from, from + 4))).toBe(false);
      const stamp = Buffer.alloc(6);
      stamp.writeUIntBE(recordedAt, 0, 6);
      expect(one.includes(stamp)).toBe(false);
      plain.writeUInt8(plain.readUInt8(15) ^ 1, 15);
      const neighbour = bytes({ kind: 'entry', recordedAt, id: uuidFromBytes(plain) });
      // By chance 51 random bytes agree in 0.2 places; in 16 of them, never.
      expect([...one].filter((byte, index) => byte === neighbour[index]).length).toBeLessThan(16);
    });
    // Four bytes appear by chance once in 10,000,000 such runs.
    fc.assert(property, { numRuns: 200 });
  });
});

describe('the keys of cursors', () => {
  const [old, rotated] = [openCursors([key(1)]), openCursors([key(2), key(1)])];

  it('rotate: the first seals, all open', () => {
    const property = fc.property(place, scope, (at, within) => {
      expect(rotated.open(old.seal(at, within), within)).toEqual(at);
      expect(rotated.seal(at, within)).toBe(openCursors([key(2)]).seal(at, within));
      expect(old.open(rotated.seal(at, within), within)).toBe('NOT_A_CURSOR');
    });
    fc.assert(property);
    expect(rotated.open(old.seal(there, here), { ...here, filter: 'x' })).toBe('OTHER_FILTER');
  });

  it('are told apart by the secret, not by the number', () => {
    const impostor = openCursors([{ id: 1, secret: new Uint8Array(32).fill(9) }]);
    expect(cursors.open(impostor.seal(there, here), here)).toBe('OTHER_LOG');
  });

  it('must be at least one', () => {
    expect(() => openCursors([])).toThrow('need a key');
  });
});
