/** Statistics by hand: where buckets begin and end, what is refused and why, and what an operation costs. */
import { execute, parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Principal } from '../../src/auth/auth.ts';
import { AnnalsError } from '../../src/errors.ts';
import type { EntryInput } from '../../src/model/entry.ts';
import type { LogDimension, StatisticsArguments } from '../../src/query/query.ts';
import { asAdmin } from '../support/app.ts';
import {
  answer,
  openRememberedLog,
  openTestApp,
  principalOf,
  type RememberedLog,
  type TestApp,
} from '../support/readingApp.ts';

let at: TestApp;
let log: RememberedLog;
let owner: Principal;
let start: number;

const viewed = 'passwork.item_viewed';
const hour = 3_600_000;
const event = (occurredAt: string, more: Partial<EntryInput> = {}): EntryInput => ({
  action: viewed,
  occurredAt,
  ...more,
});
const mia = { id: 'mia', name: 'Mia Chen' };
const ned = { id: 'ned', name: 'Ned' };

beforeAll(async () => {
  at = await openTestApp({ STATISTICS_POINTS: '3000', STATEMENT_TIMEOUT_MS: '2000' });
  start = at.clock.now;
  log = await openRememberedLog(at);
  await log.append([
    // The day of 25 hours in Vienna, an entry in each of the two hours after two o’clock.
    event('2025-10-26T00:30:00Z', { actor: mia, component: 'web' }),
    event('2025-10-26T01:30:00Z', { actor: mia, component: 'Web' }),
    event('2025-10-26T22:59:59.999Z', { actor: ned, severity: 9 }),
    event('2025-10-26T23:00:00Z', { actor: ned, ip: '192.0.2.1', action: 'enpass.vault_created' }),
    // Now, and a little later than now.
    { action: viewed, component: 'mobile', vault: { id: 'v1', name: 'Servers' } },
    event(new Date(start + 200_000).toISOString(), { vault: { id: 'v2', name: 'Cellar' } }),
  ]);
  owner = await principalOf(at.app, log.ownerToken);
});
afterAll(() => at?.[Symbol.asyncDispose]());

const count = (request: StatisticsArguments, who = owner) => at.app.services.query.statistics(who, request);
const october = { occurredAt: { gte: '2025-10-25T22:00:00Z', lt: '2025-10-27T23:00:00Z' } };
const times = (buckets: readonly { start: number; count: number }[]) =>
  buckets.map((bucket) => `${new Date(bucket.start).toISOString().slice(0, 16)} ${bucket.count}`);

describe('buckets', () => {
  test('a day of 25 hours has 25 of them, and counts what happened in it', async () => {
    const asked = { filter: october, timeZone: 'Europe/Vienna' };
    expect(times((await count({ ...asked, interval: 'DAY' })).buckets)).toEqual([
      '2025-10-25T22:00 3',
      '2025-10-26T23:00 1',
    ]);
    const hours = (await count({ ...asked, interval: 'HOUR' })).buckets;
    expect(hours).toHaveLength(25 + 24);
    expect(times(hours.slice(2, 5))).toEqual(['2025-10-26T00:00 1', '2025-10-26T01:00 1', '2025-10-26T02:00 0']);
  });

  test('an open period reaches to now, and beyond only where something happened', async () => {
    const lastHour = (buckets: readonly { start: number }[]) => buckets.at(-1)?.start;
    const gte = new Date(start - 5 * hour).toISOString();
    const thisHour = Math.floor(start / hour) * hour;
    const filter = { occurredAt: { gte }, component: { in: ['mobile'] } };
    expect(lastHour((await count({ filter, interval: 'HOUR' })).buckets)).toBe(thisHour);
    const ahead = await count({ filter: { occurredAt: { gte }, directory: { in: ['v2'] } }, interval: 'HOUR' });
    expect(lastHour(ahead.buckets)).toBe(Math.floor((start + 200_000) / hour) * hour);
    expect(ahead.buckets.at(-1)?.count).toBe(1);
  });

  test('without a beginning they begin with the first entry; with nothing to count there are none', async () => {
    const found = await count({
      filter: { actor: { in: ['ned'] }, occurredAt: { lt: '2025-10-28T00:00:00Z' } },
      interval: 'DAY',
    });
    expect(times(found.buckets)).toEqual(['2025-10-26T00:00 2', '2025-10-27T00:00 0']);
    expect((await count({ filter: { actor: { in: ['nobody'] } }, interval: 'DAY' })).buckets).toEqual([]);
    const empty = { occurredAt: { gte: '2025-10-28T00:00:00Z', lt: '2025-10-28T00:00:00Z' } };
    expect(await count({ filter: empty, interval: 'DAY' })).toMatchObject({ count: 0, first: null, buckets: [] });
  });

  test('they follow the time that the filter bounds, unless another is asked for', async () => {
    const { time, count: all, first } = await count({ filter: { recordedAt: { gte: new Date(start).toISOString() } } });
    expect({ time, all, first }).toEqual({ time: 'recordedAt', all: 6, first: start });
    expect((await count({})).time).toBe('occurredAt');
    expect((await count({ filter: october })).time).toBe('occurredAt');
    expect(await count({ filter: october, time: 'recordedAt' })).toMatchObject({ time: 'recordedAt', first: start });
  });

  test('a zone answers by its own name; UTC without one', async () => {
    expect((await count({ timeZone: 'europe/vienna' })).timeZone).toBe('Europe/Vienna');
    expect((await count({})).timeZone).toBe('UTC');
  });
});

