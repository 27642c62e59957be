import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { World } from '../../src/administration/administration.ts';
import { createDemoWorld } from '../../src/demo/demo.ts';
import {
  openRememberedLog,
  openTestApp,
  principalOf,
  type RememberedLog,
  type TestApp,
} from '../support/readingApp.ts';

let at: TestApp;
let log: RememberedLog;

beforeAll(async () => {
  at = await openTestApp();
  log = await openRememberedLog(at);
});
afterAll(() => at?.[Symbol.asyncDispose]());

/** Everything an organization holds beside its log, and its rights version. */
async function contentOf(organizationId: number) {
  const { prisma } = at.app.store;
  const where = { organizationId };
  const orderBy = { id: 'asc' } as const;
  return {
    members: await prisma.member.findMany({ where, orderBy }),
    actors: await prisma.actor.findMany({ where, orderBy }),
    groups: await prisma.memberGroup.findMany({ where, orderBy, include: { members: true } }),
    directories: await prisma.directory.findMany({ where, orderBy }),
    grants: await prisma.directoryGrant.findMany({ where, orderBy }),
    tokens: await prisma.apiToken.findMany({ where, orderBy }),
  };
}
const versionOf = async (organizationId: number) =>
  (await at.app.store.prisma.logHead.findUniqueOrThrow({ where: { organizationId } })).rightsVersion;

describe('createOrganization', () => {
  const bad: [string, string][] = [
    ['empty', ''],
    ['a space', ' '],
    ['a space before', ' Acme'],
    ['a space after', 'Acme '],
    ['a tab after', 'Acme\t'],
    ['two lines', 'Ac\nme'],
    ['too long', 'x'.repeat(101)],
    ['U+0000', 'Ac\0me'],
    ['half a surrogate pair', 'Ac\ud800me'],
  ];
  test.each(bad)('refuses a name that is %s', async (_, name) => {
    const before = await at.app.administration.organizations();
    await expect(at.app.administration.createOrganization({ name })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      path: 'name',
      message: expect.stringContaining('1 to 100'),
    });
    expect(await at.app.administration.organizations()).toEqual(before);
  });

  test.each(['x', 'xy', 'A b', '会社', 'x'.repeat(100), '🔑'])('takes %s', async (name) => {
    const { ownerToken, ...made } = await at.app.administration.createOrganization({ name });
    expect(await at.app.administration.organizations()).toContainEqual({ ...made, demo: false });
    expect(await principalOf(at.app, ownerToken)).toMatchObject({ role: { key: 'OWNER' }, organizationName: name });
  });

  test('of a name that is taken, once and under a race', async () => {
    const taken = { code: 'BAD_INPUT', path: 'name', message: expect.stringContaining('already') };
    const make = () => at.app.administration.createOrganization({ name: 'Taken' });
    const results = await Promise.allSettled([make(), make(), make(), make()]);
    expect(results.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    for (const one of results) if (one.status === 'rejected') expect(one.reason).toMatchObject(taken);
    await expect(make()).rejects.toMatchObject(taken);
  });

  test('leaves nothing behind when its owner is refused', async () => {
    const owner = { externalId: '', name: 'Nobody', email: null };
    const make = at.app.administration.createOrganization({ name: 'Half', owner });
    await expect(make).rejects.toMatchObject({ code: 'BAD_INPUT', path: 'members[0].externalId' });
    await at.app.administration.createOrganization({ name: 'Half' });
  });
});

