/** Hidden means absent: for every question, what is hidden and what does not exist get the same bytes. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { World } from '../../src/administration/administration.ts';
import { raiseRights } from '../support/app.ts';
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
let mara: string;

const folder = (id: string, parentId: string | null) => ({
  externalId: id,
  name: `Name of ${id}`,
  kind: parentId === null ? ('VAULT' as const) : ('FOLDER' as const),
  parentId,
});
const directories = [folder('top', null), folder('middle', 'top'), folder('mine', 'middle'), folder('other', null)];
const people = [{ externalId: 'mara', name: 'Mara', email: null, role: 'MEMBER' }];
const grant = (directoryId: string, level: World['grants'][number]['level']) => ({
  directoryId,
  subject: { memberId: 'mara' },
  level,
});

beforeAll(async () => {
  at = await openTestApp();
  log = await openRememberedLog(at);
  const { administration } = at.app;
  const grants = [grant('mine', 'ADMINISTRATOR'), grant('other', 'FULL_ACCESS')];
  await administration.importWorld(log.organization, { members: people, groups: [], directories, grants });
  await log.append([
    { action: 'passwork.item_viewed', actor: { id: 'seen' }, vault: { id: 'top' }, directory: { id: 'mine' } },
    { action: 'passwork.item_viewed', actor: { id: 'hidden', name: 'Hidden Hand' }, vault: { id: 'other' } },
    { action: 'passwork.item_viewed', actor: { id: 'hidden' }, vault: { id: 'top' }, directory: { id: 'middle' } },
  ]);
  mara = (await administration.createToken(log.organization, { name: 'm', actsAs: { member: 'mara' } })).token;
});
afterAll(() => at?.[Symbol.asyncDispose]());

/** Entries and names, with everything that could tell that there is more. */
const page = `{ nodes { id description position vault { id current { id name path parent { id } } }
    directory { id current { id name path parent { id } } } actor { id current { id name } } }
  edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount totalCountIsExact }`;
const absent = '01890000-0000-7000-8000-000000000000';
const farFuture = 'ffffffff-ffff-7fff-bfff-ffffffffffff';

const questions: [string, string, () => string | undefined, string][] = [
  ['log', 'query ($id: ID!) { log(id: $id) { id } }', () => log.recorded[1]?.id, absent],
  ['log, of a time no calendar has', 'query ($id: ID!) { log(id: $id) { id } }', () => absent, farFuture],
  [
    'node of an entry',
    'query ($id: ID!) { node(id: $id) { id } }',
    () => `entry:${log.recorded[2]?.id}`,
    `entry:${absent}`,
  ],
  ['node of an actor', 'query ($id: ID!) { node(id: $id) { id } }', () => 'actor:MEMBER:hidden', 'actor:MEMBER:-'],
  [
    'node of an actor of another type',
    'query ($id: ID!) { node(id: $id) { id } }',
    () => 'actor:TOKEN:seen',
    'actor:TOKEN:-',
  ],
  ['node of a directory', 'query ($id: ID!) { node(id: $id) { id } }', () => 'directory:other', 'directory:-'],
  ['node of the directory above', 'query ($id: ID!) { node(id: $id) { id } }', () => 'directory:middle', 'directory:-'],
  [
    'node of what cannot be stored',
    'query ($id: ID!) { node(id: $id) { id } }',
    () => 'directory:top',
    'directory:a\0b',
  ],
  ['a page of an actor', `query ($id: ID!) { logs(filter: { actor: { in: [$id] } }) ${page} }`, () => 'hidden', '-'],
  ['a page of a vault', `query ($id: ID!) { logs(filter: { directory: { in: [$id] } }) ${page} }`, () => 'other', '-'],
  [
    'a page under a vault',
    `query ($id: ID!) { logs(filter: { directory: { under: [$id] } }) ${page} }`,
    () => 'top',
    '-',
  ],
  ['the directories under', 'query ($id: ID!) { directories(under: $id) { id path } }', () => 'top', '-'],
  ['directories by name', 'query ($id: String!) { directories(search: $id) { id } }', () => 'Name of top', '-'],
  ['actors by name', 'query ($id: String!) { actors(search: $id) { id } }', () => 'Hidden Hand', '-'],
  ['actors by id', 'query ($id: String!) { actors(search: $id) { id } }', () => 'hidden', '-'],
];

test.each(questions)('%s', async (_, document, hidden, missing) => {
  const [one, two] = [
    await answer(at.app, mara, document, { id: hidden() }),
    await answer(at.app, mara, document, { id: missing }),
  ];
  expect(one.errors).toBeUndefined();
  expect(JSON.stringify(one)).toBe(JSON.stringify(two));
});

test('a page says nothing of what lies around it', async () => {
  const { data } = await answer(at.app, mara, `{ logs ${page} }`);
  expect(data?.logs).toMatchObject({
    nodes: [
      {
        position: null,
        vault: { id: 'top', current: null },
        directory: { id: 'mine', current: { path: ['Name of mine'], parent: null } },
      },
    ],
    pageInfo: { hasNextPage: false, hasPreviousPage: false },
    totalCount: 1,
  });
  expect(JSON.stringify(data)).not.toMatch(/hidden|other|middle|Name of top/i);
});

