/** Followers die, compete and are told late; what they keep is what a recount of the log up to their place gives. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { AnnalsError } from '../../src/errors.ts';
import { openStatisticsFollower } from '../../src/query/query.ts';
import { asAdmin, newOrganization, plainEntries, type TestOrganization, until, useTestApps } from '../support/app.ts';
import { followerFaults, openFollowing } from './followerFaults.ts';
import { type DatabaseProxy, openProxy } from './proxy.ts';

const at = useTestApps({}, [{}, {}]);
let proxy: DatabaseProxy;
beforeAll(async () => {
  proxy = await openProxy(inject('postgres').socketDirectory);
});
afterAll(() => proxy?.[Symbol.asyncDispose]());

const [halfHour, day] = [1_800_000, 86_400_000];

interface Cell {
  readonly cube: number;
  readonly key: string;
  readonly count: number;
  readonly first: number;
  readonly last: number;
}

/** What the follower kept, and its place. */
async function kept(to: TestOrganization): Promise<{ readonly position: number; readonly cells: Cell[] }> {
  const [place] = await asAdmin<{ position: string }>(
    at.database,
    "select position from follower where organization_id = $1 and name = 'statistics'",
    [to.organization],
  );
  const cells = await asAdmin<Cell>(
    at.database,
    `select cube, slot || ' ' || recorded_slot || ' ' || a || ' ' || b as key, count,
       (extract(epoch from first_occurred_at) * 1000)::float8 as first, (extract(epoch from last_occurred_at) * 1000)::float8 as last
     from statistics_cell where organization_id = $1`,
    [to.organization],
  );
  return { position: Number(place?.position ?? -1), cells };
}

/** The same, counted entry by entry. */
async function recounted(to: TestOrganization, upTo: number): Promise<Cell[]> {
  const tail = await at.app.store.readTail(to.organization, { recordedAt: 0, position: -1 }, 10_000);
  const outcomes = ['SUCCESS', 'FAILURE', 'DENIED', 'UNKNOWN'];
  const cells = new Map<string, Cell>();
  for (const entry of tail?.entries ?? []) {
    if (entry.position > upTo) continue;
    const { action, outcome, severity, directory, actor, occurredAt, recordedAt } = entry;
    const how = outcomes.indexOf(outcome);
    const keys = [
      [halfHour, 0, 0],
      [halfHour, how, severity],
      [halfHour, action, how],
      [halfHour, directory ?? 0, 0],
      [day, action, how],
      [day, directory ?? 0, action],
      [day, actor ?? 0, 0],
    ];
    for (const [cube, [slotMs = 1, a, b]] of keys.entries()) {
      const key = `${Math.floor(occurredAt / slotMs)} ${Math.floor(recordedAt / slotMs)} ${a} ${b}`;
      const known = cells.get(`${cube} ${key}`);
      cells.set(`${cube} ${key}`, {
        cube,
        key,
        count: (known?.count ?? 0) + 1,
        first: Math.min(known?.first ?? occurredAt, occurredAt),
        last: Math.max(known?.last ?? occurredAt, occurredAt),
      });
    }
  }
  return [...cells.values()];
}

const sorted = (cells: readonly Cell[]) => [...cells].sort((a, b) => a.cube - b.cube || a.key.localeCompare(b.key));

/** Whatever happened, nothing is counted twice or left out up to the place. Gives the place. */
async function expectConsistent(to: TestOrganization): Promise<number> {
  const { position, cells } = await kept(to);
  expect(sorted(cells)).toEqual(sorted(await recounted(to, position)));
  return position;
}

const entries = (count: number, from = 0) =>
  plainEntries(count, {}, from).map((entry, index) => ({
    ...entry,
    actor: { id: `u${index % 3}` },
    vault: { id: `v${index % 2}` },
    occurredAt: new Date(Date.UTC(2025, 3, 1) + index * 700_000),
  }));

describe('a step that ends half-way', () => {
  test.each(followerFaults(['into statistics_cell']))('$name', async (fault) => {
    const to = await newOrganization(at.app);
    await at.app.services.log.append(to, entries(20));
    {
      await using before = openFollowing(at.database.url, [openStatisticsFollower()]);
      await before.catchUp(to.organization);
    }
    await at.app.services.log.append(to, entries(9, 20));
    await using failing = openFollowing(proxy.through(at.database.url), [openStatisticsFollower()]);
    const lost = proxy.lost;
    fault.arm(proxy);
    await expect(failing.catchUp(to.organization)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(proxy.lost).toBe(lost + 1);
    // The server may still be ending the transaction of the broken connection.
    expect(await until(() => expectConsistent(to))).toBe(fault.kept ? 28 : 19);
    await until(async () => {
      await failing.catchUp(to.organization);
      return (await kept(to)).position === 28;
    });
    expect(await expectConsistent(to)).toBe(28);
  });
});

test('several servers follow one log while others write it: each entry counts once', async () => {
  const to = await newOrganization(at.app);
  const following = Array.from({ length: 4 }, () => openFollowing(at.database.url, [openStatisticsFollower()]));
  let writing = true;
  const follow = async (one: (typeof following)[number]) => {
    while (writing) await one.catchUp(to.organization);
  };
  const followed = following.map(follow);
  for (let round = 0; round < 30; round++) {
    await Promise.all(at.apps.map((app) => app.services.log.append(to, entries(7, round * 7))));
  }
  writing = false;
  await Promise.all(followed);
  await until(async () => {
    await following[0]?.catchUp(to.organization);
    return (await kept(to)).position === 30 * 7 * 2 - 1;
  });
  await expectConsistent(to);
  for (const one of following) await one[Symbol.asyncDispose]();
});

test('by itself: what this server recorded soon, what another left behind with the next look at every log', async () => {
  const [told, found] = [await newOrganization(at.app), await newOrganization(at.app)];
  await at.app.services.log.append(found, entries(5));
  await using following = openFollowing(at.database.url, [openStatisticsFollower()]);
  following.start();
  await until(async () => (await kept(found)).position === 4);
  await at.app.services.log.append(told, entries(3));
  following.wake(told.organization);
  await until(async () => (await kept(told)).position === 2);
  for (const to of [told, found]) await expectConsistent(to);
});

test('a step that takes longer than a statement may is made shorter', async () => {
  const asked: number[] = [];
  const follower = openStatisticsFollower();
  const step = (limit: number) =>
    follower.step(
      1,
      { recordedAt: 0, position: -1 },
      {
        async rollUpEntries(_, after, entries) {
          asked.push(entries);
          if (entries > limit) throw new AnnalsError('STATEMENT_TIMEOUT');
          return after;
        },
      },
    );
  for (let attempt = 0; attempt < 3; attempt++) await step(1500).catch(() => {});
  for (let attempt = 0; attempt < 8; attempt++) await step(0).catch(() => {});
  expect(asked.slice(0, 3)).toEqual([5000, 2500, 1250]);
  expect(asked.at(-1)).toBe(100);
});

test('lag says how far behind each log is', async () => {
  const to = await newOrganization(at.app);
  const lagOf = async () => (await at.app.followers.lag()).find((one) => one.organization === to.organization);
  expect(await lagOf()).toBeUndefined();
  await at.app.services.log.append(to, entries(4));
  expect(await lagOf()).toMatchObject({ name: 'statistics', entries: 4, milliseconds: expect.any(Number) });
  await at.app.followers.catchUp(to.organization);
  expect(await lagOf()).toBeUndefined();
});
