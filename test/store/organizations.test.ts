/**
 * Every statement of the store keeps to the organization it is called for: its text binds each table of organizations, and it
 * gives and changes the same whether another organization has the same ids or is not there. One without a row here fails.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore, type Store } from '../../src/store/store.ts';
import { asAdmin } from '../support/app.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { firstRecordedAt } from '../support/entries.ts';
import { looseIn } from './boundText.ts';
import { calls, type Facts, fill } from './twoOrganizations.ts';

/** Statements that no organization calls, or that find out which one does. */
const ofNoOrganization: Readonly<Record<string, string>> = {
  'administration.insertOrganization': 'makes one',
  'administration.readDuePending': 'finds out whose time has come',
  'administration.readWaitingOutboxes': 'finds out whose changes wait',
  ensurePartitions: 'the months of all logs',
  forgetEntryCounts: 'old days of all logs',
  forgetIdempotencyKeys: 'old keys of all logs',
  readFollowerLag: 'the logs of all; each row says whose it is',
  readEndedAccessWindows: 'the windows of all; each row says whose it is',
  readLogOrganizations: 'every organization that has a log',
  registerActions: 'numbers of the installation',
  readActionNumbers: 'numbers of the installation',
  serverKeys: 'secrets of the installation',
};
/**
 * Those in which a secret decides the organization, or the claim of a token that only that organization’s keys can prove: the
 * row that has it binds all others.
 */
const boundBySecret: Readonly<Record<string, string>> = {
  findCredentials: 't',
  findKnownToken: 't',
  findJwtCredential: 'o',
};
/** Members of the store that are no statements. */
const others = ['prisma', 'hints', 'administration', 'administer', 'observe', 'pool', 'ping', 'pageSql', 'countSql'];

const undo = new AsyncDisposableStack();
/** With both organizations, and with one of them alone. */
const worlds: { readonly database: TestDatabase; readonly store: Store; readonly ours: Facts }[] = [];
let theirs: Facts;
let tables: Set<string>;

beforeAll(async () => {
  for (const both of [true, false]) {
    const database = undo.use(await createDatabase());
    const store = undo.use(openStore({ url: database.url, connections: 1, statementTimeoutMs: 10_000 }));
    await store.ensurePartitions(firstRecordedAt, firstRecordedAt);
    worlds.push({ database, store, ours: await fill(store, 'ours', 2) });
    if (both) theirs = await fill(store, 'theirs', 3);
  }
  const found = await asAdmin<{ name: string }>(
    world(0).database,
    `select table_name as name from information_schema.columns where table_schema = 'public' and column_name = 'organization_id'`,
  );
  tables = new Set(found.map(({ name }) => name));
});
afterAll(() => undo.disposeAsync());

function world(index: 0 | 1) {
  const found = worlds[index];
  if (found === undefined) throw new TypeError('the worlds are not open yet');
  return found;
}

/** Everything that the database holds of an organization. */
async function holdings(organization: number): Promise<unknown> {
  const { database } = world(0);
  const parents = (
    await asAdmin<{ name: string }>(
      database,
      "select relname as name from pg_class where relkind in ('r', 'p') and not relispartition and relname = any($1) order by 1",
      [[...tables]],
    )
  ).map(({ name }) => name);
  const [whole] = await asAdmin(
    database,
    `select ${parents.map((name) => `(select json_agg(t::text order by t::text) from ${name} t where organization_id = $1) as ${name}`).join(', ')},
       (select o::text from organization o where id = $1) as organization,
       (select json_agg(s::text order by s::text) from group_membership s where member_id in (select id from member where organization_id = $1)
          or group_id in (select id from member_group where organization_id = $1)) as memberships`,
    [organization],
  );
  return whole;
}

test('every statement has a row', () => {
  const { store } = world(0);
  const names = [
    ...Object.keys(store).filter((name) => !others.includes(name)),
    ...Object.keys(store.administration).map((name) => `administration.${name}`),
  ];
  expect(names.sort()).toEqual([...Object.keys(calls), ...Object.keys(ofNoOrganization)].sort());
});

test('the organizations have the same ids and nothing else in common', async () => {
  expect(world(1).ours).toEqual(world(0).ours);
  const [mine, other] = [world(0).ours, theirs];
  expect(new Set([...mine.actors, ...other.actors]).size).toBe(6);
  expect(new Set([...mine.directories, ...other.directories]).size).toBe(6);
  expect(new Set([mine.member, other.member, mine.organization, other.organization]).size).toBeGreaterThan(2);
});

describe('each statement', () => {
  test.each(Object.entries(calls))('%s', async (name, call) => {
    const texts: string[] = [];
    const before = await holdings(theirs.organization);
    const answers: unknown[] = [];
    for (const [index, { store, ours }] of worlds.entries()) {
      using _ = store.observe((text) => index === 0 && texts.push(text));
      answers.push(await Promise.allSettled(call(store, ours, theirs)));
    }
    expect(answers[0]).toEqual(answers[1]);
    expect(await holdings(theirs.organization)).toEqual(before);

    expect(texts.length).toBeGreaterThan(0);
    for (const text of texts) expect(looseIn(text, tables, boundBySecret[name]), text).toEqual([]);
  });
});

describe('the reader of texts', () => {
  const known = new Set(['member', 'actor', 'log_entry']);
  test.each([
    ['select from member m where m.organization_id = $1 and m.id = $2', []],
    ['select from member m where m.id = $2', ['member m']],
    ['select from member m join actor a on a.id = m.actor_id where m.organization_id = $1', ['actor a']],
    ['select from member m join actor a on a.organization_id = m.organization_id where m.organization_id = $1', []],
    ['select from organization o join member m on m.organization_id = o.id where o.id = $1', []],
    [
      'select from member m where m.organization_id = $1 and exists (select from log_entry e where e.id = m.id)',
      ['log_entry e'],
    ],
    ['update member set name = $2 where organization_id = $1', []],
    ['delete from member where id = $1', ['member member']],
    ['insert into member (id, organization_id) values (coalesce($2, 1), $1)', []],
    [
      'insert into member (id, organization_id) select a.id, a.organization_id from actor a where a.organization_id = $1',
      [],
    ],
    [
      'insert into member (id, organization_id) select a.id, a.organization_id from actor a',
      ['member member', 'actor a'],
    ],
    ['insert into member (id) values ($1)', ['member member']],
  ])('%s', (text, loose) => {
    expect(looseIn(text, known)).toEqual(loose);
  });
});
