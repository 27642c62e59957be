/** A token of one organization reads, finds, repeats and follows nothing of another. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { examples } from '../../src/graphql/examples.ts';
import {
  answer,
  openRememberedLog,
  openTestApp,
  principalOf,
  type RememberedLog,
  type TestApp,
} from '../support/readingApp.ts';

let at: TestApp;
let mine: RememberedLog;
let theirs: RememberedLog;

/** Stands in every text of the other organization, and nowhere else. */
const mark = 'theirs';
const entry = {
  idempotencyKey: 'same-key',
  action: 'passwork.item_viewed',
  actor: { id: `${mark}-actor`, name: `${mark} actor` },
  affectedUser: { id: `${mark}-user`, name: `${mark} user` },
  vault: { id: `${mark}-vault`, name: `${mark} vault` },
  targets: [{ type: 'item', id: `${mark}-item`, name: `${mark} item` }],
  component: mark,
};

beforeAll(async () => {
  at = await openTestApp();
  mine = await openRememberedLog(at);
  theirs = await openRememberedLog(at);
  await theirs.append([entry]);
  await mine.append([{ action: 'passwork.item_viewed', actor: { id: 'me' } }]);
});
afterAll(() => at?.[Symbol.asyncDispose]());

const queries = examples.filter((example) => !example.document.includes('subscription'));

test.each(queries.map((example) => [example.name, example] as const))('%s', async (_, { document, variables }) => {
  const result = await answer(at.app, mine.ownerToken, document, variables);
  expect(result.errors).toBeUndefined();
  expect(JSON.stringify(result)).not.toContain(mark);
});

test('no id leads to the other organization', async () => {
  const theirEntry = theirs.recorded[0]?.id ?? '';
  const ids = [
    `entry:${theirEntry}`,
    `actor:MEMBER:${mark}-actor`,
    `directory:${mark}-vault`,
    `organization:${theirs.organization.organizationUid}`,
  ];
  const node = 'query ($id: ID!) { node(id: $id) { id } }';
  for (const id of ids) {
    expect([id, await answer(at.app, mine.ownerToken, node, { id })]).toEqual([id, { data: { node: null } }]);
    expect((await answer(at.app, theirs.ownerToken, node, { id })).data).toEqual({ node: { id } });
  }
  const byId = 'query ($id: ID!) { log(id: $id) { id } }';
  expect(await answer(at.app, mine.ownerToken, byId, { id: theirEntry })).toEqual({ data: { log: null } });
});

test('no filter, search or cursor does either', async () => {
  const filters = [
    { actor: { in: [`${mark}-actor`] } },
    { affectedUser: { in: [`${mark}-user`] } },
    { directory: { under: [`${mark}-vault`] } },
    { target: { in: [`${mark}-item`] } },
    { component: { in: [mark] } },
  ];
  const page = 'query ($filter: LogFilter) { logs(filter: $filter) { totalCount nodes { id } } }';
  for (const filter of filters) {
    const found = { logs: { totalCount: 0, nodes: [] } };
    expect(await answer(at.app, mine.ownerToken, page, { filter })).toEqual({ data: found });
    expect((await answer(at.app, theirs.ownerToken, page, { filter })).data).toMatchObject({ logs: { totalCount: 1 } });
  }
  const pickers = `{ actors(search: "${mark}") { id } directories(search: "${mark}") { id } }`;
  expect(await answer(at.app, mine.ownerToken, pickers)).toEqual({ data: { actors: [], directories: [] } });
  const { query } = at.app.services;
  const { edges } = await query.logs(await principalOf(at.app, theirs.ownerToken), {});
  const after = edges[0]?.cursor ?? null;
  const me = await principalOf(at.app, mine.ownerToken);
  await expect(query.logs(me, { after })).rejects.toMatchObject({ code: 'BAD_CURSOR', path: 'after' });
});

test('an idempotency key is one’s own', async () => {
  const [first, second] = await at.app.services.log.append(mine.organization, [entry, entry]);
  expect(first).toMatchObject({ status: 'CREATED', error: null });
  expect(second?.id).toBe(first?.id);
  expect(first?.id).not.toBe(theirs.recorded[0]?.id);
});

test('a stream follows its own log only', async () => {
  const { live } = at.app.services;
  const stream = live.subscribe(await principalOf(at.app, mine.ownerToken), {});
  await stream.next();
  await theirs.append([{ ...entry, idempotencyKey: null }]);
  await mine.append([{ action: 'passwork.item_viewed' }]);
  const { value } = await stream.next();
  expect(value?.entries).toMatchObject([{ id: mine.recorded.at(-1)?.id }]);
  await stream.return?.();
});
