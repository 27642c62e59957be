import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bareFilter } from '../../src/graphql/bareFilter.ts';
import { actorId, bareId, entryUuid, globalId, parseGlobalId } from '../../src/graphql/ids.ts';
import { actorTypes } from '../../src/model/entry.ts';

const uuid = '018f3c1e-7b1a-7c3d-9a2b-3c4d5e6f7a8b';
const externalId = fc.string({ minLength: 1, unit: 'binary' });

test('a global id is taken apart into what it was made of', () => {
  const kind = fc.constantFrom('action' as const, 'category' as const, 'directory' as const);
  fc.assert(
    fc.property(kind, externalId, (one, id) => {
      expect(parseGlobalId(globalId(one, id))).toEqual({ kind: one, id });
      expect(bareId(one, globalId(one, id))).toBe(id);
    }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...actorTypes), externalId, (type, id) => {
      expect(parseGlobalId(actorId(type, id))).toEqual({ kind: 'actor', type, id });
      expect(bareId('actor', actorId(type, id))).toBe(id);
    }),
  );
  for (const one of ['entry', 'organization'] as const) {
    expect(parseGlobalId(globalId(one, uuid))).toEqual({ kind: one, id: uuid });
  }
});

test.each([
  '',
  ':',
  'entry:',
  'entry:1',
  `entry:${uuid}0`,
  'organization:acme',
  'actor:u1',
  'actor:MEMBER:',
  'actor:member:u1',
  'unknown:1',
  'constructor:1',
  uuid,
])('%j is no global id', (text) => {
  expect(parseGlobalId(text)).toBeNull();
});

test('a bare id stays as it is, also when it looks like the global id of something else', () => {
  for (const id of ['u1', 'a:b', 'action:x', 'actor:u1', 'entry:5', '']) expect(bareId('directory', id)).toBe(id);
});

test('an entry is named by its global id or its UUID, in either case', () => {
  for (const id of [uuid, uuid.toUpperCase(), `entry:${uuid}`, `entry:${uuid.toUpperCase()}`]) {
    expect(entryUuid(id)).toBe(uuid);
  }
  for (const id of ['', 'entry:', 'u1', `action:${uuid}`, `entry:entry:${uuid}`]) expect(entryUuid(id)).toBeNull();
});

test('a filter reaches the domain with bare ids, wherever they stand in it', () => {
  const filter = {
    or: [{ not: { actor: { in: ['actor:MEMBER:u1', 'u2'], notIn: null } } }],
    and: [{ directory: { under: ['directory:v1', 'v2'], in: [] } }],
    action: { notIn: ['action:passwork.item_viewed'] },
    category: { in: ['category:passwork.vaults'] },
    affectedUser: { in: ['actor:MEMBER:a:b'] },
    target: { in: ['actor:MEMBER:u1'] },
    severity: { gte: 3 },
  };
  expect(bareFilter(filter)).toEqual({
    or: [{ not: { actor: { in: ['u1', 'u2'], notIn: null } } }],
    and: [{ directory: { under: ['v1', 'v2'], in: [], notIn: null } }],
    action: { in: null, notIn: ['passwork.item_viewed'] },
    category: { in: ['passwork.vaults'], notIn: null },
    affectedUser: { in: ['a:b'], notIn: null },
    target: { in: ['actor:MEMBER:u1'] },
    severity: { gte: 3 },
  });
  expect(bareFilter(null)).toBeNull();
  expect(bareFilter(undefined)).toBeNull();
});
