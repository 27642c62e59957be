import { expect, test } from 'vitest';
import type { WorldInput } from '../../src/administration/administration.ts';
import { isOfSearch, newOrganization, plainEntries, useTestApps } from '../support/app.ts';
import { counted, listed, member, ownerRow, smallWorld, versionOf } from './support.ts';

const at = useTestApps({ ACCESS_LOG: 'closed' }, [{}, {}]);
const admin = () => at.app.services.administration;

test('a dry run changes nothing and says what the real run does; another run finds nothing to do', async () => {
  const to = await newOrganization(at.app);
  await admin().synchronize(to.owner, smallWorld, false);
  const next: WorldInput = {
    members: [ownerRow, { ...member('ann'), role: 'AUDITOR' }, member('cid')],
    groups: [{ id: 'h', name: 'Other', memberIds: ['cid'] }],
    directories: [
      { id: 'vault', name: 'Renamed', parentId: null },
      { id: 'new', name: 'New', parentId: 'vault' },
    ],
    grants: [{ directoryId: 'vault', memberId: 'ann', level: 'EDIT' }],
  };
  const [before, version] = [await listed(at.app, to.owner), await versionOf(at.app, to)];
  const dry = await admin().synchronize(to.owner, next, true);
  expect(await listed(at.app, to.owner)).toEqual(before);
  expect(await versionOf(at.app, to)).toBe(version);
  const real = await admin().synchronize(to.owner, next, false);
  expect(real.counts).toEqual(dry.counts);
  expect(real.things(1000)).toEqual(dry.things(1000));
  expect(counted(real)).toEqual(['MEMBER 1/1/1', 'GROUP 1/0/1', 'MEMBERSHIP 1/0/1', 'DIRECTORY 1/1/1', 'GRANT 0/1/1']);
  expect(real.things(1)).toHaveLength(1);
  const after = await versionOf(at.app, to);
  expect(counted(await admin().synchronize(to.owner, next, false))).toEqual([]);
  expect(await versionOf(at.app, to)).toBe(after);
});

test('what entries registered stays where it is', async () => {
  const to = await newOrganization(at.app);
  await admin().synchronize(to.owner, smallWorld, false);
  await at.app.services.log.append(
    to,
    plainEntries(1, { vault: { id: 'vault' }, directory: { id: 'met' }, actor: { id: 'stranger' } }),
  );
  expect(counted(await admin().synchronize(to.owner, smallWorld, false))).toEqual([]);
  const { directories } = await listed(at.app, to.owner);
  expect(directories.find((one) => one.externalId === 'met')?.parentId).toBe('vault');
  expect(await at.app.store.findActors(to.organization, ['stranger'])).toHaveLength(1);
});

/** Members, directories in trees of 50, and grants to members and groups. */
function largeWorld(members: number, directories: number, grants: number): WorldInput {
  const range = (count: number) => Array.from({ length: count }, (_, index) => index);
  return {
    members: [ownerRow, ...range(members).map((index) => member(`m${index}`))],
    groups: range(20).map((index) => ({
      id: `g${index}`,
      name: `Group ${index}`,
      memberIds: range(members / 20).map((at) => `m${at * 20 + index}`),
    })),
    directories: range(directories).map((index) => ({
      id: `d${index}`,
      name: `Directory ${index}`,
      parentId: index % 50 === 0 ? null : `d${index - 1}`,
    })),
    grants: range(grants).map((index) => ({
      directoryId: `d${index % directories}`,
      ...(index % 10 === 0
        ? { groupId: `g${(index / 10 + Math.floor(index / directories)) % 20}` }
        : { memberId: `m${(index * 7 + Math.floor(index / directories)) % members}` }),
      level: index % 3 === 0 ? 'ADMINISTRATOR' : 'READ',
    })),
  };
}

