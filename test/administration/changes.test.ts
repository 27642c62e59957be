import { beforeEach, describe, expect, test } from 'vitest';
import type { ChangeReport } from '../../src/administration/administration.ts';
import { newOrganization, plainEntries, type TestOrganization, useTestApps } from '../support/app.ts';
import { acting, counted, listed, member, smallWorld, versionOf } from './support.ts';

const at = useTestApps();
const admin = () => at.app.services.administration;
let to: TestOrganization;
beforeEach(async () => {
  to = await newOrganization(at.app);
  await admin().synchronize(to.owner, smallWorld, false);
});

/** Does it twice: the second time nothing changes, and the rights version stays. */
async function twice(what: () => Promise<ChangeReport>): Promise<string[]> {
  const before = await versionOf(at.app, to);
  const first = counted(await what());
  const between = await versionOf(at.app, to);
  expect(between).toBe(first.length > 0 ? before + 1 : before);
  expect(counted(await what())).toEqual([]);
  expect(await versionOf(at.app, to)).toBe(between);
  return first;
}

/** `request` of what the member sees, oldest first. */
async function seenBy(id: string): Promise<(string | null)[]> {
  const page = await at.app.services.query.logs(await acting(at.app, to, id), { first: 100 });
  return page.edges.map(({ entry }) => entry.request).reverse();
}
const inDirectory = (id: string, request: number) =>
  at.app.services.log.append(to, plainEntries(1, { directory: { id } }, request));

