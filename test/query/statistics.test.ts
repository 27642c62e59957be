/** Random questions of random readers: counted from rows, from cells that are behind, from cells, and by hand. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type App, openApp } from '../../src/app.ts';
import type { Principal } from '../../src/auth/auth.ts';
import { readConfig } from '../../src/config.ts';
import { intervals } from '../../src/model/zone.ts';
import { type LogFilter, logDimensions, type Statistics, type StatisticsArguments } from '../../src/query/query.ts';
import { asAdmin } from '../support/app.ts';
import { entryInput, logFilter } from '../support/reading.ts';
import { openTestApp, type TestApp } from '../support/readingApp.ts';
import { countByHand, inWords } from '../support/statisticsOracle.ts';
import { openReadingLog, type ReadingLog, type Viewpoint } from './support.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const days = 40;
const addresses = ['192.0.2.1', '2001:db8::1', '2001:db8::a'];

let at: TestApp;
let fromRows: App;
let log: ReadingLog;

/** Spread over weeks, some late, some early, some recorded together. */
async function fill(seed: number, count: number): Promise<void> {
  const { catalogue } = at.app.services;
  const when = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: days * dayMs }).map((ago) => -ago) },
    { weight: 2, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 300_000 }) },
    { weight: 1, arbitrary: fc.constant(-dayMs) },
  );
  const input = fc.tuple(entryInput(catalogue, 0), when, fc.integer({ min: 0, max: 50 }));
  for (const [entry, offset, minutes] of fc.sample(fc.noBias(input), { numRuns: count, seed })) {
    const occurredAt = offset === null ? null : new Date(at.clock.now + offset);
    const ip = addresses[minutes % (addresses.length + 1)] ?? null;
    await log.append([{ ...entry, occurredAt, ip }]);
    if (minutes % 5 > 0) at.clock.now += minutes * minuteMs;
  }
}

/** Roles limited to categories, which the count by hand does not know: these are told rows against cells alone. */
const limited: Principal[] = [];
async function addLimitedRoles(): Promise<void> {
  const { administration, services } = at.app;
  const { organization } = log;
  const owner = await at.app.auth.authenticate(log.ownerToken);
  const categories = services.catalogue.categories.filter((_, index) => index % 2 === 0).map(({ key }) => key);
  const common = { name: 'Limited', permissions: ['READ'], categories } as const;
  await services.administration.upsertRole(owner, { ...common, key: 'SOME_KINDS', scope: 'ALL' });
  await services.administration.upsertRole(owner, {
    ...common,
    key: 'SOME_PLACES',
    scope: 'GRANTED',
    ownActivity: true,
  });
  await services.administration.upsertMembers(owner, [{ id: 'guest', name: 'Guest', role: 'SOME_PLACES' }]);
  await services.administration.setGrants(owner, [{ directoryId: 'd1', memberId: 'guest', level: 'ADMINISTRATOR' }]);
  for (const actsAs of [{ role: 'SOME_KINDS' }, { member: 'guest' }]) {
    const { token } = await administration.createToken(organization, { name: 'limited', actsAs });
    limited.push(await at.app.auth.authenticate(token));
  }
}

beforeAll(async () => {
  const STATISTICS_POINTS = '1000000';
  at = await openTestApp({ STATISTICS_POINTS });
  const { url, ownerUrl } = at.database;
  const addresses = { DATABASE_URL: url, MIGRATION_DATABASE_URL: ownerUrl, ACCESS_LOG: 'off', STATISTICS_POINTS };
  fromRows = await openApp(readConfig({ ...addresses, STATISTICS_ROLL_UPS: 'off' }), { now: () => at.clock.now });
  log = await openReadingLog(at, 11, 0);
  await fill(1, 320);
  await addLimitedRoles();
});
afterAll(async () => {
  await fromRows?.[Symbol.asyncDispose]();
  await at?.[Symbol.asyncDispose]();
});

const bound = fc
  .tuple(fc.integer({ min: -1, max: days + 3 }), fc.constantFrom(0, 30, 45, 61), fc.constantFrom(0, 1, 777))
  .map(([ago, minutes, milliseconds]) => ({ ago, minutes, milliseconds }));
const zones = ['UTC', 'Europe/Vienna', 'Asia/Kolkata', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/St_Johns'];

/** Filters of which most bound a time, so that cells have an edge to count up to. */
function filter(): fc.Arbitrary<LogFilter | null> {
  const { catalogue } = at.app.services;
  const end = Math.floor(at.clock.now / dayMs) * dayMs;
  const time = fc.option(
    bound.map(({ ago, minutes, milliseconds }) =>
      new Date(end - ago * dayMs + minutes * minuteMs + milliseconds).toISOString(),
    ),
    { nil: null, freq: 3 },
  );
  const period = fc.record({ gte: time, lt: time });
  const cheap: fc.Arbitrary<LogFilter> = fc.oneof(
    fc.constant({}),
    fc.constantFrom('SUCCESS' as const, 'DENIED' as const).map((outcome) => ({ outcome: { notIn: [outcome] } })),
    fc.constantFrom('d1', 'd2', 'd3').map((id) => ({ directory: { under: [id] } })),
    fc.constantFrom('m1', 'guest').map((id) => ({ not: { actor: { in: [id] } } })),
    fc.constantFrom('enpass', 'passwork').map((key) => ({ catalogue: { in: [key] } })),
    fc.integer({ min: 1, max: 9 }).map((gte) => ({ severity: { gte } })),
  );
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 3, arbitrary: fc.tuple(cheap, period).map(([one, occurredAt]) => ({ ...one, occurredAt })) },
    { weight: 2, arbitrary: fc.tuple(cheap, period).map(([one, recordedAt]) => ({ ...one, recordedAt })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(logFilter(catalogue, end), period)
        .map(([one, occurredAt]) => ({ and: [one, { occurredAt }] })),
    },
  );
}

