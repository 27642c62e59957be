import { expect, test } from 'vitest';
import { anAction, asAdmin, newMember, newOrganization, openTestApp, plainEntries, until } from '../support/app.ts';
import { createDatabase } from '../support/database.ts';
import {
  accessesOf,
  countsOf,
  inShort,
  nextWindow,
  page,
  startOfWindow,
  useWatchingApps,
  windowSeconds,
} from './support.ts';

const { apps, clock } = useWatchingApps(2);

async function withEntries(count: number) {
  const { app } = apps;
  const to = await newOrganization(app);
  await app.services.log.append(to, plainEntries(count));
  return to;
}

test('the first access of a window is in the log before it is answered, with who, from where and what', async () => {
  const { app, database } = apps;
  const to = await withEntries(3);
  app.services.access.introduce(to.owner, { ip: '203.0.113.7', userAgent: 'Test/1.0', request: 'request-1' });
  const filter = {
    and: [{ action: { in: [anAction] } }],
    or: [{ directory: { under: ['x'] } }, { severity: { gte: 1 } }],
  };
  const found = await app.services.query.logs(to.owner, { first: 2, filter });
  expect(found.edges).toHaveLength(2);
  expect(await accessesOf(database, to)).toEqual([
    {
      action: 'log_access_started',
      type: 0,
      actor: 'owner',
      name: 'Owner',
      affected: null,
      ip: '203.0.113.7',
      userAgent: 'Test/1.0',
      request: 'request-1',
      metadata: {
        kind: 'READ',
        operation: 'logs',
        entries: 2,
        filter: ['action', 'directory.under', 'severity'],
        token: to.owner.tokenId,
      },
    },
  ]);
});

test('a repeat inside the window records nothing and asks the database nothing more', async () => {
  const { app, database } = apps;
  const to = await withEntries(3);
  await page(app, to);
  const statements: string[] = [];
  const observer = app.store.observe((text) => statements.push(text));
  await page(app, to);
  observer[Symbol.dispose]();
  expect(statements.filter((text) => /append|idempotency|registe/.test(text))).toEqual([]);
  expect(statements.filter((text) => text.includes('log_entry'))).toHaveLength(1);
  expect(await inShort(database, to)).toEqual(['log_access_started READ']);
});

test('repeats become one summary when the window is over, and nothing is left', async () => {
  const { app, database } = apps;
  const to = await withEntries(7);
  const member = await newMember(app, to, { id: 'mara', role: 'AUDITOR' });
  await page(app, to, 5);
  await page(app, to, 3);
  await app.services.query.actors(to.owner, {});
  await app.services.query.logs(member.principal, { first: 4 });
  await app.services.access.settle();
  expect(await countsOf(database, to)).toBe(2);
  const from = new Date(Math.floor(clock.now / (windowSeconds * 1000)) * windowSeconds * 1000);
  nextWindow(clock);
  await app.services.access.settle();
  await app.services.access.settle();
  expect(await countsOf(database, to)).toBe(0);
  const found = await accessesOf(database, to);
  expect(found.map(({ action, actor }) => [action, actor])).toEqual([
    ['log_access_started', 'owner'],
    ['log_access_started', 'mara'],
    ['log_access_summarized', 'owner'],
  ]);
  expect(found.at(-1)?.metadata).toEqual({
    kind: 'READ',
    operation: 'logs',
    operations: 3,
    entries: 8,
    from: from.toISOString(),
    to: new Date(from.getTime() + windowSeconds * 1000).toISOString(),
  });
  await page(app, to);
  expect((await inShort(database, to)).at(-1)).toBe('log_access_started READ');
});

test('of first accesses at once, in one server and in two, one is recorded; the summary counts all', async () => {
  const { database } = apps;
  const to = await withEntries(2);
  await Promise.all([...apps.apps, ...apps.apps].map((app) => page(app, to, 2)));
  expect(await inShort(database, to)).toEqual(['log_access_started READ']);
  await Promise.all(apps.apps.map((app) => app.services.access.settle()));
  nextWindow(clock);
  await Promise.all(apps.apps.map((app) => app.services.access.settle()));
  const found = await accessesOf(database, to);
  expect(found.map(({ action }) => action)).toEqual(['log_access_started', 'log_access_summarized']);
  expect(found.at(-1)?.metadata).toMatchObject({ operations: 4, entries: 8 });
  expect(await countsOf(database, to)).toBe(0);
});

test('counts that are written twice count once', async () => {
  const { app, database } = apps;
  const to = await withEntries(1);
  for (let again = 0; again < 3; again++) {
    await page(app, to, 1);
    await app.services.access.settle();
  }
  expect(
    await asAdmin(
      database,
      `select operations, entries, repeated from access_window where organization_id = ${to.organization}`,
    ),
  ).toEqual([{ operations: 3, entries: 3, repeated: true }]);
});

test('a server that died between recording a summary and forgetting the counts makes no second one', async () => {
  const [one, other] = apps.apps;
  const { database } = apps;
  if (one === undefined || other === undefined) throw new TypeError('two servers are needed');
  const to = await withEntries(1);
  await page(one, to);
  await page(one, to);
  await one.services.access.settle();
  // What a deletion that never committed leaves.
  await asAdmin(
    database,
    `create table kept as select * from access_window where organization_id = ${to.organization}`,
  );
  nextWindow(clock);
  await one.services.access.settle();
  await asAdmin(database, 'insert into access_window select * from kept');
  await other.services.access.settle();
  // Counts that came late are lost, not added: an entry is immutable, and there is one for a window.
  await asAdmin(
    database,
    'update kept set operations = 9; insert into access_window select * from kept; drop table kept',
  );
  await other.services.access.settle();
  expect(await inShort(database, to)).toEqual(['log_access_started READ', 'log_access_summarized READ']);
  expect(await countsOf(database, to)).toBe(0);
});

test('a server that starts closes what an earlier one left, by itself', async () => {
  await using database = await createDatabase();
  const env = { ACCESS_LOG: 'closed', ACCESS_WINDOW_SECONDS: String(windowSeconds) };
  const open = () => openTestApp(database, env, { now: () => clock.now });
  const before = await open();
  const to = await newOrganization(before);
  await page(before, to);
  await page(before, to);
  await before[Symbol.asyncDispose]();
  expect(await countsOf(database, to)).toBe(1);
  nextWindow(clock);
  await using _after = await open();
  await until(async () => (await countsOf(database, to)) === 0);
  expect(await inShort(database, to)).toEqual(['log_access_started READ', 'log_access_summarized READ']);
});

test('windows begin at multiples of their length', () => {
  expect(startOfWindow % (windowSeconds * 1000)).toBe(0);
});
