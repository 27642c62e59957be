/** Statistics take some of the connections to the database, whoever asks for how many, and leave the others to everything else. */
import { expect, test } from 'vitest';
import { openTurns } from '../../src/query/turns.ts';
import { hold, waitingSessions } from '../log/locks.ts';
import { newOrganization, openTestApp, plainEntries, until, useTestApps } from '../support/app.ts';

const at = useTestApps({ STATISTICS_AT_ONCE: '2', STATISTICS_WAITING: '3', DATABASE_CONNECTIONS: '4' });

const lock = 'lock table statistics_cell in access exclusive mode';
const overloaded = { code: 'OVERLOADED', retryAfterMs: expect.any(Number), cure: expect.stringContaining('fewer') };

test('beyond so many at once they wait, and beyond so many of an organization they are refused; pages and appends go on', async () => {
  const [one, other] = [await newOrganization(at.app), await newOrganization(at.app)];
  const { query, log } = at.app.services;
  await log.append(one, plainEntries(3));
  await log.append(other, plainEntries(2));
  const answers: Promise<{ count: number }>[] = [];
  {
    await using _ = await hold(at.database, lock);
    for (let index = 0; index < 5; index++) answers.push(query.statistics(one.owner, {}));
    await waitingSessions(at.database, 2);
    // Two run and three wait.
    await expect(query.statistics(one.owner, {})).rejects.toMatchObject(overloaded);
    await expect(query.filterValues(one.owner, 'ACTION', {})).rejects.toMatchObject(overloaded);
    await expect(query.activity(one.owner, null)).rejects.toMatchObject(overloaded);
    // The line is the organization’s own.
    answers.push(query.statistics(other.owner, {}));
    expect((await query.logs(one.owner, { first: 10 })).edges).toHaveLength(3);
    await log.append(one, plainEntries(1));
    expect(await waitingSessions(at.database, 2)).toHaveLength(2);
  }
  expect((await Promise.all(answers)).map(({ count }) => count)).toEqual([4, 4, 4, 4, 4, 2]);
  expect((await query.statistics(one.owner, {})).count).toBe(4);
});

test('one that fails gives its turn to the next', async () => {
  const turns = openTurns({ add() {} }, { atOnce: 1, waiting: 1 });
  const gate = Promise.withResolvers<string>();
  const failing = turns.run(1, () => gate.promise);
  const next = turns.run(1, async () => 'done');
  gate.reject(new Error('failed'));
  await expect(failing).rejects.toThrow('failed');
  expect(await next).toBe('done');
  expect(await turns.run(1, async () => 'also done')).toBe('also done');
});

test('a setting of as many as there are connections leaves one of them to everything else', async () => {
  await using app = await openTestApp(at.database, { STATISTICS_AT_ONCE: '199', DATABASE_CONNECTIONS: '2' });
  const to = await newOrganization(app);
  await app.services.log.append(to, plainEntries(1));
  const answers: Promise<{ count: number }>[] = [];
  {
    await using _ = await hold(at.database, lock);
    for (let index = 0; index < 3; index++) answers.push(app.services.query.statistics(to.owner, {}));
    await waitingSessions(at.database, 1);
    expect((await app.services.query.logs(to.owner, { first: 10 })).edges).toHaveLength(1);
  }
  expect((await Promise.all(answers)).map(({ count }) => count)).toEqual([1, 1, 1]);
});

test('organizations take turns, each in the order in which it asked, and gauges tell of those that run and wait', async () => {
  const gauges = new Map<string, number>();
  const turns = openTurns(
    { add: (name, ...[by]) => void gauges.set(name, (gauges.get(name) ?? 0) + by) },
    { atOnce: 1, waiting: 10 },
  );
  const begun: string[] = [];
  const gate = Promise.withResolvers<void>();
  const work =
    (name: string, done: Promise<void> = Promise.resolve()) =>
    () => {
      begun.push(name);
      return done;
    };
  const all = [
    turns.run(1, work('a1', gate.promise)),
    ...['a2', 'a3', 'a4'].map((name) => turns.run(1, work(name))),
    ...['b1', 'b2'].map((name) => turns.run(2, work(name))),
    turns.run(3, work('c1')),
  ];
  await until(() => begun.length === 1);
  expect(gauges).toEqual(
    new Map([
      ['annals_statistics_running', 1],
      ['annals_statistics_waiting', 6],
    ]),
  );
  gate.resolve();
  await Promise.all(all);
  expect(begun).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
  expect([...gauges.values()]).toEqual([0, 0]);
});