describe('tokens', () => {
  test.each([
    ['an unknown member', { name: 't', actsAs: { member: 'nobody' } }, 'member'],
    ['an unknown role', { name: 't', actsAs: { role: 'KING' } }, 'role'],
    ['an empty name', { name: '', actsAs: { role: 'AUDITOR' } }, 'name'],
    ['a member of U+0000', { name: 't', actsAs: { member: '\0' } }, 'member'],
  ])('%s is refused', async (_, request, path) => {
    const before = await contentOf(log.organization.organization);
    const refused = at.app.administration.createToken(log.organization, request);
    await expect(refused).rejects.toMatchObject({ code: 'BAD_INPUT', path });
    expect(await contentOf(log.organization.organization)).toEqual(before);
  });

  test('a member of another organization is unknown', async () => {
    const other = await openRememberedLog(at);
    const members = [{ externalId: 'there', name: 'There', email: null, role: 'MEMBER' }];
    await at.app.administration.importWorld(other.organization, { members, groups: [], directories: [], grants: [] });
    const request = { name: 't', actsAs: { member: 'there' } };
    await expect(at.app.administration.createToken(log.organization, request)).rejects.toMatchObject({
      path: 'member',
    });
  });

  test('revoking needs a token of this organization that still counts, and raises the rights version', async () => {
    const { administration } = at.app;
    const other = await openRememberedLog(at);
    const { id } = await administration.createToken(log.organization, { name: 't', actsAs: { role: 'AUDITOR' } });
    const refused = { code: 'BAD_INPUT', path: 'id' };
    await expect(administration.revokeToken(other.organization, id)).rejects.toMatchObject(refused);
    await expect(administration.revokeToken(log.organization, 'no id')).rejects.toMatchObject(refused);
    const before = await versionOf(log.organization.organization);
    await administration.revokeToken(log.organization, id);
    expect(await versionOf(log.organization.organization)).toBeGreaterThan(before);
    await expect(administration.revokeToken(log.organization, id)).rejects.toMatchObject(refused);
  });
});

const person = (externalId: string, role: string | null = 'MEMBER') => ({
  externalId,
  name: externalId,
  email: null,
  role,
});
const vault = (externalId: string, parentId: string | null = null) => ({
  externalId,
  name: externalId,
  kind: 'VAULT' as const,
  parentId,
});
const grant = (directoryId: string, memberId: string) => ({
  directoryId,
  subject: { memberId },
  level: 'ADMINISTRATOR' as const,
});
const empty: World = { members: [], groups: [], directories: [], grants: [] };