describe('groups', () => {
  const keys = async (request: StatisticsArguments) =>
    (await count(request)).groups.map((group) => [...group.keys.map(({ value }) => value), group.count]);

  test('of one size stand in the order of their values, those without a value last', async () => {
    expect(await keys({ groupBy: ['ACTOR'] })).toEqual([
      ['mia', 2],
      ['ned', 2],
      [null, 2],
    ]);
    expect(await keys({ groupBy: ['COMPONENT'] })).toEqual([
      [null, 3],
      ['Web', 1],
      ['mobile', 1],
      ['web', 1],
    ]);
  });

  test('beyond the top are one, with how many it is', async () => {
    const { groups, rest } = await count({ groupBy: ['COMPONENT', 'ACTOR'], top: 1, distinctActors: true });
    expect(groups).toMatchObject([{ count: 2, keys: [{ value: null }, { value: 'ned' }] }]);
    expect(rest).toMatchObject({ groups: 4, count: 4, distinctActors: 1 });
    expect((await count({ groupBy: ['ACTOR'], top: 3 })).rest).toBeNull();
    expect((await count({ groupBy: ['ACTOR'], top: 0 })).rest).toMatchObject({ groups: 3, count: 6 });
  });

  test('an action whose catalogue is gone is still told apart', async () => {
    const own = await openRememberedLog(at);
    await own.append([event('2025-10-26T00:30:00Z'), event('2025-10-26T00:30:00Z', { outcome: 'DENIED' })]);
    await asAdmin(at.database, "insert into action_number (key) values ('gone.thing')");
    await asAdmin(
      at.database,
      "update log_entry set action_id = (select id from action_number where key = 'gone.thing') where organization_id = $1 and position = 1",
      [own.organization.organization],
    );
    const another = await at.another();
    const who = await principalOf(another, own.ownerToken);
    const keysOf = async (dimension: LogDimension) =>
      (await another.services.query.statistics(who, { groupBy: [dimension] })).groups.map(
        ({ keys: [key] }) => key?.value,
      );
    expect(await keysOf('CATEGORY')).toEqual(['passwork.passwords', null]);
    expect(await keysOf('ACTION')).toEqual([viewed, 'gone.thing']);
  });
});