describe('members', () => {
  test('are added and changed; what is left out stays', async () => {
    expect(await twice(() => admin().upsertMembers(to.owner, [member('cid'), { id: 'ann', name: 'Ann' }]))).toEqual([
      'MEMBER 1/1/0',
    ]);
    const { members } = await listed(at.app, to.owner);
    expect(members.find((one) => one.externalId === 'ann')).toEqual({
      externalId: 'ann',
      name: 'Ann',
      email: 'ann@a.example',
      role: 'MEMBER',
      status: 'ACTIVE',
    });
    expect(await twice(() => admin().upsertMembers(to.owner, [{ id: 'ann', email: null, role: null }]))).toHaveLength(
      1,
    );
    const after = (await listed(at.app, to.owner)).members.find((one) => one.externalId === 'ann');
    expect(after).toMatchObject({ email: null, role: null });
  });

  test('that are removed lose role, groups, grants and tokens; when they come back, they come with nothing', async () => {
    const bob = await acting(at.app, to, 'bob');
    await admin().setGrants(to.owner, [{ directoryId: 'deep', memberId: 'bob', level: 'READ' }]);
    const removed = await twice(() => admin().removeMembers(to.owner, ['bob', 'nobody']));
    expect(removed).toEqual(['MEMBER 0/0/1', 'MEMBERSHIP 0/0/1', 'GRANT 0/0/1']);
    await expect(at.app.auth.refresh(bob)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect((await listed(at.app, to.owner)).groups[0]?.memberIds).toEqual([]);
    expect((await admin().members(to.owner, { status: 'REMOVED' })).nodes).toMatchObject([
      { externalId: 'bob', role: null },
    ]);

    expect(await twice(() => admin().upsertMembers(to.owner, [{ id: 'bob', role: 'MEMBER' }]))).toEqual([
      'MEMBER 1/0/0',
    ]);
    await expect(at.app.auth.refresh(bob)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const { grants } = await listed(at.app, to.owner);
    expect(grants.filter((grant) => grant.memberId === 'bob')).toEqual([]);
  });
});

describe('groups', () => {
  test('have the members that are listed, and keep them where none are', async () => {
    const change = [
      { id: 'g', name: 'Renamed', memberIds: ['ann', 'ann'] },
      { id: 'h', name: 'New' },
    ];
    expect(await twice(() => admin().upsertGroups(to.owner, change))).toEqual(['GROUP 1/1/0', 'MEMBERSHIP 1/0/1']);
    expect(await twice(() => admin().upsertGroups(to.owner, [{ id: 'g', name: 'Again' }]))).toEqual(['GROUP 0/1/0']);
    expect((await listed(at.app, to.owner)).groups).toEqual([
      { externalId: 'g', name: 'Again', memberIds: ['ann'] },
      { externalId: 'h', name: 'New', memberIds: [] },
    ]);
  });

  test('take their grants with them', async () => {
    expect(await twice(() => admin().removeGroups(to.owner, ['g', 'none']))).toEqual([
      'GROUP 0/0/1',
      'MEMBERSHIP 0/0/1',
      'GRANT 0/0/1',
    ]);
  });
});

describe('directories', () => {
  test('move with what lies under them, and change who sees its past', async () => {
    await inDirectory('deep', 0);
    await inDirectory('vault', 1);
    expect(await seenBy('ann')).toEqual(['0', '1']);
    expect(await seenBy('bob')).toEqual(['0']);
    await twice(() =>
      admin().upsertDirectories(to.owner, [
        { id: 'other', name: 'Other' },
        { id: 'folder', parentId: 'other' },
      ]),
    );
    expect(await seenBy('ann')).toEqual(['1']);
    expect(await seenBy('bob')).toEqual(['0']);
    const { directories } = await listed(at.app, to.owner);
    expect(new Map(directories.map((one) => [one.externalId, [one.kind, one.parentId]]))).toEqual(
      new Map([
        ['vault', ['VAULT', null]],
        ['other', ['VAULT', null]],
        ['folder', ['FOLDER', 'other']],
        ['deep', ['FOLDER', 'folder']],
      ]),
    );
  });

  test.each([
    ['under itself', [{ id: 'vault', parentId: 'vault' }], 'directories[0].parentId'],
    ['under what lies under it', [{ id: 'vault', parentId: 'deep' }], 'directories[0].parentId'],
    [
      'in a ring of new ones',
      [
        { id: 'x', parentId: 'y' },
        { id: 'y', parentId: 'x' },
      ],
      'directories[0].parentId',
    ],
    ['nowhere', [{ id: 'x' }, { id: 'y', parentId: '?' }], 'directories[1].parentId'],
  ])('do not move %s', async (_, directories, path) => {
    const before = await listed(at.app, to.owner);
    await expect(admin().upsertDirectories(to.owner, directories)).rejects.toMatchObject({ code: 'BAD_INPUT', path });
    expect(await listed(at.app, to.owner)).toEqual(before);
  });

  test('change places in one request', async () => {
    await twice(() =>
      admin().upsertDirectories(to.owner, [
        { id: 'vault', parentId: 'deep' },
        { id: 'folder', parentId: null },
      ]),
    );
  });

  test('that are removed take all grants with them; nobody sees more than before', async () => {
    await inDirectory('folder', 0);
    await inDirectory('deep', 1);
    // An override that keeps Ann out: taking it away must not let her in.
    await admin().setGrants(to.owner, [{ directoryId: 'folder', memberId: 'ann', level: 'READ' }]);
    expect(await seenBy('ann')).toEqual([]);
    expect(await twice(() => admin().removeDirectories(to.owner, ['folder', 'none']))).toEqual([
      'DIRECTORY 0/0/1',
      'GRANT 0/0/2',
    ]);
    expect(await seenBy('ann')).toEqual([]);
    expect(await seenBy('bob')).toEqual([]);
    expect(await seenBy('owner')).toEqual(expect.arrayContaining(['0', '1']));
    await twice(() => admin().upsertDirectories(to.owner, [{ id: 'folder', parentId: 'vault' }]));
    expect(await seenBy('ann')).toEqual(['0', '1']);
  });
});

describe('grants', () => {
  test('are one for each directory and subject', async () => {
    const set = (level: 'READ' | 'EDIT') =>
      twice(() =>
        admin().setGrants(to.owner, [
          { directoryId: 'vault', groupId: 'g', level },
          { directoryId: 'deep', memberId: 'ann', level },
        ]),
      );
    expect(await set('READ')).toEqual(['GRANT 2/0/0']);
    expect(await set('EDIT')).toEqual(['GRANT 0/2/0']);
    const keys = [
      { directoryId: 'vault', groupId: 'g' },
      { directoryId: 'vault', memberId: 'bob' },
    ];
    expect(await twice(() => admin().removeGrants(to.owner, keys))).toEqual(['GRANT 0/0/1']);
  });

  test('on a folder override what comes from above', async () => {
    await inDirectory('vault', 0);
    await inDirectory('deep', 1);
    expect(await seenBy('ann')).toEqual(['0', '1']);
    await admin().setGrants(to.owner, [{ directoryId: 'folder', memberId: 'ann', level: 'EDIT' }]);
    expect(await seenBy('ann')).toEqual(['0']);
    await admin().removeGrants(to.owner, [{ directoryId: 'folder', memberId: 'ann' }]);
    expect(await seenBy('ann')).toEqual(['0', '1']);
  });

  test.each([
    ['an unknown directory', { directoryId: '?', memberId: 'ann' }, 'grants[0].directoryId'],
    ['an unknown member', { directoryId: 'vault', memberId: '?' }, 'grants[0].memberId'],
    ['an unknown group', { directoryId: 'vault', groupId: '?' }, 'grants[0].groupId'],
    ['nobody', { directoryId: 'vault' }, 'grants[0]'],
    ['two at once', { directoryId: 'vault', memberId: 'ann', groupId: 'g' }, 'grants[0]'],
  ])('of %s are refused', async (_, key, path) => {
    const given = admin().setGrants(to.owner, [{ ...key, level: 'READ' }]);
    await expect(given).rejects.toMatchObject({ code: 'BAD_INPUT', path, message: expect.stringContaining(path) });
  });
});
