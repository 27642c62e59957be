import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Principal } from '../../src/auth/auth.ts';
import { AnnalsError } from '../../src/errors.ts';
import type { LogFilter, PageArguments } from '../../src/query/query.ts';
import {
  openRememberedLog,
  openTestApp,
  principalOf,
  type RememberedLog,
  type TestApp,
} from '../support/readingApp.ts';

let at: TestApp;
let log: RememberedLog;
let owner: Principal;

beforeAll(async () => {
  at = await openTestApp({ FILTER_NODES: '5', FILTER_VALUES: '10', FILTER_DEPTH: '3' });
  log = await openRememberedLog(at);
  await log.append(Array.from({ length: 3 }, () => ({ action: 'passwork.item_viewed' })));
  owner = await principalOf(at.app, log.ownerToken);
});
afterAll(() => at?.[Symbol.asyncDispose]());

const read = (page: PageArguments, who = owner) => at.app.services.query.logs(who, page);

async function refusal(attempt: Promise<unknown>) {
  const error = await attempt.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AnnalsError)) throw new TypeError(`not refused: ${String(error)}`);
  return { code: error.code, path: error.path, message: error.message };
}

/** JSON input that the type would not let through. */
const wrong = (text: string): LogFilter => JSON.parse(text);

test.each<[string, PageArguments, string, string, RegExp]>([
  ['an unknown action', { filter: { action: { in: ['x.y'] } } }, 'BAD_INPUT', 'filter.action.in[0]', /"x\.y"/],
  [
    'an unknown action deep inside',
    { filter: { or: [{}, { not: { action: { notIn: ['x.y'] } } }] } },
    'BAD_INPUT',
    'filter.or[1].not.action.notIn[0]',
    /"x\.y"/,
  ],
  ['an unknown category', { filter: { category: { in: ['x'] } } }, 'BAD_INPUT', 'filter.category.in[0]', /"x"/],
  ['an unknown catalogue', { filter: { catalogue: { in: ['x'] } } }, 'BAD_INPUT', 'filter.catalogue.in[0]', /"x"/],
  [
    'a time without a zone',
    { filter: { occurredAt: { gte: '2026-01-01T00:00:00' } } },
    'BAD_INPUT',
    'filter.occurredAt.gte',
    /RFC 3339/,
  ],
  [
    '30 February',
    { filter: { and: [{ recordedAt: { lt: '2026-02-30T00:00:00Z' } }] } },
    'BAD_INPUT',
    'filter.and[0].recordedAt.lt',
    /2026-02-30/,
  ],
  [
    'an unknown outcome',
    { filter: wrong('{"outcome":{"in":["GOOD"]}}') },
    'BAD_INPUT',
    'filter.outcome.in[0]',
    /"GOOD".*SUCCESS/,
  ],
  ['too many conditions', { filter: { and: [{}, {}, {}, {}, {}] } }, 'QUERY_TOO_LARGE', 'filter', /more than 5/],
  [
    'too many conditions in one place',
    { filter: { and: [{ actor: {}, vault: {}, ip: {}, device: {}, session: {} }] } },
    'QUERY_TOO_LARGE',
    'filter',
    /more than 5/,
  ],
  [
    'too deep a filter',
    { filter: { not: { and: [{ or: [{}, { not: {} }] }] } } },
    'QUERY_TOO_LARGE',
    'filter.not.and[0].or[1].not',
    /nested more than 3 deep/,
  ],
  [
    'too many values of metadata',
    {
      filter: {
        metadata: [
          { key: ['a', 'b'], in: [1, 2, 3, 4, 5] },
          { key: ['c'], notIn: [1, 2, 3] },
        ],
      },
    },
    'QUERY_TOO_LARGE',
    'filter',
    /11 values; at most 10/,
  ],
  [
    'what is no address',
    { filter: { ip: { in: ['10.0.0.1', 'x'] } } },
    'BAD_INPUT',
    'filter.ip.in[1]',
    /"x" is neither/,
  ],
  ['an address with a zone', { filter: { ip: { in: ['fe80::1%eth0'] } } }, 'BAD_INPUT', 'filter.ip.in[0]', /neither/],
  ['too long a prefix', { filter: { ip: { in: ['10.0.0.0/33'] } } }, 'BAD_INPUT', 'filter.ip.in[0]', /from 0 to 32/],
  [
    'a network with bits beyond its prefix',
    { filter: { and: [{}, { ip: { notIn: ['10.0.0.1/8'] } }] } },
    'BAD_INPUT',
    'filter.and[1].ip.notIn[0]',
    /"10\.0\.0\.1\/8" has bits beyond/,
  ],
  [
    'a value of metadata without a key',
    { filter: { metadata: [{}, { in: ['x'] }] } },
    'BAD_INPUT',
    'filter.metadata[1].key',
    /none is named/,
  ],
  [
    'an object as a value of metadata',
    { filter: { metadata: [{ key: ['a'], in: [1, { b: 1 }] }] } },
    'BAD_INPUT',
    'filter.metadata[0].in[1]',
    /\{"b":1\} is not a string, a number, true or false/,
  ],
  [
    'too long a path into metadata',
    { filter: { metadata: [{ key: Array.from({ length: 21 }, String), exists: true }] } },
    'QUERY_TOO_LARGE',
    'filter',
    /21 values/,
  ],
  [
    'an unknown actor type',
    { filter: wrong('{"actor":{"type":{"in":["ROBOT"]}}}') },
    'BAD_INPUT',
    'filter.actor.type.in[0]',
    /"ROBOT".*MEMBER/,
  ],
  [
    'an unknown time zone',
    { filter: { not: { recordedAt: { within: { last: 1, unit: 'DAY', timeZone: 'Mars/Olympus' } } } } },
    'BAD_INPUT',
    'filter.not.recordedAt.within.timeZone',
    /"Mars\/Olympus" is not a time zone/,
  ],
  [
    'no days at all',
    { filter: { occurredAt: { within: { last: 0, unit: 'DAY' } } } },
    'BAD_INPUT',
    'filter.occurredAt.within.last',
    /0 is not a whole number from 1 to 10,000/,
  ],
  [
    'too many values',
    { filter: { actor: { in: ['1', '2', '3', '4', '5', '6'], notIn: ['1', '2', '3', '4', '5'] } } },
    'QUERY_TOO_LARGE',
    'filter',
    /11 values; at most 10/,
  ],
  [
    'too many values of target types',
    { filter: { target: { type: { in: Array.from({ length: 11 }, String) } } } },
    'QUERY_TOO_LARGE',
    'filter',
    /11 values; at most 10/,
  ],
  [
    'too short a text',
    { filter: { text: { contains: ['abc', 'a'] } } },
    'BAD_INPUT',
    'filter.text.contains[1]',
    /"a" is too short.*2/,
  ],
  [
    'an empty text',
    { filter: { not: { text: { contains: [''] } } } },
    'BAD_INPUT',
    'filter.not.text.contains[0]',
    /too short/,
  ],
  [
    'too long a text',
    { filter: { text: { contains: ['a'.repeat(201)] } } },
    'BAD_INPUT',
    'filter.text.contains[0]',
    /201 characters; at most 200/,
  ],
  [
    'a text in an unknown field',
    { filter: wrong('{"text":{"contains":["abc"],"in":["NAMES","BODY"]}}') },
    'BAD_INPUT',
    'filter.text.in[1]',
    /"BODY" is not one of NAMES, EMAIL/,
  ],
  ['first and last', { first: 1, last: 1 }, 'BAD_INPUT', 'last', /exclude/],
  ['a negative first', { first: -1 }, 'BAD_INPUT', 'first', /-1/],
  ['a negative last', { last: -5 }, 'BAD_INPUT', 'last', /-5/],
  ['half an entry', { first: 1.5 }, 'BAD_INPUT', 'first', /1\.5/],
  ['too large a first', { first: 501 }, 'PAGE_TOO_LARGE', 'first', /501.*500/],
  ['too large a last', { last: 501 }, 'PAGE_TOO_LARGE', 'last', /501.*500/],
  ['an empty cursor', { after: '' }, 'BAD_CURSOR', 'after', /not a cursor of this server/],
  ['garbage for a cursor', { before: 'garbage' }, 'BAD_CURSOR', 'before', /not a cursor of this server/],
  ['a cursor of no key', { after: 'A'.repeat(70) }, 'BAD_CURSOR', 'after', /not a cursor/],
])('%s is refused', async (_, page, code, path, message) => {
  expect(await refusal(read(page))).toEqual({ code, path, message: expect.stringMatching(message) });
});