describe('values', () => {
  const found = async (field: LogDimension, search: string) =>
    (await at.app.services.query.filterValues(owner, field, { search })).map(
      ({ key, count: times }) => `${key.value} ${times}`,
    );

  test.each<[LogDimension, string, string[]]>([
    ['ACTOR', 'CHEN', ['mia 2']],
    ['ACTOR', 'n', ['mia 2', 'ned 2']],
    ['ACTOR', '%', []],
    ['ACTOR', 'a\0b', []],
    ['DIRECTORY', 'cell', ['v2 1']],
    ['COMPONENT', 'WEB', ['Web 1', 'web 1']],
    ['COMPONENT', '_', []],
    ['IP', '192.', ['192.0.2.1 1']],
    ['IP', '\ud800', []],
    ['SEVERITY', '9', ['9 1']],
    ['OUTCOME', 'succ', ['SUCCESS 6']],
    ['CATALOGUE', 'enp', ['enpass 1']],
    ['ACTION', 'PASSWORD OPENED', [`${viewed} 5`]],
    ['CATEGORY', 'vaults', ['enpass.vaults 1']],
    ['ACTION_GROUP', 'vault man', ['Vault Management 1']],
    ['ACTION', 'nothing at all', []],
  ])('%s with %j', async (field, search, expected) => {
    expect(await found(field, search)).toEqual(expected);
  });

  test('the most frequent first, as many as asked for, of the entries that match', async () => {
    const { query } = at.app.services;
    const values = async (first: number) =>
      (await query.filterValues(owner, 'ACTOR', { first, filter: { not: { actor: { in: ['mia'] } } } })).map(
        ({ key, first: seen }) => [key.value, key.actor?.name, seen],
      );
    expect(await values(1)).toEqual([['ned', 'Ned', Date.parse('2025-10-26T22:59:59.999Z')]]);
    expect(await values(500)).toHaveLength(1);
    expect(await values(0)).toEqual([]);
  });
});

async function refusal(attempt: Promise<unknown>) {
  const error = await attempt.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AnnalsError)) throw new TypeError(`not refused: ${String(error)}`);
  return { code: error.code, path: error.path, message: error.message };
}

test.each<[string, StatisticsArguments, string, string, RegExp]>([
  ['an unknown zone', { timeZone: 'Mars/Base' }, 'BAD_INPUT', 'timeZone', /"Mars\/Base" is not a time zone/],
  ['three dimensions', { groupBy: ['ACTOR', 'ACTION', 'IP'] }, 'BAD_INPUT', 'groupBy', /at most 2/],
  ['a dimension twice', { groupBy: ['ACTOR', 'ACTOR'] }, 'BAD_INPUT', 'groupBy', /each once/],
  ['a negative top', { top: -1 }, 'BAD_INPUT', 'top', /-1.*0 to 500/],
  ['half a top', { top: 0.5 }, 'BAD_INPUT', 'top', /0\.5/],
  ['too large a top', { top: 501 }, 'BAD_INPUT', 'top', /501.*500/],
  [
    'too many buckets',
    { interval: 'HOUR', filter: { occurredAt: { gte: '2025-01-01T00:00:00Z', lt: '2025-05-07T00:00:01Z' } } },
    'QUERY_TOO_LARGE',
    'interval',
    /more than 3000 buckets of a HOUR.*3000 points/,
  ],
  [
    'too many buckets for so many groups',
    { interval: 'DAY', groupBy: ['ACTOR'], top: 30, filter: { occurredAt: { gte: '2025-01-01T00:00:00Z' } } },
    'QUERY_TOO_LARGE',
    'interval',
    /more than 93 buckets of a DAY, counted in up to 32 series/,
  ],
  ['a filter that is wrong', { filter: { action: { in: ['x.y'] } } }, 'BAD_INPUT', 'filter.action.in[0]', /"x\.y"/],
])('%s is refused', async (_, request, code, path, message) => {
  expect(await refusal(count(request))).toEqual({ code, path, message: expect.stringMatching(message) });
});

test('as many points as the limit are answered; few groups are known to be few', async () => {
  const period = { occurredAt: { gte: '2025-01-01T00:00:00Z', lt: '2025-05-06T00:00:00Z' } };
  expect((await count({ interval: 'HOUR', filter: period })).buckets).toHaveLength(3000);
  const year = { occurredAt: { gte: '2025-01-01T00:00:00Z', lt: '2026-01-01T00:00:00Z' } };
  expect((await count({ interval: 'DAY', groupBy: ['OUTCOME'], top: 500, filter: year })).buckets).toHaveLength(365);
});

