/** Random organizations against the rule of visibility, said the slow way. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { actorTypes } from '../../src/model/entry.ts';
import { logDimensions } from '../../src/query/query.ts';
import { openReadingLog, type ReadingLog, type Viewpoint } from '../query/support.ts';
import { administered, opensTo } from '../support/oracle.ts';
import { people, unknownPlaces } from '../support/reading.ts';
import { openTestApp, type TestApp } from '../support/readingApp.ts';
import { countByHand, inWords } from '../support/statisticsOracle.ts';
import { actorsIn, directoriesOf } from './support.ts';

let at: TestApp;
const logs: ReadingLog[] = [];

beforeAll(async () => {
  at = await openTestApp();
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]) logs.push(await openReadingLog(at, seed, 80));
});
afterAll(() => at?.[Symbol.asyncDispose]());

async function each(check: (log: ReadingLog, viewer: Viewpoint) => Promise<void>): Promise<void> {
  for (const log of logs) {
    for (const viewer of log.viewpoints) {
      const principal = await at.app.auth.refresh(viewer.principal);
      await check(log, { ...viewer, principal });
    }
  }
}

const sorted = (list: Iterable<string>) => [...list].sort();
const newest = (list: readonly { id: string }[]) => list.map((entry) => entry.id).reverse();

test('the worlds differ: members see nothing, part and all of a log', () => {
  const shares = logs.flatMap((log) => log.viewpoints.map((viewer) => log.expected(viewer).length / 80));
  expect(new Set(shares).size).toBeGreaterThan(10);
  expect(shares.filter((share) => share > 0 && share < 1).length).toBeGreaterThan(10);
  const members = logs.flatMap((log) =>
    log.viewpoints.filter(({ reader }) => reader.role === 'MEMBER').map((viewer) => ({ log, viewer })),
  );
  expect(members.filter(({ viewer }) => administered(viewer.reader).size > 0).length).toBeGreaterThan(8);
  const throughParent = members.filter(({ log, viewer: { reader } }) =>
    [...log.tree.keys()].some((id) => !administered(reader).has(id) && opensTo(reader, id, log.tree)),
  );
  expect(throughParent.length).toBeGreaterThan(4);
});

test('pages and counts hold what the rule lets through, and nothing else', async () => {
  await each(async (log, viewer) => {
    const page = await at.app.services.query.logs(viewer.principal, { first: 500 });
    const expected = log.expected(viewer);
    expect(page.edges.map(({ entry }) => entry.id)).toEqual(newest(expected));
    expect(await page.totalCount()).toEqual({ count: expected.length, exact: true });
  });
});

test('counts by every dimension, and the values on offer, are those of visible entries', async () => {
  const { query, catalogue } = at.app.services;
  await each(async (log, viewer) => {
    const expected = log.expected(viewer);
    for (const [index, dimension] of logDimensions.entries()) {
      const groupBy = [dimension, logDimensions[(index + 3) % logDimensions.length] ?? 'ACTION'];
      const asked = { groupBy, top: 4, time: 'occurredAt', distinctActors: true } as const;
      const answer = await query.statistics(viewer.principal, asked);
      expect(inWords(answer)).toEqual(countByHand(expected, { ...asked, buckets: [] }, catalogue));
      const one = countByHand(expected, { ...asked, groupBy: [dimension], top: 500, buckets: [] }, catalogue);
      const offered = await query.filterValues(viewer.principal, dimension, { first: 500 });
      expect(offered.map(({ key, count }) => [key.value, count])).toEqual(
        one.groups.flatMap(({ keys: [value], count }) => (value == null ? [] : [[value, count]])),
      );
    }
    const activity = await query.activity(viewer.principal, null);
    const byAction = Map.groupBy(expected, ({ input }) => input.action);
    const counts = (list: Iterable<[string, number]>) => Object.fromEntries(list);
    expect(counts([...activity].map(([key, { count }]) => [key, count]))).toEqual(
      counts([...byAction].map(([key, list]) => [key, list.length])),
    );
  });
});

test('an id finds its entry exactly when the page shows it', async () => {
  await each(async (log, viewer) => {
    const ids = log.recorded.map((entry) => entry.id);
    const found = await at.app.services.query.entries(viewer.principal, ids);
    expect(sorted(found.map((entry) => entry.id))).toEqual(sorted(newest(log.expected(viewer))));
  });
});

test('the actors on offer, and those found by id, are those of visible entries', async () => {
  const { query } = at.app.services;
  await each(async (log, viewer) => {
    const expected = actorsIn(log.expected(viewer));
    const offered = await query.actors(viewer.principal, { first: 500 });
    expect(sorted(offered.map((actor) => `${actor.type}:${actor.externalId}`))).toEqual(sorted(expected));
    for (const type of actorTypes) {
      for (const id of people) {
        const one = await query.actor(viewer.principal, type, id);
        expect([type, id, one !== null]).toEqual([type, id, expected.has(`${type}:${id}`)]);
      }
    }
  });
});

test('the directories on offer, and those found by id, are those granted or of visible entries', async () => {
  const { query } = at.app.services;
  await each(async (log, viewer) => {
    const isPlace = ({ input }: { input: { vault?: { id: string } | null } }) =>
      input.vault?.id === unknownPlaces.vault;
    const registered = log.recorded.some(isPlace);
    const known = [...log.tree.keys()].filter((id) => registered || !id.startsWith('new-'));
    const expected = directoriesOf(viewer.reader, log.expected(viewer), log.tree, known);
    const offered = await query.directories(viewer.principal, { first: 500 });
    expect(sorted(offered.map((one) => one.externalId))).toEqual(sorted(expected));
    for (const id of known) {
      expect([id, (await query.directory(viewer.principal, id)) !== null]).toEqual([id, expected.has(id)]);
    }
  });
});

test('a stream delivers what the page would show, to each member', async () => {
  const { live } = at.app.services;
  for (const [index, log] of logs.entries()) {
    const streams = await Promise.all(
      log.viewpoints.map(async (viewer) => {
        const principal = await at.app.auth.refresh(viewer.principal);
        const before = log.expected(viewer).length;
        const stream = live.subscribe(principal, {});
        const opening = await stream.next();
        expect(opening.value?.entries).toEqual([]);
        return { viewer, stream, before };
      }),
    );
    await log.grow(1000 + index, 60);
    for (const { viewer, stream, before } of streams) {
      const expected = log.expected(viewer).slice(before);
      const ids: string[] = [];
      while (ids.length < expected.length) {
        const result = await stream.next();
        if (result.done === true) throw new TypeError('the stream ended');
        ids.push(...result.value.entries.map((entry) => entry.id));
      }
      expect(ids).toEqual(expected.map((entry) => entry.id));
      await stream.return?.();
    }
  }
  expect(live.streams).toBe(0);
});
