import { beforeEach, describe, expect, test } from 'vitest';
import type { Role } from '../../src/model/role.ts';
import { watch } from '../live/watch.ts';
import { newMember, newOrganization, plainEntries, type TestOrganization, until, useTestApps } from '../support/app.ts';
import { acting, member, ownerRow, program, smallWorld, versionOf } from './support.ts';

const at = useTestApps({ LIVE_HEARTBEAT_SECONDS: '3600' });
const admin = () => at.app.services.administration;
let to: TestOrganization;
beforeEach(async () => {
  to = await newOrganization(at.app);
  await admin().synchronize(to.owner, smallWorld, false);
});

describe('the last owner', () => {
  test.each([
    ['is not demoted', () => admin().upsertMembers(to.owner, [{ id: 'owner', role: 'ADMINISTRATOR' }])],
    ['is not suspended', () => admin().upsertMembers(to.owner, [{ id: 'owner', status: 'SUSPENDED' }])],
    ['is not removed', () => admin().removeMembers(to.owner, ['owner'])],
    [
      'is not left out',
      () => admin().synchronize(to.owner, { ...smallWorld, members: [member('ann'), member('bob')] }, true),
    ],
    [
      'is not made so by suspending the other in the same request',
      () =>
        admin().upsertMembers(to.owner, [
          { id: 'owner', status: 'SUSPENDED' },
          { ...member('ann', 'OWNER'), status: 'SUSPENDED' },
        ]),
    ],
  ])('%s', async (_, change) => {
    const version = await versionOf(at.app, to);
    await expect(change()).rejects.toMatchObject({ code: 'LAST_OWNER', message: expect.stringContaining('"owner"') });
    expect(await versionOf(at.app, to)).toBe(version);
  });

  test('may go when another comes in the same request, and then cannot act any more', async () => {
    await admin().upsertMembers(to.owner, [{ id: 'owner', role: 'MEMBER' }, member('ann', 'OWNER')]);
    await expect(admin().upsertMembers(to.owner, [ownerRow])).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('nobody gives more than it has', () => {
  const roleOf = (key: string, part: Partial<Parameters<ReturnType<typeof admin>['upsertRole']>[1]>) => ({
    key,
    name: key,
    ...part,
  });
  const managing = ['READ', 'MANAGE_MEMBERS', 'MANAGE_ROLES', 'MANAGE_TOKENS'] as const;
  const define = async () => {
    await admin().upsertRole(
      to.owner,
      roleOf('CHIEF', { permissions: managing, scope: 'ALL', hiddenFields: ['EMAIL'] }),
    );
    await admin().upsertRole(
      to.owner,
      roleOf('LOCAL', { permissions: managing, scope: 'GRANTED', minimumAccessLevel: 'EDIT' }),
    );
    await admin().upsertRole(to.owner, roleOf('BLIND', { permissions: managing }));
  };
  type Want = readonly [by: string, gives: string, may: boolean];
  const table: Want[] = [
    ['ADMINISTRATOR', 'OWNER', false],
    ['ADMINISTRATOR', 'ADMINISTRATOR', true],
    ['ADMINISTRATOR', 'AUDITOR', true],
    ['ADMINISTRATOR', 'MEMBER', true],
    ['ADMINISTRATOR', 'CHIEF', true],
    ['CHIEF', 'AUDITOR', false],
    ['CHIEF', 'MEMBER', false],
    ['CHIEF', 'CHIEF', true],
    ['CHIEF', 'BLIND', true],
    ['LOCAL', 'MEMBER', false],
    ['LOCAL', 'CHIEF', false],
    ['LOCAL', 'LOCAL', true],
    ['BLIND', 'LOCAL', false],
    ['BLIND', 'BLIND', true],
    ['BLIND', 'INTEGRATION', false],
  ];

  test.each(table)('%s gives %s: %s', async (by, gives, may) => {
    await define();
    const principal = await program(at.app, to, by);
    const ways = {
      member: () => admin().upsertMembers(principal, [{ id: 'bob', role: gives }]),
      token: () => admin().createToken(principal, { name: 't', actsAs: { role: gives } }),
    };
    await admin().upsertMembers(to.owner, [{ id: 'bob', role: null }]);
    for (const way of Object.values(ways)) {
      if (may) await way();
      else await expect(way()).rejects.toMatchObject({ code: 'ESCALATION', message: expect.stringContaining(gives) });
    }
  });

  test('nor takes it from those who have more', async () => {
    await admin().upsertMembers(to.owner, [member('ann', 'OWNER')]);
    const principal = await program(at.app, to, 'ADMINISTRATOR');
    const refused = { code: 'ESCALATION' };
    await expect(admin().upsertMembers(principal, [{ id: 'ann', role: null }])).rejects.toMatchObject(refused);
    await expect(admin().upsertMembers(principal, [{ id: 'ann', status: 'SUSPENDED' }])).rejects.toMatchObject(refused);
    await expect(admin().removeMembers(principal, ['ann'])).rejects.toMatchObject(refused);
    // What an administrator may change: not who it is allowed to be, but what it is called.
    await admin().upsertMembers(principal, [{ id: 'ann', name: 'Ann' }]);
  });

  test.each(['LOCAL', 'BLIND'])('%s, which does not see the whole log, does not decide who sees what', async (by) => {
    await define();
    const principal = await program(at.app, to, by);
    const refused = { code: 'ESCALATION' };
    const grants = [{ directoryId: 'vault', memberId: 'bob' }];
    await expect(
      admin().setGrants(principal, [{ directoryId: 'vault', memberId: 'bob', level: 'READ' }]),
    ).rejects.toMatchObject(refused);
    await expect(admin().removeGrants(principal, [{ directoryId: 'vault', memberId: 'ann' }])).rejects.toMatchObject(
      refused,
    );
    await expect(admin().upsertGroups(principal, [{ id: 'g', memberIds: ['ann'] }])).rejects.toMatchObject(refused);
    await expect(admin().upsertDirectories(principal, [{ id: 'folder', parentId: null }])).rejects.toMatchObject(
      refused,
    );
    await expect(admin().createToken(principal, { name: 't', actsAs: { member: 'bob' } })).rejects.toMatchObject(
      refused,
    );
    // What is so already takes nothing from anyone.
    expect((await admin().removeGrants(principal, grants)).isEmpty).toBe(true);
  });

  test('nor defines a role of more, nor changes one', async () => {
    await define();
    const principal = await program(at.app, to, 'CHIEF');
    const refused = { code: 'ESCALATION' };
    const chief = { permissions: managing, scope: 'ALL', hiddenFields: ['EMAIL'] } as const;
    await expect(
      admin().upsertRole(principal, roleOf('X', { ...chief, permissions: ['RECORD'] })),
    ).rejects.toMatchObject(refused);
    await expect(admin().upsertRole(principal, roleOf('X', { ...chief, hiddenFields: [] }))).rejects.toMatchObject(
      refused,
    );
    await expect(admin().upsertRole(principal, roleOf('LOCAL', chief))).rejects.toMatchObject(refused);
    await admin().upsertRole(principal, roleOf('X', chief));
  });

  test('a permission that is missing is FORBIDDEN', async () => {
    const principal = await program(at.app, to, 'AUDITOR');
    const forbidden = { code: 'FORBIDDEN' };
    await expect(admin().upsertMembers(principal, [])).rejects.toMatchObject(forbidden);
    await expect(admin().members(principal, {})).rejects.toMatchObject(forbidden);
    await expect(admin().roles(principal)).rejects.toMatchObject(forbidden);
    await expect(admin().tokens(principal, {})).rejects.toMatchObject(forbidden);
    await expect(admin().removeRole(principal, 'X')).rejects.toMatchObject(forbidden);
    await expect(admin().createToken(principal, { name: 't', actsAs: { role: 'AUDITOR' } })).rejects.toMatchObject(
      forbidden,
    );
  });
});

describe('roles', () => {
  const definition = {
    key: 'HR',
    name: 'HR',
    permissions: ['READ'],
    categories: ['passwork.passwords'],
    scope: 'ALL',
  } as const;
  const find = async (key: string): Promise<Role | undefined> =>
    (await admin().roles(to.owner)).find((role) => role.key === key);

  test('are defined, replaced for those who have them, and removed when nobody does', async () => {
    const before = await versionOf(at.app, to);
    await admin().upsertRole(to.owner, definition);
    await admin().upsertRole(to.owner, definition);
    expect(await versionOf(at.app, to)).toBe(before + 1);
    const principal = await program(at.app, to, 'HR');
    expect(principal.role).toEqual(await find('HR'));
    await admin().upsertRole(to.owner, { ...definition, hiddenFields: ['IP'], categories: null });
    expect((await at.app.auth.refresh(principal)).role).toMatchObject({
      hiddenFields: new Set(['IP']),
      visibility: { categories: null },
    });
    await expect(admin().removeRole(to.owner, 'HR')).rejects.toMatchObject({
      code: 'BAD_INPUT',
      path: 'key',
      message: expect.stringContaining('1 tokens'),
    });
    await admin().revokeToken(to.owner, principal.tokenId);
    expect(await admin().removeRole(to.owner, 'HR')).toBe(true);
    expect(await admin().removeRole(to.owner, 'HR')).toBe(false);
    expect(await find('HR')).toBeUndefined();
  });

  test.each([
    ['a built-in key', { ...definition, key: 'OWNER' }, 'key'],
    ['a key in small letters', { ...definition, key: 'hr' }, 'key'],
    ['an empty name', { ...definition, name: '' }, 'name'],
    ['an unknown category', { ...definition, categories: ['passwork.nothing'] }, 'categories[0]'],
  ])('with %s are refused', async (_, input, path) => {
    await expect(admin().upsertRole(to.owner, input)).rejects.toMatchObject({ code: 'BAD_INPUT', path });
  });
});

test('tokens are listed without their secret; revoking is final and can be repeated', async () => {
  const made = await admin().createToken(to.owner, { name: 'mine', actsAs: { member: 'ann' } });
  expect((await at.app.auth.authenticate(made.token)).member?.externalId).toBe('ann');
  const page = await admin().tokens(to.owner, { first: 1 });
  expect(page).toMatchObject({
    hasNextPage: true,
    nodes: [{ name: 'first owner', memberId: 'owner', revokedAt: null }],
  });
  const rest = await admin().tokens(to.owner, { after: page.endCursor });
  expect(rest.nodes).toEqual([made.record]);
  expect(JSON.stringify(rest)).not.toContain(made.token);
  expect(await admin().revokeToken(to.owner, made.id)).toBe(true);
  expect(await admin().revokeToken(to.owner, made.id)).toBe(false);
  await expect(at.app.auth.authenticate(made.token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  await expect(admin().revokeToken(to.owner, 'nothing')).rejects.toMatchObject({ code: 'BAD_INPUT', path: 'id' });
});

test('a suspended member is refused at once, its stream ends, and all comes back with it', async () => {
  const ann = await acting(at.app, to, 'ann');
  await using watched = await watch(at.app, ann);
  const start = performance.now();
  await admin().upsertMembers(to.owner, [{ id: 'ann', status: 'SUSPENDED' }]);
  await expect(at.app.auth.refresh(ann)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  await watched.ended;
  expect(performance.now() - start).toBeLessThan(1000);
  expect(watched.batches.at(-1)).toMatchObject({ entries: [], notice: { code: 'UNAUTHENTICATED' } });
  await admin().upsertMembers(to.owner, [{ id: 'ann', status: 'ACTIVE' }]);
  await at.app.services.log.append(to, plainEntries(1, { vault: { id: 'vault' } }));
  const { edges } = await at.app.services.query.logs(await at.app.auth.refresh(ann), { first: 5 });
  expect(edges).toHaveLength(1);
});

test('who lost its rights while it waited does not act on them', async () => {
  const { principal } = await newMember(at.app, to, { id: 'deputy', role: 'ADMINISTRATOR' });
  await admin().upsertMembers(to.owner, [{ id: 'deputy', status: 'SUSPENDED' }]);
  await expect(admin().upsertMembers(principal, [member('new')])).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  await until(async () => (await admin().members(to.owner, { search: 'new' })).nodes.length === 0);
});

test('lists are paged, and addresses are hidden from whom they are', async () => {
  const first = await admin().members(to.owner, { first: 2 });
  expect(first).toMatchObject({ hasNextPage: true, endCursor: 'bob' });
  expect(await admin().members(to.owner, { first: 2, after: 'bob' })).toMatchObject({
    hasNextPage: false,
    nodes: [{ externalId: 'owner' }],
  });
  const grants = await admin().grants(to.owner, { first: 1 });
  expect(grants.nodes).toMatchObject([{ directoryId: 'folder', groupId: 'g', directoryName: 'Folder' }]);
  expect((await admin().grants(to.owner, { first: 1, after: grants.endCursor })).nodes).toMatchObject([
    { memberId: 'ann' },
  ]);
  expect((await admin().grants(to.owner, { memberId: 'bob' })).nodes).toEqual([]);
  await expect(admin().grants(to.owner, { after: 'x' })).rejects.toMatchObject({ code: 'BAD_CURSOR' });
  await expect(admin().members(to.owner, { first: 501 })).rejects.toMatchObject({ code: 'BAD_INPUT', path: 'first' });

  await admin().upsertRole(to.owner, {
    key: 'SHY',
    name: 'Shy',
    permissions: ['MANAGE_MEMBERS'],
    hiddenFields: ['EMAIL'],
  });
  const shy = await program(at.app, to, 'SHY');
  expect((await admin().members(shy, {})).nodes.map((one) => one.email)).toEqual([null, null, null]);
  expect((await admin().members(shy, { search: '@a.example' })).nodes).toEqual([]);
  expect((await admin().members(to.owner, { search: '@a.example' })).nodes).toHaveLength(2);
});
