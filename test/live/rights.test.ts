import { expect, test } from 'vitest';
import {
  newMember,
  newOrganization,
  openTestApp,
  plainEntries,
  raiseRights,
  type TestOrganization,
  until,
  useTestApps,
} from '../support/app.ts';
import { numbered, type Watch, watch } from './watch.ts';

// A second instance changes the rights: the first learns it from the database.
// No heartbeat wakes a stream here: the change of rights does.
const at = useTestApps({ LIVE_HEARTBEAT_SECONDS: '3600' }, [{}, {}]);
const other = () => {
  const app = at.apps[1];
  if (app === undefined) throw new Error('no second instance');
  return app;
};

const inVault = (to: TestOrganization, vault: string, request: number) =>
  at.app.services.log.append(to, plainEntries(1, { vault: { id: vault } }, request));

test('revoking its token ends a stream within a second, with a notice', async () => {
  const to = await newOrganization(at.app);
  const { principal, tokenId } = await newMember(at.app, to, { id: 'mia', vaults: ['hers'] });
  await using watched = await watch(at.app, principal);
  const start = performance.now();
  await other().administration.revokeToken(to, tokenId);
  await watched.ended;
  expect(performance.now() - start).toBeLessThan(1000);
  expect(watched.batches.at(-1)).toMatchObject({ entries: [], notice: { code: 'UNAUTHENTICATED' } });
  await inVault(to, 'hers', 0);
  await until(() => at.app.services.live.streams === 0);
  expect(watched.entries).toEqual([]);
});

test('a grant that comes shows RIGHTS_CHANGED and then what it opens; one that goes, the same and no more of it', async () => {
  const to = await newOrganization(at.app);
  const { principal } = await newMember(at.app, to, { id: 'mia', vaults: ['one'] });
  await newMember(at.app, to, { id: 'noa', vaults: ['two'] });
  await using watched = await watch(at.app, principal);
  await inVault(to, 'two', 0);
  await inVault(to, 'one', 1);
  await watched.received(1);

  await newMember(other(), to, { id: 'mia', vaults: ['two'] });
  expect(await watched.notice()).toMatchObject({ entries: [], notice: { code: 'RIGHTS_CHANGED' } });
  await inVault(to, 'two', 2);
  await watched.received(2);
  expect(watched.requests).toEqual(['1', '2']);

  const { prisma } = other().store;
  await prisma.directoryGrant.deleteMany({
    where: { organizationId: to.organization, directory: { externalId: 'two' }, member: { externalId: 'mia' } },
  });
  const start = performance.now();
  await raiseRights(other(), to.organization);
  await until(() => watched.batches.filter((batch) => batch.notice?.code === 'RIGHTS_CHANGED').length === 2);
  expect(performance.now() - start).toBeLessThan(1000);
  await inVault(to, 'two', 3);
  await inVault(to, 'one', 4);
  await watched.received(3);
  expect(watched.requests).toEqual(['1', '2', '4']);
});

test('a role that widens, narrows and goes is told each time', async () => {
  const to = await newOrganization(at.app);
  const { principal } = await newMember(at.app, to, { id: 'mia' });
  await using watched = await watch(at.app, principal);
  const notices = () => watched.batches.flatMap((batch) => batch.notice?.code ?? []);
  const asRole = async (role: string, expected: string[]) => {
    await other().administration.importWorld(to, {
      members: [{ externalId: 'mia', name: 'mia', email: null, role }],
      groups: [],
      directories: [],
      grants: [],
    });
    await until(() => notices().length === expected.length);
    expect(notices()).toEqual(expected);
  };
  await inVault(to, 'v', 0);
  await asRole('AUDITOR', ['RIGHTS_CHANGED']);
  expect(watched.batches.at(-1)?.principal.role.key).toBe('AUDITOR');
  await inVault(to, 'v', 1);
  await until(() => watched.requests.includes('1'));
  await asRole('MEMBER', ['RIGHTS_CHANGED', 'RIGHTS_CHANGED']);
  await inVault(to, 'v', 2);
  await asRole('INTEGRATION', ['RIGHTS_CHANGED', 'RIGHTS_CHANGED', 'VISIBILITY_LOST']);
  await watched.ended;
  // The first was recorded before the role widened, and may have been looked at before or after.
  expect(watched.requests.filter((request) => request !== '0')).toEqual(['1']);
});

test('a folder that registers under a granted vault is visible, and no change of rights', async () => {
  const to = await newOrganization(at.app);
  const { principal } = await newMember(at.app, to, { id: 'mia', vaults: ['hers'] });
  await using watched = await watch(at.app, principal);
  for (let index = 0; index < 5; index++) {
    const stated = { vault: { id: 'hers' }, directory: { id: `folder ${index}` } };
    await other().services.log.append(to, plainEntries(1, stated, index));
  }
  await watched.received(5);
  expect(watched.requests).toEqual(['0', '1', '2', '3', '4']);
  expect(watched.batches.every((batch) => batch.notice === null)).toBe(true);
});

