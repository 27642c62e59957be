/** A guarded change is announced before it happens and happens once, wherever a server dies and however many try. */
import { expect, test } from 'vitest';
import type { App } from '../../src/app.ts';
import { hold } from '../log/locks.ts';
import { asAdmin, openTestApp, until, useTestApps } from '../support/app.ts';
import { dieBefore } from '../support/death.ts';
import { askForAnn, type Council, guard, lookUp, newCouncil, roleOf, settled, story } from './guardSupport.ts';
import { member } from './support.ts';

const clock = { now: Date.now() };
const overrides = { now: () => clock.now };
const env = { ACCESS_LOG: 'closed' };
const at = useTestApps(env, [overrides, overrides]);
const hour = 3600;

const everything = [
  'Owner: settings_changed',
  'Owner: change_requested',
  'olga: change_approved',
  'Owner: member_role_changed',
  'Owner: change_carried_out',
];
const upTo = (count: number) => everything.slice(0, count);

const afterCommit = /select b\.id, b\.entries from outbox/;

test.each([
  ['under the lock', /for no key update/, false],
  ['before it is written', /insert into pending_change/, false],
  ['before its announcement is written', /insert into outbox/, false],
  ['after its commit', afterCommit, true],
  ['before its announcement is recorded', /append_log_entries/, true],
  ['before its announcement is forgotten', /delete from outbox/, true],
])('a server that dies when it is asked, %s', async (_, statement, isAsked) => {
  const council = await newCouncil(at.app);
  await guard(at.app, council, { secondPerson: true });
  await using dying = await openTestApp(at.database, env, overrides);
  {
    using _death = dieBefore(dying, statement);
    await expect(askForAnn(dying, council.owner)).rejects.toThrow();
    await at.app.services.access.settle();
  }
  const { nodes } = await at.app.services.administration.pendingChanges(council.owner, {});
  expect(nodes).toHaveLength(isAsked ? 1 : 0);
  expect(await story(at.app, council)).toEqual(upTo(isAsked ? 2 : 1));
  // Whoever asks again is answered as if nothing had happened.
  const { id } = await askForAnn(at.app, council.owner);
  expect(nodes.every((one) => one.id === id)).toBe(true);
  await at.app.services.administration.approveChange(council.olga, id);
  expect(await story(at.app, council)).toEqual(everything);
});

test.each([
  ['under the lock', /for no key update/, 2],
  ['before the approval is written', /update pending_change p set approvals/, 2],
  ['before the approval is told', /insert into outbox/, 2],
  ['after its commit', afterCommit, 5],
])('a server that dies when it is approved, %s', async (_, statement, told) => {
  const council = await newCouncil(at.app);
  await guard(at.app, council, { secondPerson: true });
  const { id } = await askForAnn(at.app, council.owner);
  await using dying = await openTestApp(at.database, env, overrides);
  {
    using _death = dieBefore(dying, statement);
    await expect(dying.services.administration.approveChange(council.olga, id)).rejects.toThrow();
    await at.app.services.access.settle();
    await at.app.administration.due.run();
  }
  expect(await story(at.app, council)).toEqual(upTo(told));
  await at.app.services.administration.approveChange(council.olga, id).catch(() => {});
  expect(await story(at.app, council)).toEqual(everything);
  expect(await roleOf(at.app, council, 'ann')).toBe('OWNER');
});

test.each([
  ['under the lock', /for no key update/],
  ['when it has found it', /from pending_change p where p\.organization_id = \$1 and p\.id/],
  ['before it is told', /insert into outbox/],
  ['before it is over', /update pending_change p set state/],
  ['before it is done', /update member m/],
  ['before the rights version', /rights_version \+ 1/],
  ['before what it did is recorded', /append_log_entries/],
  ['before what it did is forgotten', /delete from outbox/],
])('a server that dies when it carries it out, %s', async (_, statement) => {
  const council = await newCouncil(at.app);
  await guard(at.app, council, { delaySeconds: hour, secondPerson: true });
  const { id, dueAt } = await askForAnn(at.app, council.owner);
  await at.app.services.administration.approveChange(council.olga, id);
  await using dying = await openTestApp(at.database, env, overrides);
  {
    using _death = dieBefore(dying, statement);
    clock.now = dueAt;
    await expect(dying.administration.due.run()).rejects.toThrow();
    expect(await settled(at.app, council, id)).toMatchObject({ state: 'DONE' });
    await at.app.services.access.settle();
  }
  await Promise.all([...at.apps, dying].map((app) => app.administration.due.run()));
  expect(await story(at.app, council)).toEqual(everything);
  expect(await roleOf(at.app, council, 'ann')).toBe('OWNER');
});

