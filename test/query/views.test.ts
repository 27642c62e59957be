/** Reading through a saved view is reading with its filter: the same pages, the same cursors, for everybody. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Principal } from '../../src/auth/auth.ts';
import type { Json } from '../../src/model/entry.ts';
import { logFilter } from '../support/reading.ts';
import { answer, memberOf, openTestApp, type TestApp } from '../support/readingApp.ts';
import { openReadingLog, type ReadingLog } from './support.ts';

let at: TestApp;
let log: ReadingLog;
let owner: Principal;
let tokens: string[];

beforeAll(async () => {
  at = await openTestApp();
  log = await openReadingLog(at, 42, 120);
  const first = log.viewpoints[0];
  if (first === undefined) throw new TypeError('nobody looks');
  owner = first.principal;
  const members = log.viewpoints.slice(1).map(({ reader }) => reader.member);
  const made = members.map((member) =>
    at.app.administration.createToken(log.organization, { name: 'again', actsAs: { member: member ?? '' } }),
  );
  tokens = [log.ownerToken, ...(await Promise.all(made)).map(({ token }) => token)];
});
afterAll(() => at?.[Symbol.asyncDispose]());

const roles = ['OWNER', 'ADMINISTRATOR', 'AUDITOR', 'MEMBER'];

async function save(filter: Json, more: object = {}): Promise<string> {
  const input = { name: 'view', filter, sharedWith: roles, ...more };
  return `view:${(await at.app.services.administration.saveView(owner, input)).id}`;
}

const page = `edges { cursor node { id description } } headCursor totalCount totalCountIsExact pageInfo { hasNextPage hasPreviousPage }`;
const used = `query ($view: ID, $filter: LogFilter, $after: String, $order: LogOrder) {
  logs(view: $view, filter: $filter, first: 7, after: $after, order: $order) { ${page} }
}`;
const counted = `query ($view: ID, $filter: LogFilter) {
  logStatistics(view: $view, filter: $filter, groupBy: [ACTOR, ACTION], top: 3) { total groups { keys { value } count } rest { count } }
  filterValues(view: $view, filter: $filter, field: ACTION) { key { value } count }
}`;

type Answer = Awaited<ReturnType<typeof answer>>;
const logsOf = ({ data }: Answer) =>
  data?.logs as { edges: { cursor: string; node: { id: string } }[]; headCursor: string; totalCount: number };

describe.each(['the owner', 'a member', 'another member'])('%s', (who) => {
  const token = () => tokens[['the owner', 'a member', 'another member'].indexOf(who)] ?? '';
  const ask = (document: string, variables: Readonly<Record<string, unknown>>) =>
    answer(at.app, token(), document, variables);

  test('a page through a view is the page with the filter, and their cursors are one', async () => {
    const { catalogue } = at.app.services;
    await fc.assert(
      fc.asyncProperty(
        logFilter(catalogue, log.from),
        fc.option(logFilter(catalogue, log.from), { nil: null, freq: 3 }),
        async (filter, beside) => {
          const view = await save(JSON.parse(JSON.stringify(filter)));
          const both = beside === null ? filter : { and: [filter, beside] };
          const through = await ask(used, { view, filter: beside });
          const direct = await ask(used, { filter: both });
          expect(through).toEqual(direct);
          expect(await ask(counted, { view, filter: beside })).toEqual(await ask(counted, { filter: both }));
          const last = logsOf(direct).edges.at(-1)?.cursor;
          if (last === undefined) return;
          const on = await ask(used, { view, filter: beside, after: last });
          expect(on).toEqual(await ask(used, { filter: both, after: last }));
          expect(on.errors).toBeUndefined();
        },
      ),
      { numRuns: 40, seed: 7 },
    );
  });

  test('what a view says of its filter can be asked as a filter', async () => {
    const { catalogue } = at.app.services;
    await fc.assert(
      fc.asyncProperty(logFilter(catalogue, log.from), async (filter) => {
        const condition = { gte: new Date(log.from + 10_000).toISOString() };
        const period = { time: 'recordedAt', condition } as const;
        const view = await save(JSON.parse(JSON.stringify(filter)), { period });
        const { data } = await ask('query ($id: ID!) { savedView(id: $id) { filter wholeFilter } }', { id: view });
        const { filter: given, wholeFilter } = (data?.savedView ?? {}) as {
          filter?: unknown;
          wholeFilter?: unknown;
        };
        const through = await ask(used, { view });
        expect(through).toEqual(await ask(used, { filter: wholeFilter }));
        const ids = async (asked: unknown) =>
          logsOf(await ask(used, { filter: asked })).edges.map(({ node }) => node.id);
        expect(logsOf(through).edges.map(({ node }) => node.id)).toEqual(
          await ids({ and: [given, { recordedAt: condition }] }),
        );
      }),
      { numRuns: 15, seed: 8 },
    );
  });
});

test('a cursor of a page through a view belongs to its filter: another one refuses it', async () => {
  const view = await save({ severity: { gte: 1 } });
  const other = await save({ severity: { gte: 2 } }, { name: 'other' });
  const first = logsOf(await answer(at.app, log.ownerToken, used, { view })).edges[0]?.cursor;
  for (const variables of [{ view: other }, {}, { view, filter: { severity: { gte: 2 } } }]) {
    const { errors } = await answer(at.app, log.ownerToken, used, { ...variables, after: first });
    expect(errors?.[0]?.extensions?.code).toBe('BAD_CURSOR');
  }
});

test('ids may be global ones, as in any filter', async () => {
  const filter = {
    actor: { in: ['actor:MEMBER:m0', 'actor:MEMBER:m1'] },
    action: { notIn: ['action:passwork.item_viewed'] },
  };
  const view = await save(filter);
  const through = await answer(at.app, log.ownerToken, used, { view });
  expect(through).toEqual(await answer(at.app, log.ownerToken, used, { filter }));
  expect(logsOf(through).totalCount).toBeGreaterThan(0);
});

test('pages come in the order of the view, unless another is asked for', async () => {
  const view = await save(null, { order: { field: 'OCCURRED_AT', direction: 'ASC' } });
  const ids = async (variables: Readonly<Record<string, unknown>>) =>
    logsOf(await answer(at.app, log.ownerToken, used, variables)).edges.map(({ node }) => node.id);
  expect(await ids({ view })).toEqual(await ids({ order: { field: 'OCCURRED_AT', direction: 'ASC' } }));
  expect(await ids({ view, order: {} })).toEqual(await ids({}));
  expect(await ids({ view })).not.toEqual(await ids({}));
});

test('a relative period ends whenever the view is used', async () => {
  const within = { last: 10, unit: 'MINUTE' };
  const view = await save(null, { period: { time: 'recordedAt', condition: { within } } });
  const count = async () => logsOf(await answer(at.app, log.ownerToken, used, { view })).totalCount;
  const before = await count();
  expect(before).toBeGreaterThan(0);
  at.clock.now += 11 * 60_000;
  expect(await count()).toBe(0);
  await log.append([{ action: 'passwork.item_viewed' }]);
  expect(await count()).toBe(1);
});

test('a neighbourhood through a view has its entries alone', async () => {
  const view = await save({ severity: { gte: 5 } });
  const id = `entry:${log.recorded.at(-1)?.id}`;
  const around = `query ($id: ID!, $view: ID, $filter: LogFilter) {
    logsAround(id: $id, view: $view, filter: $filter) { cursor older { nodes { id } } newer { nodes { id } } }
  }`;
  const through = await answer(at.app, log.ownerToken, around, { id, view });
  expect(through).toEqual(await answer(at.app, log.ownerToken, around, { id, filter: { severity: { gte: 5 } } }));
  expect(through.data?.logsAround).not.toBeNull();
});

test('a stream goes on from a page through the same view, and keeps its filter when the view changes', async () => {
  const [seen, other] = ['passwork.item_viewed', 'passwork.item_created'];
  const view = await save({ action: { in: [seen] } });
  const { headCursor } = logsOf(await answer(at.app, log.ownerToken, used, { view }));
  const member = await memberOf(at.app, log.organization, 'owner');
  const used1 = await at.app.services.administration.useView(member, view.replace('view:', ''));
  const batches = at.app.services.live.subscribe(member, { after: headCursor, filter: used1.filter });
  await batches.next();
  await save({ action: { in: [other] } });
  await log.append([{ action: other }, { action: seen, session: 'after the change' }]);
  const { value } = await batches.next();
  expect(value?.entries.map(({ session }: { session: string | null }) => session)).toEqual(['after the change']);
  await batches.return?.();
});

test('nodes are found by global id, and lists have them', async () => {
  const id = await save(null, { columns: ['ACTOR'] });
  const document = `query ($id: ID!) { node(id: $id) { __typename id ... on SavedView { name columns owner { externalId name } } } savedViews { nodes { id } } }`;
  const { data } = await answer(at.app, log.ownerToken, document, { id });
  expect(data?.node).toEqual({
    __typename: 'SavedView',
    id,
    name: 'view',
    columns: ['ACTOR'],
    owner: { externalId: 'owner', name: 'Owner' },
  });
  expect(data?.savedViews).toEqual({ nodes: expect.arrayContaining([{ id }]) });
});
