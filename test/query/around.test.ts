/** The entries around an entry: neighbours that one sees, with cursors that lead on. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answer, openRememberedLog, openTestApp, type RememberedLog, type TestApp } from '../support/readingApp.ts';

let at: TestApp;
let log: RememberedLog;
let mara: string;

const ids = (from: number, to: number) => log.recorded.slice(from, to).map(({ id }) => ({ id: `entry:${id}` }));

beforeAll(async () => {
  at = await openTestApp();
  log = await openRememberedLog(at);
  const { administration } = at.app;
  await administration.importWorld(log.organization, {
    members: [{ externalId: 'mara', name: 'Mara', email: null, role: 'MEMBER' }],
    groups: [],
    directories: ['mine', 'other'].map((id) => ({ externalId: id, name: id, kind: 'VAULT', parentId: null })),
    grants: [{ directoryId: 'mine', subject: { memberId: 'mara' }, level: 'ADMINISTRATOR' }],
  });
  // Entries 0 to 29; those of Mara are every third. Each three share their time.
  for (let from = 0; from < 30; from += 3) {
    await log.append(
      [0, 1, 2].map((index) => ({
        action: 'passwork.item_viewed',
        vault: { id: index === 0 ? 'mine' : 'other' },
        severity: 1 + ((from / 3) % 10),
      })),
    );
    at.clock.now += 1000;
  }
  mara = (await administration.createToken(log.organization, { name: 'm', actsAs: { member: 'mara' } })).token;
});
afterAll(() => at?.[Symbol.asyncDispose]());

const page = '{ nodes { id } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } totalCount }';
const around = `query ($id: ID!, $filter: LogFilter, $count: Int) { logsAround(id: $id, filter: $filter) {
  entry { id } cursor newer(last: $count) ${page} older(first: $count) ${page} } }`;

interface Neighbours {
  readonly nodes: readonly { readonly id: string }[];
  readonly pageInfo: { readonly startCursor: string; readonly endCursor: string };
}
interface Around {
  readonly cursor: string;
  readonly newer: Neighbours;
  readonly older: Neighbours;
}

async function ask(token: string, variables: Record<string, unknown>): Promise<Around> {
  const { data, errors } = await answer(at.app, token, around, variables);
  expect(errors).toBeUndefined();
  return data?.logsAround as Around;
}

test('shows the nearest on both sides, newest first, with exact page info', async () => {
  const [middle] = ids(15, 16);
  expect(await ask(log.ownerToken, { id: middle?.id, count: 4 })).toMatchObject({
    entry: middle,
    newer: { nodes: ids(16, 20).reverse(), pageInfo: { hasPreviousPage: true, hasNextPage: true }, totalCount: 30 },
    older: { nodes: ids(11, 15).reverse(), pageInfo: { hasPreviousPage: true, hasNextPage: true } },
  });
  const [first] = ids(0, 1);
  expect(await ask(log.ownerToken, { id: first?.id, count: 100 })).toMatchObject({
    newer: { nodes: ids(1, 30).reverse(), pageInfo: { hasPreviousPage: false, hasNextPage: true } },
    older: { nodes: [], pageInfo: { hasPreviousPage: true, hasNextPage: false } },
  });
});

test('hidden neighbours are absent, and a hidden entry has no surroundings', async () => {
  const mine = log.recorded.flatMap(({ id, input }) => (input.vault?.id === 'mine' ? [{ id: `entry:${id}` }] : []));
  expect(await ask(mara, { id: mine[4]?.id, count: 3 })).toMatchObject({
    entry: mine[4],
    newer: { nodes: mine.slice(5, 8).reverse(), totalCount: 10 },
    older: { nodes: mine.slice(1, 4).reverse() },
  });
  const [hidden] = ids(16, 17);
  const answers = [];
  for (const id of [hidden?.id, 'entry:01890000-0000-7000-8000-000000000000', 'nothing']) {
    answers.push(JSON.stringify(await answer(at.app, mara, around, { id, count: 3 })));
  }
  expect(new Set(answers)).toEqual(new Set(['{"data":{"logsAround":null}}']));
});

test('a filter chooses the neighbours and not the entry; its cursors lead on', async () => {
  const filter = { severity: { gte: 5 } };
  const [low] = ids(7, 8);
  const wanted = log.recorded.filter(({ input }) => (input.severity ?? 0) >= 5);
  const found = await ask(log.ownerToken, { id: low?.id, filter, count: 5 });
  expect(found).toMatchObject({ entry: low, older: { nodes: [], pageInfo: { hasPreviousPage: true } } });
  expect(found.newer.nodes).toEqual(
    wanted
      .slice(0, 5)
      .map(({ id }) => ({ id: `entry:${id}` }))
      .reverse(),
  );
  const on =
    'query ($before: String, $filter: LogFilter) { logs(last: 5, before: $before, filter: $filter) { nodes { id } } }';
  const { data } = await answer(at.app, log.ownerToken, on, { filter, before: found.newer.pageInfo.startCursor });
  expect(data?.logs).toEqual({
    nodes: wanted
      .slice(5, 10)
      .map(({ id }) => ({ id: `entry:${id}` }))
      .reverse(),
  });
  const own = await answer(at.app, log.ownerToken, on, { filter, before: found.cursor });
  expect(own.data?.logs).toEqual({ nodes: found.newer.nodes });
  const wrong = await answer(at.app, log.ownerToken, on, { before: found.cursor });
  expect(wrong.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_CURSOR' });
});

test('refuses what pages refuse', async () => {
  const [id] = ids(3, 4).map((one) => one.id);
  const code = async (variables: Record<string, unknown>) =>
    (await answer(at.app, log.ownerToken, around, { id, ...variables })).errors?.[0]?.extensions?.code;
  expect(await code({ count: -1 })).toBe('BAD_INPUT');
  expect(await code({ count: 501 })).toBe('PAGE_TOO_LARGE');
  expect(await code({ filter: { action: { in: ['x.y'] } } })).toBe('BAD_INPUT');
});
