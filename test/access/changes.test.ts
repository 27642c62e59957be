/** Changes of rights come into the log exactly once, wherever the server that makes them dies, and whatever the log refuses. */
import { expect, test } from 'vitest';
import { outlineOf } from '../../src/access/outbox.ts';
import type { App } from '../../src/app.ts';
import type { EntryInput } from '../../src/model/entry.ts';
import { member } from '../administration/support.ts';
import { hold } from '../log/locks.ts';
import { asAdmin, newOrganization, openTestApp, type TestOrganization, until, useTestApps } from '../support/app.ts';
import { dieBefore } from '../support/death.ts';

const env = { ACCESS_LOG: 'closed' };
const at = useTestApps(env, [{}, {}]);

/** What the log says of changes, as its reader gets it. */
async function told(app: App, to: TestOrganization): Promise<string[]> {
  const { edges } = await app.services.query.logs(to.owner, {
    first: 500,
    filter: { category: { in: ['annals.administration'] } },
  });
  return edges.toReversed().map(({ entry }) => {
    const key = app.services.actions.key(entry.action).replace('annals.', '');
    return [key, entry.affectedUserName, ...entry.targets.map((target) => target.id)].filter(Boolean).join(' ');
  });
}

const waiting = (to: TestOrganization) =>
  asAdmin(at.database, 'select from outbox where organization_id = $1', [to.organization]);

/** The first statement after a commit that made changes. */
const afterCommit = /select b\.id, b\.entries from outbox/;

