import { createSecretKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { filterShape, openEntryMaker, type Subject } from '../../src/access/entries.ts';

const key = { organization: 1, kind: 'READ', actorType: 'MEMBER', actorId: 'mara', start: 0, end: 900_000 } as const;
const subject: Subject = {
  organization: 1,
  organizationUid: 'u',
  type: 'MEMBER',
  id: 'mara',
  name: 'Mara',
  credential: { token: 't' },
};
const nowhere = { ip: null, userAgent: null, request: null };

const keyOf = (secret: string, window: Partial<Record<keyof typeof key, string | number>> = {}) =>
  openEntryMaker(createSecretKey(Buffer.from(secret))).first(
    { ...key, ...window } as typeof key,
    subject,
    { operation: 'logs' },
    nowhere,
    1,
  ).idempotencyKey;

test('every part of a window is in the key of its entries, and so is a secret: nobody can take it beforehand', () => {
  const other = { organization: 2, kind: 'LIVE', actorType: 'TOKEN', actorId: 'max', start: 900_000, end: 60_000 };
  const keys = [
    keyOf('secret'),
    keyOf('another'),
    ...Object.entries(other).map(([name, value]) => keyOf('secret', { [name]: value })),
  ];
  expect(new Set(keys).size).toBe(keys.length);
  expect(keyOf('secret')).toBe(keys[0]);
});

test.each([
  [undefined, []],
  [null, []],
  [{}, []],
  [{ actor: { in: ['mara'] }, severity: null }, ['actor']],
  [{ directory: { in: ['a'], under: null } }, ['directory']],
  [{ directory: { under: ['a'] } }, ['directory.under']],
  [
    { and: [{ outcome: { in: ['DENIED' as const] } }, { or: [{ not: { actor: { notIn: [] } } }] }] },
    ['actor', 'outcome'],
  ],
  [{ recordedAt: { gte: '2026-01-01T00:00:00Z' } }, ['recordedAt']],
])('the shape of %j is %j', (filter, shape) => {
  expect(filterShape(filter)).toEqual(shape);
});
