/** Stated rights and stored ones never mix: what a JWT states is seen, whatever is stored about the member. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { World } from '../../src/administration/administration.ts';
import type { Principal } from '../../src/auth/auth.ts';
import { accessLevels } from '../../src/model/role.ts';
import { openReadingLog, type ReadingLog } from '../query/support.ts';
import { type Reader, type Recorded, sees } from '../support/oracle.ts';
import { answer, openTestApp, principalOf, type TestApp } from '../support/readingApp.ts';
import { type Minter, newMinter } from './support.ts';

let at: TestApp;
beforeAll(async () => {
  at = await openTestApp();
});
afterAll(() => at?.[Symbol.asyncDispose]());

interface Stated {
  readonly subject: string;
  readonly role: string;
  readonly groups: readonly string[];
  readonly directories: readonly { readonly id: string; readonly level: World['grants'][number]['level'] }[];
}

const places = [...Array.from({ length: 8 }, (_, index) => `d${index}`), 'new-vault', 'nowhere'];

const claims: fc.Arbitrary<Stated> = fc.record({
  subject: fc.constantFrom('m0', 'm1', 'm2', 'm3', 'guest', 'stranger'),
  role: fc.constantFrom('MEMBER', 'MEMBER', 'MEMBER', 'MEMBER', 'AUDITOR', 'INTEGRATION'),
  groups: fc.shuffledSubarray(['group', 'other', 'no-such-group']),
  directories: fc.uniqueArray(
    fc.record({ id: fc.constantFrom(...places), level: fc.constantFrom(...accessLevels, 'ADMINISTRATOR' as const) }),
    { maxLength: 5, selector: ({ id }) => id },
  ),
});

/** Grants of each group as they are stored; the groups’ members play no part. */
const groupGrants: Record<string, Stated['directories']> = {
  other: [
    { id: 'd1', level: 'ADMINISTRATOR' },
    { id: 'd4', level: 'READ' },
  ],
};

const asMap = (grants: Stated['directories']) =>
  new Map(grants.map(({ id, level }) => [id, level === 'ADMINISTRATOR']));

async function storedGroup(owner: Principal): Promise<Stated['directories']> {
  const { nodes } = await at.app.services.administration.grants(owner, { first: 500, groupId: 'group' });
  return nodes.map(({ directoryId, level }) => ({ id: directoryId, level }));
}

interface Scene {
  readonly log: ReadingLog;
  readonly minter: Minter;
  readonly owner: Principal;
}

async function openScene(seed: number): Promise<Scene> {
  const log = await openReadingLog(at, seed, 60);
  const owner = await principalOf(at.app, log.ownerToken);
  const admin = at.app.services.administration;
  await admin.upsertGroups(owner, [{ id: 'other', name: 'Other', memberIds: ['m2'] }]);
  await admin.setGrants(
    owner,
    (groupGrants.other ?? []).map(({ id, level }) => ({ directoryId: id, groupId: 'other', level })),
  );
  const minter = await newMinter(at.app, owner, () => at.clock.now, { roles: ['MEMBER', 'AUDITOR', 'INTEGRATION'] });
  return { log, owner, minter };
}

const mintOf = ({ minter }: Scene, { subject, ...annals }: Stated) => minter.mint({ subject, annals });

async function seenBy(principal: Principal): Promise<string[]> {
  if (!principal.role.permissions.has('READ')) return [];
  const page = await at.app.services.query.logs(principal, { first: 500, direction: 'ASC' });
  return page.edges.map(({ entry }) => entry.id);
}

const shares = new Set<string>();

test.each([1, 2, 3, 4, 5, 6])('world %i: a JWT sees what the rule shows to what it states', async (seed) => {
  const scene = await openScene(seed);
  const { log, owner } = scene;
  const group = await storedGroup(owner);
  for (const stated of fc.sample(fc.noBias(claims), { numRuns: 40, seed })) {
    const grants = [
      asMap(stated.directories),
      ...stated.groups.map((id) => asMap(id === 'group' ? group : (groupGrants[id] ?? []))),
    ];
    const reader: Reader = { member: stated.subject, role: stated.role, grants };
    const expected = log.recorded.filter((entry: Recorded) => sees(reader, entry, log.tree)).map(({ id }) => id);
    const principal = await at.app.auth.authenticate(await mintOf(scene, stated));
    expect([stated, await seenBy(principal)]).toEqual([stated, expected]);
    const share = expected.length / log.recorded.length;
    shares.add(share === 0 ? 'nothing' : share === 1 ? 'everything' : 'part');
  }
});

test('those tokens saw nothing, a part, and everything', () => {
  expect([...shares].sort()).toEqual(['everything', 'nothing', 'part']);
});