test('servers do it by themselves, also one that was started later', async () => {
  const council = await newCouncil(at.app);
  await guard(at.app, council, { delaySeconds: hour });
  let id: string;
  {
    await using asked = await openTestApp(at.database, env, overrides);
    ({ id } = await askForAnn(asked, council.owner));
  }
  clock.now += hour * 1000;
  await using later = await openTestApp(at.database, env, overrides);
  await later.listen();
  await until(async () => (await lookUp(at.app, council, id)).state === 'DONE');
});

test('of servers that try at the same time one does it', async () => {
  const council = await newCouncil(at.app);
  await guard(at.app, council, { secondPerson: true });
  const { id } = await askForAnn(at.app, council.owner);
  const [one, other] = at.apps.map((app) => app.services.administration);
  const approvals = await Promise.allSettled([
    one?.approveChange(council.olga, id),
    other?.approveChange(council.otto, id),
    ...at.apps.map((app) => app.administration.due.run()),
  ]);
  expect(approvals.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(2);
  expect(await lookUp(at.app, council, id)).toMatchObject({ state: 'DONE' });
  const told = await story(at.app, council);
  for (const what of ['change_requested', 'member_role_changed', 'change_carried_out']) {
    expect(told.filter((line) => line === `Owner: ${what}`)).toHaveLength(1);
  }
});

test('what the log has not announced does not happen', async () => {
  await using app = await openTestApp(at.database, { ACCESS_LOG: 'open', STATEMENT_TIMEOUT_MS: '300' }, overrides);
  const council = await newCouncil(at.app);
  await guard(at.app, council, { delaySeconds: hour });
  let id: string;
  {
    await using _held = await hold(at.database, 'lock table idempotency_key in access exclusive mode');
    ({ id } = await askForAnn(app, council.owner));
    clock.now += 2 * hour * 1000;
    await app.administration.due.run();
    expect(await lookUp(app, council, id)).toMatchObject({ state: 'PENDING' });
  }
  expect(await settled(app, council, id)).toMatchObject({ state: 'DONE' });
  await at.app.services.access.settle();
  expect(await story(at.app, council)).toEqual(everything.filter((line) => !line.startsWith('olga')));
});

test('a database that does not answer in time delays it, and nothing else', async () => {
  await using app = await openTestApp(at.database, { ...env, STATEMENT_TIMEOUT_MS: '300' }, overrides);
  const [council, other] = [await newCouncil(app), await newCouncil(app)];
  const ids: string[] = [];
  for (const one of [council, other]) {
    await guard(app, one, { delaySeconds: hour });
    ids.push((await askForAnn(app, one.owner)).id);
  }
  const [id = '', otherId = ''] = ids;
  clock.now += hour * 1000;
  {
    const lock = `select from organization where id = ${council.to.organization} for update`;
    await using _held = await hold(at.database, lock);
    await expect(app.administration.due.run()).rejects.toMatchObject({ code: 'STATEMENT_TIMEOUT' });
    expect(await lookUp(app, other, otherId)).toMatchObject({ state: 'DONE' });
    expect(await lookUp(app, council, id)).toMatchObject({ state: 'PENDING' });
  }
  expect(await settled(app, council, id)).toMatchObject({ state: 'DONE' });
});

test('what only a newer server knows is left to it', async () => {
  const council = await newCouncil(at.app);
  await guard(at.app, council, { delaySeconds: hour });
  const { id } = await askForAnn(at.app, council.owner);
  await asAdmin(at.database, "update pending_change set kind = 'of_tomorrow' where id = $1", [id]);
  clock.now += 30 * 24 * hour * 1000;
  await at.app.administration.due.run();
  expect(await asAdmin(at.database, 'select state from pending_change where id = $1', [id])).toEqual([
    { state: 'PENDING' },
  ]);
  expect(await at.app.services.administration.approveChange(council.olga, id)).toBeNull();
});

test('with the access log off it is done all the same, and nothing is recorded', async () => {
  await using app: App = await openTestApp(at.database, { ACCESS_LOG: 'off' }, overrides);
  const council: Council = await newCouncil(app);
  await guard(app, council, { secondPerson: true });
  const { id } = await askForAnn(app, council.owner);
  expect(await app.services.administration.approveChange(council.olga, id)).toMatchObject({ state: 'DONE' });
  expect(await app.services.administration.upsertMembers(council.owner, [member('ann', 'OWNER')])).toMatchObject({
    isEmpty: true,
  });
  expect(await story(app, council)).toEqual([]);
});