test('2,000 members, 5,000 directories and 10,000 grants take seconds, and a fixed number of statements', async () => {
  const to = await newOrganization(at.app);
  const world = largeWorld(2000, 5000, 10_000);
  const timed = async (what: string, work: () => Promise<unknown>) => {
    const statements: string[] = [];
    using _observer = at.app.store.observe((text) => statements.push(text));
    const start = performance.now();
    await work();
    const ms = performance.now() - start;
    // Without what the log does, and what happens about every second.
    const others = /append_log_entries|register_|access_|b\.created_at <=/;
    const own = statements.filter((text) => !others.test(text) && !isOfSearch(text)).length;
    console.log(`${what}: ${Math.round(ms)} ms, ${own} statements`);
    expect(ms).toBeLessThan(20_000);
    expect(own).toBeLessThan(40);
  };
  // By the operator: nothing is told to the log.
  const { administration } = at.app;
  const plain = { members: [], groups: [], directories: [], grants: [] };
  await timed('importWorld of 2,000 members', () =>
    administration.importWorld(to, {
      ...plain,
      members: world.members.map(({ id }) => ({
        externalId: id,
        name: id,
        email: null,
        role: id === 'owner' ? 'OWNER' : null,
      })),
    }),
  );
  await timed('synchronize, all of it, recorded change by change', () => admin().synchronize(to.owner, world, false));
  await timed('synchronize, nothing new', () => admin().synchronize(to.owner, world, false));
  const raised = world.grants.map((grant) => ({ ...grant, level: 'FULL_ACCESS' as const }));
  await timed('synchronize with 10,000 other levels, dry', () =>
    admin().synchronize(to.owner, { ...world, grants: raised }, true),
  );
  await timed('setGrants of 10,000', () => admin().setGrants(to.owner, raised));
  expect(
    (await at.app.store.administration.readGrants(to.organization, { directories: null, members: null, groups: null }))
      .length,
  ).toBe(10_000);
}, 120_000);

test('two at once, on two servers, while entries register the same people and places, leave one of the two worlds', async () => {
  const to = await newOrganization(at.app);
  const worlds = [largeWorld(200, 100, 300), largeWorld(100, 200, 100)];
  const synchronize = worlds.flatMap((world) =>
    at.apps.flatMap((app) => [1, 2].map(() => app.services.administration.synchronize(to.owner, world, false))),
  );
  const recording = Array.from({ length: 40 }, (_, index) =>
    at.app.services.log.append(
      to,
      Array.from({ length: 20 }, (_, row) => ({
        action: 'passwork.item_viewed',
        actor: { id: `m${(index * 31 + row * 17) % 200}`, name: `named by an entry ${index}` },
        vault: { id: `d${(index * 50) % 200}` },
        directory: { id: `d${(index * 13 + row * 7) % 200}` },
      })),
    ),
  );
  const [, outcomes] = await Promise.all([Promise.all(synchronize), Promise.all(recording)]);
  expect(outcomes.flat().filter((one) => one.error !== null)).toEqual([]);
  const left = await Promise.all(worlds.map((world) => admin().synchronize(to.owner, world, true)));
  expect(left.filter((report) => report.isEmpty)).toHaveLength(1);
}, 60_000);

test.each([
  ['a list that is too long', { ...smallWorld, groups: new Array(50_001).fill({ id: 'g', name: 'g' }) }, 'groups'],
  ['a role that is not there', { ...smallWorld, members: [ownerRow, member('ann', 'KING')] }, 'members[1].role'],
  ['the same member twice', { ...smallWorld, members: [ownerRow, member('ann'), member('ann')] }, 'members[2]'],
  ['a grant to a member that goes', { ...smallWorld, members: [ownerRow, member('bob')] }, 'grants[0].memberId'],
  ['a group of a member that goes', { ...smallWorld, members: [ownerRow, member('ann')] }, 'groups[0].memberIds[0]'],
] as const)('refuses %s and changes nothing', async (_, world, path) => {
  const to = await newOrganization(at.app);
  await admin().synchronize(to.owner, smallWorld, false);
  const version = await versionOf(at.app, to);
  await expect(admin().synchronize(to.owner, world, false)).rejects.toMatchObject({ code: 'BAD_INPUT', path });
  expect(await versionOf(at.app, to)).toBe(version);
});
