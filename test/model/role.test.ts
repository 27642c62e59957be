import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/model/entry.ts';
import { isAlways, isNever, matches } from '../../src/model/predicate.ts';
import {
  accessLevels,
  builtInRoles,
  permissions,
  reaches,
  type VisibilityFacts,
  type VisibilityRule,
  visibilityPredicate,
} from '../../src/model/role.ts';
import { entry } from '../support/entries.ts';

const small = fc.integer({ min: 1, max: 6 });
const rule: fc.Arbitrary<VisibilityRule> = fc.record({
  categories: fc.option(fc.constantFrom<readonly string[]>([], ['sharing'], ['sharing', 'passwords'])),
  scope: fc.constantFrom('ALL', 'GRANTED', 'NONE'),
  minimumAccessLevel: fc.constantFrom(...accessLevels),
  ownActivity: fc.boolean(),
});
const facts: fc.Arbitrary<VisibilityFacts> = fc.record({
  actor: fc.option(small),
  directories: fc.uniqueArray(small, { maxLength: 4 }).map((list) => new Set(list)),
  actions: fc.uniqueArray(small, { maxLength: 4 }).map((list) => new Set(list)),
});

/**
 * The rule in words: the category is among the role’s, or the role sees all categories; and the role’s scope is all, or
 * the entry happened in or under a granted directory, or own activity counts and the entry is by me or about me.
 */
function sees(
  { categories, scope, ownActivity }: VisibilityRule,
  { actor, directories, actions }: VisibilityFacts,
  one: Entry,
): boolean {
  if (categories !== null && !actions.has(one.action)) return false;
  if (scope === 'ALL') return true;
  if (scope === 'GRANTED' && one.directory !== null && directories.has(one.directory)) return true;
  if (!ownActivity || actor === null) return false;
  return one.actor === actor || one.affectedUser === actor;
}

describe('visibilityPredicate', () => {
  it('sees what the rule says, of any entry', () => {
    const property = fc.property(
      rule,
      facts,
      fc.array(entry, { minLength: 5, maxLength: 20 }),
      (of, known, entries) => {
        const predicate = visibilityPredicate(of, known);
        for (const one of entries) expect(matches(predicate, one)).toBe(sees(of, known, one));
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it('shows that it is everything or nothing', () => {
    const none: VisibilityFacts = { actor: null, directories: new Set(), actions: new Set() };
    const of = (scope: VisibilityRule['scope'], change: Partial<VisibilityRule> = {}): VisibilityRule => ({
      categories: null,
      scope,
      minimumAccessLevel: 'READ',
      ownActivity: false,
      ...change,
    });
    expect(isAlways(visibilityPredicate(of('ALL'), none))).toBe(true);
    expect(isAlways(visibilityPredicate(of('ALL', { ownActivity: true }), { ...none, actor: 1 }))).toBe(true);
    expect(isNever(visibilityPredicate(of('ALL', { categories: [] }), none))).toBe(true);
    expect(isNever(visibilityPredicate(of('NONE'), none))).toBe(true);
    expect(isNever(visibilityPredicate(of('NONE', { ownActivity: true }), none))).toBe(true);
    expect(isNever(visibilityPredicate(of('GRANTED'), none))).toBe(true);
  });
});

describe('access levels', () => {
  it('include the weaker ones', () => {
    const order = ['READ', 'EDIT', 'FULL_ACCESS', 'ADMINISTRATOR'] as const;
    expect(accessLevels).toEqual(order);
    for (const [have, level] of order.entries()) {
      for (const [need, minimum] of order.entries())
        expect(reaches(level, minimum), `${level} for ${minimum}`).toBe(have >= need);
    }
  });
});

describe('the built-in roles', () => {
  const everything = { categories: null, scope: 'ALL', ownActivity: false };
  it.each([
    ['OWNER', permissions, everything],
    ['ADMINISTRATOR', permissions.filter((one) => !['ERASE', 'MANAGE_ORGANIZATION'].includes(one)), everything],
    ['AUDITOR', ['READ', 'EXPORT', 'READ_PROOFS'], everything],
    [
      'MEMBER',
      ['READ'],
      { categories: null, scope: 'GRANTED', minimumAccessLevel: 'ADMINISTRATOR', ownActivity: true },
    ],
    ['INTEGRATION', ['RECORD'], { categories: null, scope: 'NONE', ownActivity: false }],
  ] as const)('%s may and sees what it should', (key, may, visibility) => {
    const role = builtInRoles.find((one) => one.key === key);
    expect([...(role?.permissions ?? [])]).toEqual(may);
    expect(role?.visibility).toMatchObject(visibility);
  });

  it('are these five', () => {
    expect(builtInRoles.map((role) => role.key)).toEqual([
      'OWNER',
      'ADMINISTRATOR',
      'AUDITOR',
      'MEMBER',
      'INTEGRATION',
    ]);
  });
});