describe('importWorld', () => {
  const good: World = {
    members: [person('a'), person('b')],
    groups: [{ externalId: 'g', name: 'g', memberIds: ['a'] }],
    directories: [vault('v'), vault('w', 'v')],
    grants: [grant('w', 'a'), { directoryId: 'v', subject: { groupId: 'g' }, level: 'READ' }],
  };

  test('twice is once', async () => {
    await at.app.administration.importWorld(log.organization, good);
    const before = await contentOf(log.organization.organization);
    await at.app.administration.importWorld(log.organization, good);
    expect(await contentOf(log.organization.organization)).toEqual(before);
    expect(before.grants).toHaveLength(2);
  });

  test('again with other names, roles, parents and levels updates; what is left out stays', async () => {
    const to = log.organization.organization;
    await at.app.administration.importWorld(log.organization, good);
    const before = await contentOf(to);
    await at.app.administration.importWorld(log.organization, {
      members: [{ ...person('a', 'AUDITOR'), name: 'Ann', email: 'ann@example.com' }],
      groups: [{ externalId: 'g', name: 'Group', memberIds: [] }],
      directories: [vault('w'), vault('v', 'w')],
      grants: [{ ...grant('w', 'a'), level: 'EDIT' }],
    });
    const after = await contentOf(to);
    expect(after.members).toEqual(
      before.members.map((one) =>
        one.externalId === 'a' ? { ...one, name: 'Ann', email: 'ann@example.com', role: 'AUDITOR' } : one,
      ),
    );
    expect(after.groups[0]).toMatchObject({ name: 'Group', members: before.groups[0]?.members });
    expect(after.grants.map((one) => one.level).sort()).toEqual(['EDIT', 'READ']);
    const parents = new Map(after.directories.map((one) => [one.id, one.parentId]));
    expect([...parents.values()].filter((parent) => parent === null)).toHaveLength(1);
  });

  const wrong: [string, Partial<World>, string][] = [
    [
      'a group of an unknown member',
      { groups: [{ externalId: 'g', name: 'g', memberIds: ['?'] }] },
      'groups[0].memberIds[0]',
    ],
    ['an unknown parent', { directories: [vault('x'), vault('y', '?')] }, 'directories[1].parentId'],
    ['a parent that comes later', { directories: [vault('x', 'y'), vault('y')] }, 'directories[0].parentId'],
    ['a directory inside itself', { directories: [vault('x', 'x')] }, 'directories[0].parentId'],
    [
      'a directory inside its descendant',
      { directories: [vault('x'), vault('y', 'x'), vault('x', 'y')] },
      'directories[2].externalId',
    ],
    ['a ring of two', { directories: [vault('x', 'y'), vault('y', 'x')] }, 'directories[0].parentId'],
    ['a grant on an unknown directory', { members: [person('a')], grants: [grant('?', 'a')] }, 'grants[0].directoryId'],
    [
      'a grant to an unknown member',
      { directories: [vault('v')], grants: [grant('v', '?')] },
      'grants[0].subject.memberId',
    ],
    [
      'a grant to an unknown group',
      { directories: [vault('v')], grants: [{ directoryId: 'v', subject: { groupId: '?' }, level: 'READ' }] },
      'grants[0].subject.groupId',
    ],
    [
      'two levels for one subject',
      {
        members: [person('a')],
        directories: [vault('v')],
        grants: [grant('v', 'a'), { ...grant('v', 'a'), level: 'READ' }],
      },
      'grants[1]',
    ],
    ['an unknown role', { members: [person('a', 'KING')] }, 'members[0].role'],
    ['a member twice', { members: [person('a'), person('a')] }, 'members[1].externalId'],
    ['an empty id', { members: [person('')] }, 'members[0].externalId'],
    ['U+0000 in a name', { directories: [{ ...vault('v'), name: 'a\0b' }] }, 'directories[0].name'],
    ['too long a name', { members: [{ ...person('a'), name: 'x'.repeat(501) }] }, 'members[0].name'],
  ];
  test.each(wrong)('%s is BAD_INPUT, and nothing is written', async (_, part, path) => {
    const to = log.organization.organization;
    const [before, version] = [await contentOf(to), await versionOf(to)];
    const world = { ...empty, members: [person('fresh')], ...part };
    await expect(at.app.administration.importWorld(log.organization, world)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      path,
      message: expect.stringContaining(path),
    });
    expect(await contentOf(to)).toEqual(before);
    expect(await versionOf(to)).toBe(version);
  });

  test('opposite worlds at once leave a tree', async () => {
    const fresh = await openRememberedLog(at);
    const worlds = [
      { ...empty, directories: [vault('x'), vault('y', 'x')] },
      { ...empty, directories: [vault('y'), vault('x', 'y')] },
    ];
    await Promise.all(
      [...worlds, ...worlds].map((world) => at.app.administration.importWorld(fresh.organization, world)),
    );
    const { directories } = await contentOf(fresh.organization.organization);
    expect(directories.filter((one) => one.parentId === null)).toHaveLength(1);
  });

  test('rights and their version are written together, while entries are recorded', async () => {
    const fresh = await openRememberedLog(at);
    const to = fresh.organization.organization;
    const before = await versionOf(to);
    const recording = Array.from({ length: 20 }, (_, index) =>
      fresh.append([{ action: 'passwork.item_viewed', vault: { id: `v${index % 4}` } }]),
    );
    const importing = ['READ', 'EDIT', 'READ', 'EDIT', 'READ'].map((name) =>
      at.app.administration.importWorld(fresh.organization, {
        ...good,
        groups: [{ externalId: 'g', name, memberIds: [] }],
      }),
    );
    await Promise.all([...recording, ...importing]);
    expect(Number((await versionOf(to)) - before)).toBeGreaterThanOrEqual(5);
    expect(fresh.recorded).toHaveLength(20);
  });

  test('the demo’s world goes in whole', async () => {
    const demo = createDemoWorld({ now: new Date(at.clock.now) });
    const fresh = await openRememberedLog(at);
    await at.app.administration.importWorld(fresh.organization, demo);
    const content = await contentOf(fresh.organization.organization);
    expect(content.grants).toHaveLength(demo.grants.length);
    expect(content.directories).toHaveLength(demo.directories.length);
    const sizes = new Map(demo.groups.map((group) => [group.externalId, group.memberIds.length]));
    expect(new Map(content.groups.map((group) => [group.externalId, group.members.length]))).toEqual(sizes);
  });
});
