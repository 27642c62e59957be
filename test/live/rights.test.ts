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
import { watch } from './watch.ts';

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