test('what takes too long ends with STATEMENT_TIMEOUT, and says what helps', async () => {
  const { url } = at.database;
  const name = new URL(url).pathname.slice(1);
  const lock = asAdmin(
    { adminUrl: at.database.adminUrl },
    'begin; lock table log_entry in access exclusive mode; select pg_sleep(3); commit',
  );
  await expect
    .poll(
      async () =>
        (
          await asAdmin(
            at.database,
            "select 1 from pg_locks where mode = 'AccessExclusiveLock' and relation = 'log_entry'::regclass and granted",
          )
        ).length,
    )
    .toBe(1);
  expect(name).not.toBe('');
  const error = await count({}).catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    code: 'STATEMENT_TIMEOUT',
    cure: expect.stringMatching(/period.*STATEMENT_TIMEOUT_MS/),
  });
  await lock;
});

describe('over GraphQL', () => {
  async function statementsOf(source: string): Promise<string[]> {
    const contextValue = at.app.createContext(owner, 'request', 'en');
    const texts: string[] = [];
    using _ = at.app.store.observe((text) => {
      texts.push(text);
    });
    const result = await execute({ schema: at.app.schema, document: parse(source), contextValue });
    expect(result.errors).toBeUndefined();
    return texts;
  }

  test('one statement counts; names are one more for each kind', async () => {
    const shapes = (texts: string[]) =>
      texts.map((text) => (text.includes('counted as') ? 'counted' : (/from (\w+) /.exec(text)?.[1] ?? '')));
    expect(
      shapes(await statementsOf('{ logStatistics(groupBy: [ACTION]) { total groups { keys { name } count } } }')),
    ).toEqual(['counted']);
    const named =
      '{ logStatistics(groupBy: [ACTOR, DIRECTORY]) { groups { keys { name actor { email } directory { kind } } } } }';
    expect(shapes(await statementsOf(named))).toEqual(['counted', 'actor', 'directory']);
  });

  test('every action and category asks together', async () => {
    const texts = await statementsOf(
      '{ actions { activity { count } category { activity { lastSeen } } } eventCategories { activity { count } actionGroups { actions { activity { count } } } } }',
    );
    expect(texts).toHaveLength(1);
    const two = await statementsOf(
      '{ actions { all: activity { count } denied: activity(filter: { outcome: { in: [DENIED] } }) { count } } }',
    );
    expect(two).toHaveLength(2);
  });

  test('actors are counted where they are asked for, in fragments too', async () => {
    const counts = (texts: string[]) => texts.filter((text) => text.includes('count(distinct')).length;
    expect(counts(await statementsOf('{ logStatistics { total } }'))).toBe(0);
    expect(counts(await statementsOf('{ logStatistics { distinctActors } }'))).toBe(1);
    const inside =
      '{ logStatistics(groupBy: [ACTION]) { groups { ... { ...G } } } } fragment G on StatisticsGroup { n: distinctActors }';
    expect(counts(await statementsOf(inside))).toBe(1);
    const { data } = await answer(at.app, log.ownerToken, inside);
    expect(data).toEqual({ logStatistics: { groups: [{ n: 2 }, { n: 1 }] } });
  });

  test('a preview counts with the member’s eyes, down to the actions of its groups', async () => {
    await at.app.administration.importWorld(log.organization, {
      members: [{ externalId: 'mia', name: 'Mia Chen', email: null, role: 'MEMBER' }],
      groups: [],
      directories: [],
      grants: [],
    });
    const part = `logStatistics(groupBy: [ACTION]) { total groups { count keys { action { activity { count } category { activity { count } } } } } }
      filterValues(field: CATEGORY) { key { category { activity { count } } } }
      logs(first: 1) { nodes { action { activity { count } } } }`;
    const { data, errors } = await answer(at.app, log.ownerToken, `{ asMember(member: "mia") { ${part} } ${part} }`);
    expect(errors).toBeUndefined();
    const seen = (total: number) => ({
      logStatistics: {
        total: expect.any(Number),
        groups: [
          {
            count: total,
            keys: [{ action: { activity: { count: total }, category: { activity: { count: total } } } }],
          },
          ...(total === 5 ? [expect.anything()] : []),
        ],
      },
      filterValues: [
        { key: { category: { activity: { count: total } } } },
        ...(total === 5 ? [expect.anything()] : []),
      ],
      logs: { nodes: [{ action: { activity: { count: total } } }] },
    });
    expect(data).toEqual({ asMember: seen(2), ...seen(5) });
  });
});