const deaths: readonly [string, RegExp, 'undone' | 'done'][] = [
  ['under the lock', /for no key update/, 'undone'],
  ['before its entries are written', /insert into outbox/, 'undone'],
  ['between its entries and itself', /update member m/, 'undone'],
  ['half-way through itself', /insert into member \(/, 'undone'],
  ['before the rights version', /rights_version \+ 1/, 'undone'],
  ['after its commit', afterCommit, 'done'],
  ['before its entries are appended', /append_log_entries/, 'done'],
  ['before its entries are forgotten', /delete from outbox/, 'done'],
];

test.each(deaths)('a server that dies %s', async (_, statement, outcome) => {
  const to = await newOrganization(at.app);
  await using dying = await openTestApp(at.database, env);
  {
    using _death = dieBefore(dying, statement);
    const change = dying.services.administration.upsertMembers(to.owner, [member('ann'), member('bob')]);
    await expect(change).rejects.toThrow();
    // The others have nothing to go by but the database.
    if (outcome === 'done') await until(async () => (await waiting(to)).length === 0);
    await at.apps[1]?.services.access.settle();
  }
  const { nodes } = await at.app.services.administration.members(to.owner, {});
  const isThere = nodes.some(({ externalId }) => externalId === 'ann');
  expect(isThere).toBe(outcome === 'done');
  expect(await told(at.app, to)).toEqual(outcome === 'done' ? ['member_added ann', 'member_added bob'] : []);
  expect(await waiting(to)).toEqual([]);
});

test('a role, token or view that is changed on a server that dies is told of, too', async () => {
  const to = await newOrganization(at.app);
  await using dying = await openTestApp(at.database, env);
  const { administration } = dying.services;
  for (const change of [
    () => administration.upsertRole(to.owner, { key: 'ONE', name: 'One' }),
    () => administration.removeRole(to.owner, 'ONE'),
    () => administration.createToken(to.owner, { name: 'two', actsAs: { role: 'INTEGRATION' } }),
    () => administration.saveView(to.owner, { name: 'three', sharedWith: ['AUDITOR'] }),
  ]) {
    using _death = dieBefore(dying, afterCommit);
    await expect(change()).rejects.toThrow();
  }
  await until(async () => (await waiting(to)).length === 0);
  const { nodes } = await at.app.services.administration.tokens(to.owner, {});
  const made = nodes.find(({ name }) => name === 'two');
  const [view] = (await at.app.services.administration.views(to.owner, { name: 'three' })).nodes;
  expect(await told(at.app, to)).toEqual([
    'role_created ONE',
    'role_deleted ONE',
    `token_created ${made?.id} INTEGRATION`,
    `view_created ${view?.id} AUDITOR`,
  ]);
});

test('what two servers record at the same time is recorded once, in the order in which it happened', async () => {
  const to = await newOrganization(at.app);
  await using dying = await openTestApp(at.database, env);
  const grants = Array.from({ length: 2500 }, (_, index) => ({ id: `d${String(index).padStart(4, '0')}`, name: 'x' }));
  {
    using _death = dieBefore(dying, afterCommit);
    await expect(dying.services.administration.upsertDirectories(to.owner, grants)).rejects.toThrow();
    await expect(dying.services.administration.removeDirectories(to.owner, ['d0000'])).rejects.toThrow();
  }
  await Promise.all([...at.apps, dying].map((app) => app.services.access.settle()));
  const rows = await asAdmin<{ directory: string }>(
    at.database,
    `select d.external_id as directory from log_entry e join directory d on d.id = e.directory_id
     where e.organization_id = $1 order by e.position`,
    [to.organization],
  );
  expect(rows.map(({ directory }) => directory)).toEqual(grants.map(({ id }) => id));
});

test.each([
  ['closed', 'UNAVAILABLE'],
  ['open', null],
] as const)('%s: a log that takes nothing now takes the change later, and the change is made', async (mode, code) => {
  await using app = await openTestApp(at.database, { ...env, ACCESS_LOG: mode, STATEMENT_TIMEOUT_MS: '300' });
  const to = await newOrganization(app);
  {
    // What every append needs, and no change.
    await using _held = await hold(at.database, 'lock table idempotency_key in access exclusive mode');
    const change = app.services.administration.upsertMembers(to.owner, [member('ann')]);
    if (code === null) await change;
    else await expect(change).rejects.toMatchObject({ code, retryAfterMs: 1000 });
    expect(await waiting(to)).toHaveLength(1);
  }
  await until(async () => (await waiting(to)).length === 0);
  expect(await told(app, to)).toEqual(['member_added ann']);
});

const write = (to: TestOrganization, entries: readonly EntryInput[]) =>
  at.app.store.administration.writeOutbox(to.organization, entries);
const entry = (more: Partial<EntryInput>): EntryInput => ({
  idempotencyKey: 'k1',
  action: 'annals.role_changed',
  actor: { type: 'MEMBER', id: 'mole', name: 'Mole' },
  ...more,
});

test('an entry that the log refuses is recorded as far as it can be: nobody can make a change too large to be told', async () => {
  const to = await newOrganization(at.app);
  const long = 'x'.repeat(70_000);
  await write(to, [
    entry({ metadata: { long }, targets: [{ type: 'role', id: 'r' }] }),
    entry({ idempotencyKey: 'k2' }),
  ]);
  await at.app.services.access.recordChanges(to.owner);
  expect(await told(at.app, to)).toEqual(['role_changed', 'role_changed']);
  expect(await waiting(to)).toEqual([]);
  expect(outlineOf(entry({}), 'ENTRY_TOO_LARGE')).toMatchObject({ metadata: { leftOut: 'ENTRY_TOO_LARGE' } });
});

test('an action that only a newer server knows waits for it, and holds nothing back', async () => {
  const to = await newOrganization(at.app);
  await write(to, [entry({ action: 'annals.of_tomorrow' }), entry({ idempotencyKey: 'k2' })]);
  await at.app.services.access.recordChanges(to.owner);
  await at.app.services.administration.upsertMembers(to.owner, [member('ann')]);
  expect(await told(at.app, to)).toEqual(['role_changed', 'member_added ann']);
  expect(await waiting(to)).toHaveLength(1);
});

test('a value that is longer than the log takes is cut, not lost', async () => {
  const to = await newOrganization(at.app);
  const [made] = at.app.services.access.changeEntries(to.owner, [
    { action: 'annals.role_changed', changes: [{ field: 'categories', before: null, after: 'y'.repeat(20_000) }] },
  ]);
  expect(made?.changes?.[0]?.after).toMatch(/^y+…$/);
  await write(to, made === undefined ? [] : [made]);
  await at.app.services.access.recordChanges(to.owner);
  const { edges } = await at.app.services.query.logs(to.owner, { filter: { action: { in: ['annals.role_changed'] } } });
  expect(edges[0]?.entry.changes?.[0]?.after).toHaveLength(16_384);
});