describe('cursors', () => {
  const filter: LogFilter = { component: { notIn: ['x'], in: null }, severity: { gte: 1, lt: 11 } };
  const cursorOf = async (page: PageArguments) => (await read({ ...page, first: 1 })).edges[0]?.cursor ?? '';

  test('a filter with nulls, or its members in another order, is the same filter', async () => {
    const same: LogFilter = { severity: { lt: 11, gte: 1, in: null }, and: null, component: { notIn: ['x'] } };
    expect(await cursorOf({ filter: same })).toBe(await cursorOf({ filter }));
    expect((await read({ after: await cursorOf({ filter }), filter: same })).edges).toHaveLength(2);
    expect(await cursorOf({ filter: { actor: null } })).toBe(await cursorOf({}));
    expect(await cursorOf({ filter: {} })).toBe(await cursorOf({ filter: null }));
  });

  test('a cursor serves both orders and both directions', async () => {
    const after = await cursorOf({ direction: 'DESC' });
    expect((await read({ before: after, direction: 'ASC' })).edges).toHaveLength(2);
    expect((await read({ after, direction: 'DESC', last: 5 })).edges).toHaveLength(2);
  });

  test('a cursor of one order is refused in the other, and by a stream', async () => {
    const { query } = at.app.services;
    const recorded = await cursorOf({});
    const occurred = await cursorOf({ order: 'OCCURRED_AT' });
    const refused = { code: 'BAD_CURSOR', path: 'after', message: expect.stringMatching(/another order/) };
    expect(await refusal(read({ after: occurred }))).toEqual(refused);
    expect(await refusal(read({ after: recorded, order: 'OCCURRED_AT' }))).toEqual(refused);
    expect(await refusal((await query.stream(owner, null)).open(occurred))).toEqual(refused);
    expect((await read({ after: occurred, order: 'OCCURRED_AT' })).edges).toHaveLength(2);
    const { headCursor } = await read({ order: 'OCCURRED_AT' });
    expect(await (await query.stream(owner, null)).open(await headCursor())).toMatchObject({ position: 2 });
    expect(await refusal(read({ after: await headCursor(), order: 'OCCURRED_AT' }))).toEqual(refused);
  });

  test('another filter, another organization, a changed character: each is refused', async () => {
    const after = await cursorOf({ filter });
    const refused = { code: 'BAD_CURSOR', path: 'after' };
    expect(await refusal(read({ after }))).toMatchObject(refused);
    expect(await refusal(read({ after, filter: { ...filter, not: {} } }))).toMatchObject(refused);
    const other = await openRememberedLog(at);
    await other.append([{ action: 'passwork.item_viewed' }]);
    const stranger = await principalOf(at.app, other.ownerToken);
    expect(await refusal(read({ after, filter }, stranger))).toMatchObject(refused);
    for (let index = 0; index < after.length; index++) {
      const changed = `${after.slice(0, index)}${after[index] === 'A' ? 'B' : 'A'}${after.slice(index + 1)}`;
      expect(await refusal(read({ after: changed, filter }))).toMatchObject(refused);
    }
    expect(await refusal(read({ after: `${after}=`, filter }))).toMatchObject(refused);
  });

  test('the cursor of a stream is refused and accepted alike', async () => {
    const { query } = at.app.services;
    const stream = await query.stream(owner, filter);
    const { headCursor } = await read({ filter, first: 1 });
    expect(await stream.open(await headCursor())).toMatchObject({ position: 2 });
    const page = await read({ first: 1 });
    expect(await refusal(stream.open(await page.headCursor()))).toMatchObject({ code: 'BAD_CURSOR', path: 'after' });
  });
});