test('whatever is stored about the member, the sight of a stated JWT stays the same; a stored one follows it', async () => {
  const scene = await openScene(7);
  const { owner } = scene;
  const admin = at.app.services.administration;
  const stated = {
    subject: 'm1',
    role: 'MEMBER',
    groups: ['other'],
    directories: [{ id: 'd0', level: 'ADMINISTRATOR' }],
  } as const;
  const token = await mintOf(scene, stated);
  const stored = await scene.minter.mint({ subject: 'm1', annals: {} });
  const sight = async (text: string) => seenBy(await at.app.auth.authenticate(text));
  await admin.upsertMembers(owner, [{ id: 'm1', role: 'INTEGRATION' }]);
  const before = await sight(token);
  expect(before.length).toBeGreaterThan(0);
  const seen = new Set<string>();
  const all = Array.from({ length: 8 }, (_, index) => `d${index}`);
  const changes: (() => Promise<unknown>)[] = [
    () => admin.upsertMembers(owner, [{ id: 'm1', role: 'MEMBER' }]),
    () =>
      admin.setGrants(
        owner,
        all.map((directoryId) => ({ directoryId, memberId: 'm1', level: 'READ' })),
      ),
    () =>
      admin.setGrants(
        owner,
        all.map((directoryId) => ({ directoryId, memberId: 'm1', level: 'ADMINISTRATOR' })),
      ),
    () =>
      admin.removeGrants(
        owner,
        all.map((directoryId) => ({ directoryId, memberId: 'm1' })),
      ),
    () => admin.upsertGroups(owner, [{ id: 'third', name: 'Third', memberIds: ['m1'] }]),
    () =>
      admin.setGrants(
        owner,
        all.map((directoryId) => ({ directoryId, groupId: 'third', level: 'ADMINISTRATOR' })),
      ),
    () => admin.upsertMembers(owner, [{ id: 'm1', role: 'AUDITOR' }]),
  ];
  for (const change of changes) {
    await change();
    expect(await sight(token)).toEqual(before);
    seen.add(JSON.stringify(await sight(stored)));
  }
  expect(seen.size).toBeGreaterThan(3);
  // Of a group it is the stored grants that count: those change what is seen.
  await admin.setGrants(
    owner,
    all.map((directoryId) => ({ directoryId, groupId: 'other', level: 'ADMINISTRATOR' })),
  );
  expect((await sight(token)).length).toBeGreaterThan(before.length);
  await admin.upsertMembers(owner, [{ id: 'm1', status: 'SUSPENDED' }]);
  for (const text of [token, stored]) await expect(sight(text)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('a directory and a person that nothing has named yet count from their first entry on, also in a stream', async () => {
  const scene = await openScene(8);
  const { log, minter } = scene;
  const directories = [{ id: 'later', level: 'ADMINISTRATOR' }];
  const principal = await at.app.auth.authenticate(
    await minter.mint({ subject: 'newcomer', annals: { role: 'MEMBER', directories } }),
  );
  expect(await seenBy(principal)).toEqual([]);
  const stream = at.app.services.live.subscribe(principal, {});
  await stream.next();
  await log.append([
    { action: 'passwork.item_viewed', vault: { id: 'd0' } },
    { action: 'passwork.item_viewed', vault: { id: 'later' }, directory: { id: 'later-folder' } },
    { action: 'passwork.item_viewed', actor: { id: 'newcomer' } },
  ]);
  const expected = log.recorded.slice(-2).map(({ id }) => id);
  const delivered: string[] = [];
  while (delivered.length < 2) {
    const { value } = await stream.next();
    // What is stated was so all along: no change of rights.
    expect(value?.notice).toBeNull();
    delivered.push(...(value?.entries.map(({ id }: { id: string }) => id) ?? []));
  }
  await stream.return?.();
  expect(delivered).toEqual(expected);
  expect(await seenBy(await at.app.auth.refresh(principal))).toEqual(expected);
});

test('viewer says what came, where its rights come from, and which grants the credential states', async () => {
  const scene = await openScene(9);
  const annals = {
    role: 'MEMBER',
    name: 'Mia Chen',
    email: 'mia@a.example',
    groups: ['other', 'no-such-group'],
    directories: [{ id: 'd0', level: 'ADMINISTRATOR' }],
  };
  const token = await scene.minter.mint({ subject: 'mia', annals });
  const fields = `name kind role { key } expiresAt actor { externalId name email }
    credential { kind issuer rights groupIds expiresAt } sees { inWords grants { directoryId level source groupId } }`;
  const expiresAt = new Date(at.clock.now + 600_000).toISOString();
  expect((await answer(at.app, token, `{ viewer { ${fields} } }`)).data?.viewer).toEqual({
    name: 'Mia Chen',
    kind: 'MEMBER',
    role: { key: 'MEMBER' },
    expiresAt,
    actor: { externalId: 'mia', name: 'Mia Chen', email: 'mia@a.example' },
    credential: { kind: 'JWT', issuer: 'Product', rights: 'STATED', groupIds: annals.groups, expiresAt },
    sees: {
      inWords: expect.stringContaining('as its credential states'),
      grants: [
        { directoryId: 'd0', level: 'ADMINISTRATOR', source: 'STATED', groupId: null },
        { directoryId: 'd1', level: 'ADMINISTRATOR', source: 'STORED', groupId: 'other' },
        { directoryId: 'd4', level: 'READ', source: 'STORED', groupId: 'other' },
      ],
    },
  });
  const stored = await scene.minter.mint({ subject: 'm1', annals: {} });
  const own = await answer(
    at.app,
    stored,
    '{ viewer { credential { kind rights groupIds } sees { grants { source } } } }',
  );
  expect(own.data?.viewer).toMatchObject({ credential: { kind: 'JWT', rights: 'STORED', groupIds: null } });
  expect(JSON.stringify(own)).not.toContain('STATED');
  const plain = await answer(at.app, scene.log.ownerToken, '{ viewer { credential { kind issuer rights } } }');
  expect(plain.data?.viewer).toEqual({ credential: { kind: 'TOKEN', issuer: null, rights: 'STORED' } });
});