test('folders that register cost open streams no look at any credential or grant, and one reading of the tree for all', async () => {
  const to = await newOrganization(at.app);
  const [streams, folders] = [50, 100];
  await using undo = new AsyncDisposableStack();
  const all: Watch[] = [];
  for (let index = 0; index < streams; index++) {
    const { principal } = await newMember(at.app, to, { id: `m${index}`, vaults: ['shared'] });
    all.push(undo.use(await watch(at.app, principal)));
  }
  // A change of rights comes to all of them; none of it is left to do when the counting begins.
  await inVault(to, 'shared', 0);
  await Promise.all(all.map((watched) => watched.received(1)));
  const statements: string[] = [];
  using _ = at.app.store.observe((text) => statements.push(text));
  for (let index = 1; index <= folders; index++) {
    const stated = { vault: { id: 'shared' }, directory: { id: `folder ${index}` } };
    await other().services.log.append(to, plainEntries(1, stated, index));
  }
  await Promise.all(all.map((watched) => watched.received(1 + folders)));
  for (const { requests, batches } of all) {
    expect(requests).toEqual(numbered(1 + folders));
    expect(batches.every(({ notice }) => notice === null)).toBe(true);
  }
  expect(statements.filter((text) => /api_token|member|directory_grant/.test(text))).toEqual([]);
  const trees = statements.filter((text) => /from directory d\b/.test(text));
  expect(trees.length).toBeGreaterThan(0);
  expect(trees.length).toBeLessThanOrEqual(folders);
});

test('a server of the version before, which watches one version for rights and tree, learns of a new folder', async () => {
  const to = await newOrganization(at.app);
  const head = () => at.app.store.prisma.logHead.findUniqueOrThrow({ where: { organizationId: to.organization } });
  await inVault(to, 'v', 0);
  const before = await head();
  await at.app.services.log.append(to, plainEntries(1, { vault: { id: 'v' }, directory: { id: 'new' } }));
  const met = await head();
  expect(met.rightsVersion).toBe(before.rightsVersion + 1n);
  // And a server of this version learns from what the older one raises that rights changed.
  const versions = async () => {
    const found = await at.app.store.readHead(to.organization);
    return [found?.rightsVersion, found?.treeVersion].map(Number);
  };
  const [rights = 0, tree = 0] = await versions();
  await raiseRights(other(), to.organization);
  expect(await versions()).toEqual([rights + 1, tree]);
});

test('a folder that is moved out of sight is a change of rights, and no more is delivered of it', async () => {
  const to = await newOrganization(at.app);
  const { principal } = await newMember(at.app, to, { id: 'mia', vaults: ['hers'] });
  const inFolder = (request: number) =>
    other().services.log.append(to, plainEntries(1, { vault: { id: 'hers' }, directory: { id: 'folder' } }, request));
  await using watched = await watch(at.app, principal);
  await inFolder(0);
  await watched.received(1);
  const vaults = ['hers', 'theirs'].map((id) => ({ externalId: id, name: id, kind: 'VAULT' as const, parentId: null }));
  await other().administration.importWorld(to, {
    members: [],
    groups: [],
    directories: [...vaults, { externalId: 'folder', name: 'folder', kind: 'FOLDER', parentId: 'theirs' }],
    grants: [],
  });
  expect(await watched.notice()).toMatchObject({ notice: { code: 'RIGHTS_CHANGED' } });
  await inFolder(1);
  await inVault(to, 'hers', 2);
  await watched.received(2);
  expect(watched.requests).toEqual(['0', '2']);
});

test('an expired token delivers nothing more, and its stream says so', async () => {
  let skew = 0;
  await using app = await openTestApp(at.database, { LIVE_HEARTBEAT_SECONDS: '1' }, { now: () => Date.now() + skew });
  const to = await newOrganization(app);
  const { token } = await at.app.administration.createToken(to, {
    name: 'for an hour',
    actsAs: { role: 'AUDITOR' },
    expiresAt: Date.now() + 3_600_000,
  });
  await using watched = await watch(app, await app.auth.authenticate(token));
  await inVault(to, 'v', 0);
  await watched.received(1);
  skew = 3_600_001;
  await watched.ended;
  expect(watched.batches.at(-1)).toMatchObject({ entries: [], notice: { code: 'UNAUTHENTICATED' } });
  expect(watched.requests).toEqual(['0']);
});