test('who may not read is refused by every reader of entries and names', async () => {
  const { administration, services } = at.app;
  const to = { name: 'i', actsAs: { role: 'INTEGRATION' } };
  const integration = await principalOf(at.app, (await administration.createToken(log.organization, to)).token);
  const { query } = services;
  const forbidden = { code: 'FORBIDDEN', message: expect.stringMatching(/INTEGRATION.*READ/) };
  const attempts = [
    query.logs(integration, {}),
    query.actor(integration, 'MEMBER', 'owner'),
    query.directory(integration, 'v1'),
    query.actors(integration, {}),
    query.directories(integration, {}),
    query.stream(integration, null),
    services.live.subscribe(integration, {}).next(),
  ];
  for (const attempt of attempts) expect(await refusal(attempt)).toMatchObject(forbidden);
  expect(await query.entries(integration, [log.recorded[0]?.id ?? ''])).toEqual([]);
});

test('pickers refuse sizes as pages do, and find nothing for a text that cannot be stored', async () => {
  const { query } = at.app.services;
  for (const picker of [query.actors, query.directories]) {
    expect(await refusal(picker(owner, { first: -1 }))).toMatchObject({ code: 'BAD_INPUT', path: 'first' });
    expect(await refusal(picker(owner, { first: 501 }))).toMatchObject({ code: 'PAGE_TOO_LARGE', path: 'first' });
    expect(await picker(owner, { search: 'a\0b' })).toEqual([]);
    expect(await picker(owner, { search: '\ud800' })).toEqual([]);
  }
});