test('recording what others hid does not change one byte of what a member is told', async () => {
  const document = `{ logs ${page.replace('{ nodes', '{ headCursor nodes')} actors { id } directories { id } viewer { sees { inWords } } }`;
  const before = await answer(at.app, mara, document);
  await log.append([
    { action: 'passwork.item_viewed', actor: { id: 'newcomer' }, vault: { id: 'brand new' } },
    { action: 'passwork.item_viewed', actor: { id: 'hidden' }, vault: { id: 'other' } },
  ]);
  expect(JSON.stringify(await answer(at.app, mara, document))).toBe(JSON.stringify(before));
});

test('a level that is changed counts at once, on another server too, and in both ways', async () => {
  const other = await at.another();
  const visible = async () => (await other.services.query.logs(await principalOf(other, mara), {})).edges.length;
  const set = (level: 'READ' | 'ADMINISTRATOR') =>
    at.app.administration.importWorld(log.organization, {
      members: people,
      groups: [],
      directories,
      grants: [grant('other', level)],
    });
  expect(await visible()).toBe(1);
  await set('ADMINISTRATOR');
  expect(await visible()).toBe(3);
  await set('READ');
  expect(await visible()).toBe(1);
});

test('a stream is told that a grant was lowered, and not that others made directories', async () => {
  const { live } = at.app.services;
  const set = (level: 'READ' | 'ADMINISTRATOR') =>
    at.app.administration.importWorld(log.organization, {
      members: people,
      groups: [],
      directories,
      grants: [grant('other', level)],
    });
  await set('ADMINISTRATOR');
  const stream = live.subscribe(await principalOf(at.app, mara), {});
  const next = async () => {
    const result = await stream.next();
    if (result.done === true) throw new TypeError('the stream ended');
    return { notice: result.value.notice?.code ?? null, ids: result.value.entries.map((entry) => entry.id) };
  };
  const in_ = (vault: string) => ({ action: 'passwork.item_viewed', vault: { id: vault } });
  expect(await next()).toEqual({ notice: null, ids: [] });
  await log.append([in_('made by others'), in_('other')]);
  expect(await next()).toEqual({ notice: null, ids: [log.recorded.at(-1)?.id] });
  await set('READ');
  expect(await next()).toEqual({ notice: 'RIGHTS_CHANGED', ids: [] });
  await log.append([in_('other'), { ...in_('other'), directory: { id: 'mine' } }]);
  expect(await next()).toEqual({ notice: null, ids: [log.recorded.at(-1)?.id] });
  await stream.return?.();
});

test('a folder that an entry registers under a vault is seen by the vault’s administrator at once', async () => {
  await at.app.administration.importWorld(log.organization, {
    members: people,
    groups: [],
    directories,
    grants: [grant('other', 'ADMINISTRATOR')],
  });
  const { query, live } = at.app.services;
  const stream = live.subscribe(await principalOf(at.app, mara), {});
  await stream.next();
  await log.append([{ action: 'passwork.item_viewed', vault: { id: 'other' }, directory: { id: 'fresh' } }]);
  const id = log.recorded.at(-1)?.id;
  const delivered = await stream.next();
  expect(delivered.value?.entries).toMatchObject([{ id }]);
  await stream.return?.();
  const principal = await principalOf(at.app, mara);
  expect((await query.logs(principal, { first: 1 })).edges[0]?.entry.id).toBe(id);
  expect((await query.directory(principal, 'fresh'))?.externalId).toBe('fresh');
});

test('a ring of directories, were there ever one, ends every walk', async () => {
  const ring = await openRememberedLog(at);
  const chain = [folder('a', null), folder('b', 'a'), folder('c', 'b')];
  const { administration, store } = at.app;
  const grants = [grant('b', 'ADMINISTRATOR')];
  await administration.importWorld(ring.organization, { members: people, groups: [], directories: chain, grants });
  await ring.append(['a', 'b', 'c'].map((id) => ({ action: 'passwork.item_viewed', vault: { id } })));
  // No way of Annals makes one: this writes past it.
  const organizationId = ring.organization.organization;
  const c = await store.prisma.directory.findFirstOrThrow({ where: { organizationId, externalId: 'c' } });
  await store.prisma.directory.updateMany({ where: { organizationId, externalId: 'a' }, data: { parentId: c.id } });
  await raiseRights(at.app, organizationId);
  const to = { name: 'm', actsAs: { member: 'mara' } };
  const { token } = await administration.createToken(ring.organization, to);
  const { data, errors } = await answer(
    at.app,
    token,
    '{ logs { totalCount nodes { directory { current { path } } } } directories(under: "b") { id } }',
  );
  expect(errors).toBeUndefined();
  expect(data).toMatchObject({ logs: { totalCount: 3 }, directories: [{}, {}, {}] });
});