const question = (): fc.Arbitrary<StatisticsArguments> =>
  fc.record({
    filter: filter(),
    interval: fc.constantFrom(null, ...intervals),
    timeZone: fc.constantFrom(null, ...zones),
    groupBy: fc.uniqueArray(fc.constantFrom(...logDimensions), { maxLength: 2 }),
    time: fc.constantFrom(null, null, 'occurredAt' as const, 'recordedAt' as const),
    top: fc.constantFrom(null, 0, 1, 3, 50),
    distinctActors: fc.boolean(),
  });

function check(viewer: Viewpoint, asked: StatisticsArguments, answer: Statistics): void {
  const { buckets, time } = answer;
  for (const [index, bucket] of buckets.entries()) expect(bucket.start).toBe(buckets[index - 1]?.end ?? bucket.start);
  const expected = countByHand(
    log.expected(viewer, asked.filter ?? null),
    {
      time,
      groupBy: asked.groupBy ?? [],
      top: asked.top ?? 10,
      distinctActors: asked.distinctActors ?? false,
      buckets,
    },
    at.app.services.catalogue,
  );
  expect(inWords(answer)).toEqual(expected);
  // Nothing falls between the buckets, nor beside them.
  if (buckets.length > 0) expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(answer.count);
}

function only(index: number): Principal {
  const found = limited[index];
  if (found === undefined) throw new TypeError('no such principal');
  return found;
}

async function limitedRoles(seed: number, numRuns: number): Promise<void> {
  const property = fc.asyncProperty(fc.nat({ max: 1 }), question(), async (index, asked) => {
    const principal = await at.app.auth.refresh(only(index));
    const [rolled, rows] = await Promise.all(
      [at.app, fromRows].map((app) => app.services.query.statistics(principal, asked)),
    );
    expect(rolled).toEqual(rows);
  });
  await fc.assert(property, { numRuns, seed });
}

async function everybody(seed: number, numRuns: number): Promise<{ cells: number }> {
  let cells = 0;
  using _ = at.app.store.observe((text) => {
    if (text.includes('from statistics_cell')) cells++;
  });
  const property = fc.asyncProperty(fc.nat({ max: 4 }), question(), async (index, asked) => {
    const viewer = log.viewpoints[index];
    if (viewer === undefined) throw new TypeError('no such viewpoint');
    const principal = await at.app.auth.refresh(viewer.principal);
    const [rolled, rows] = await Promise.all(
      [at.app, fromRows].map((app) => app.services.query.statistics(principal, asked)),
    );
    expect(rolled).toEqual(rows);
    if (rolled !== undefined) check(viewer, asked, rolled);
  });
  await fc.assert(property, { numRuns, seed });
  return { cells };
}

const step = (entries: number) =>
  at.app.store.follow(log.organization.organization, 'statistics', (after, statements) =>
    statements.rollUpEntries(log.organization.organization, after, entries),
  );

describe('one answer, by whichever way it is counted', () => {
  test('before anything is rolled up', async () => {
    expect((await everybody(1, 60)).cells).toBeGreaterThan(15);
  });

  test('while the cells are behind', async () => {
    expect(await step(170)).toBe('MOVED');
    await everybody(2, 150);
    await limitedRoles(2, 60);
  });

  test('when they are at the end, and then behind again', async () => {
    await at.app.followers.catchUp(log.organization.organization);
    expect(await at.app.followers.lag()).toEqual([]);
    await everybody(3, 150);
    await limitedRoles(3, 60);
    await fill(2, 30);
    expect(await at.app.followers.lag()).toMatchObject([{ name: 'statistics', entries: 30 }]);
    await everybody(4, 60);
  });

  test('and when they are forgotten and counted again', async () => {
    const { organization } = log.organization;
    await at.app.followers.catchUp(organization);
    const cells = () =>
      asAdmin(at.database, 'select * from statistics_cell where organization_id = $1 order by 1, 2, 3, 4, 5, 6', [
        organization,
      ]);
    const before = await cells();
    expect(before.length).toBeGreaterThan(500);
    await asAdmin(at.database, 'select rebuild_statistics($1)', [organization]);
    expect(await cells()).toEqual([]);
    await everybody(5, 20);
    await step(33);
    await everybody(6, 20);
    await at.app.followers.catchUp(organization);
    expect(await cells()).toEqual(before);
  });
});
