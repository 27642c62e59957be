import { type ExecutionResult, execute, graphql, parse, subscribe } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type App, openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { examples } from '../../src/graphql/examples.ts';
import { schema } from '../../src/graphql/schema.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let app: App;
/** Tokens by whom they stand for. */
const tokens = new Map<string, string>();

beforeAll(async () => {
  database = await createDatabase();
  app = await openApp(
    readConfig({ DATABASE_URL: database.url, MIGRATION_DATABASE_URL: database.ownerUrl, ACCESS_LOG: 'off' }),
  );
  const { administration } = app;
  const organization = await administration.createOrganization({ name: 'Acme' });
  await administration.importWorld(organization, {
    members: [{ externalId: 'u1', name: 'Una', email: 'una@example.com', role: 'MEMBER' }],
    groups: [],
    directories: [
      { externalId: 'v1', name: 'Servers', kind: 'VAULT', parentId: null },
      { externalId: 'f1', name: 'Production', kind: 'FOLDER', parentId: 'v1' },
    ],
    grants: [{ directoryId: 'f1', subject: { memberId: 'u1' }, level: 'ADMINISTRATOR' }],
  });
  tokens.set('owner', organization.ownerToken);
  tokens.set('member', (await administration.createToken(organization, { name: 'm', actsAs: { member: 'u1' } })).token);
  const integration = { name: 'i', actsAs: { role: 'INTEGRATION' } } as const;
  tokens.set('integration', (await administration.createToken(organization, integration)).token);
});

afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

async function contextOf(who: string) {
  return app.createContext(await app.auth.authenticate(tokens.get(who) ?? ''), 'r1', 'en');
}

async function ask(who: string, source: string, variableValues: Readonly<Record<string, unknown>> = {}) {
  const result = await graphql({ schema, source, variableValues, contextValue: await contextOf(who) });
  expect(result.errors ?? []).toEqual([]);
  // As a client gets it.
  return JSON.parse(JSON.stringify(result.data));
}

const record = `mutation ($input: RecordLogsInput!) {
  recordLogs(input: $input) { results { id status entry { id } error { code path } } }
}`;

const inFolder = {
  action: 'passwork.item_viewed',
  actor: { id: 'u9', name: 'Ned' },
  vault: { id: 'v1', name: 'Servers then' },
  directory: { id: 'f1', name: 'Production then' },
  targets: [{ type: 'item', id: 'p1', name: 'root' }],
};

const newest = `{ logs(first: 1) { nodes {
  id position description
  actor { id name current { id } }
  vault { id name current { id } }
  directory { id name current { id name path parent { id } } }
} } }`;

test('what a write-only token recorded it does not read back', async () => {
  const wrong = { action: 'passwork.item_viewed', metadata: ['no object'] };
  const { recordLogs } = await ask('integration', record, { input: { entries: [inFolder, wrong] } });
  expect(recordLogs.results).toEqual([
    { id: expect.stringMatching(/^entry:/), status: 'CREATED', entry: null, error: null },
    { id: null, status: null, entry: null, error: { code: 'ENTRY_INVALID', path: 'metadata' } },
  ]);
});

test('who sees the whole log gets positions, paths from the top and its own entries back', async () => {
  const { recordLogs } = await ask('owner', record, { input: { entries: [inFolder] } });
  const [{ id, entry }] = recordLogs.results;
  expect(entry).toEqual({ id });
  const { logs } = await ask('owner', newest);
  expect(logs.nodes).toEqual([
    {
      id,
      position: '1',
      description: expect.stringContaining('Ned'),
      actor: { id: 'u9', name: 'Ned', current: { id: 'actor:MEMBER:u9' } },
      vault: { id: 'v1', name: 'Servers then', current: { id: 'directory:v1' } },
      directory: {
        id: 'f1',
        name: 'Production then',
        current: {
          id: 'directory:f1',
          name: expect.any(String),
          path: [expect.any(String), expect.any(String)],
          parent: { id: 'directory:v1' },
        },
      },
    },
  ]);
});

test('a member of one folder sees it without what lies above, and no positions', async () => {
  const { logs } = await ask('member', newest);
  expect(logs.nodes).toMatchObject([
    {
      position: null,
      vault: { id: 'v1', name: 'Servers then', current: null },
      directory: { id: 'f1', current: { id: 'directory:f1', path: [expect.any(String)], parent: null } },
    },
  ]);
});

test('every id that is answered is found again by node; a hidden one is as missing as a wrong one', async () => {
  const { logs } = await ask('owner', '{ logs(first: 1) { nodes { id } } }');
  const { organization } = await ask('owner', '{ organization { id } }');
  const ids: string[] = ['actor:MEMBER:u9', 'directory:v1', 'action:enpass.none', 'entry:1', 'x', logs.nodes[0].id];
  ids.push(organization.id, 'action:passwork.item_viewed', 'category:passwork.passwords');
  const node = 'query ($id: ID!) { node(id: $id) { __typename id } }';
  const found = async (who: string) => {
    const answers: [string, string | null][] = [];
    for (const id of ids) {
      const answer = (await ask(who, node, { id })).node;
      if (answer !== null) expect(answer.id).toBe(id);
      answers.push([id, answer?.__typename ?? null]);
    }
    return Object.fromEntries(answers);
  };
  const everything = {
    'actor:MEMBER:u9': 'Actor',
    'directory:v1': 'Directory',
    'action:enpass.none': null,
    'entry:1': null,
    x: null,
    [logs.nodes[0].id]: 'LogEntry',
    [organization.id]: 'Organization',
    'action:passwork.item_viewed': 'Action',
    'category:passwork.passwords': 'EventCategory',
  };
  expect(await found('owner')).toEqual(everything);
  expect(await found('member')).toEqual({ ...everything, 'directory:v1': null });
});

test.each(examples.map((example) => [example.name, example] as const))('%s runs as an owner', async (_, example) => {
  const { document, variables } = example;
  if (document.includes('subscription')) {
    const args = {
      schema,
      document: parse(document),
      contextValue: await contextOf('owner'),
      variableValues: variables ?? {},
    };
    const stream = await subscribe(args);
    if (!(Symbol.asyncIterator in stream)) throw new TypeError(JSON.stringify(stream));
    const { value } = await stream.next();
    expect(value).toMatchObject({ data: { logAdded: { entries: [], caughtUp: true, notice: null } } });
    await stream.return(undefined);
    expect(app.services.live.streams).toBe(0);
  } else {
    await ask('owner', document, variables);
  }
});

test('a stream answers each batch with the rights of that batch', async () => {
  const { administration } = app;
  const [organization] = await administration.organizations();
  if (organization === undefined) throw new TypeError('the organization is missing');
  const person = { externalId: 'u2', name: 'Udo', email: null };
  const place = { directoryId: 'f1', subject: { memberId: 'u2' }, level: 'ADMINISTRATOR' } as const;
  const world = (role: string) => ({ members: [{ ...person, role }], groups: [], directories: [], grants: [] });
  await administration.importWorld(organization, world('AUDITOR'));
  tokens.set('udo', (await administration.createToken(organization, { name: 'u', actsAs: { member: 'u2' } })).token);
  const watch = 'subscription { logAdded { entries { position vault { current { id } } } notice { code } } }';
  const stream = await subscribe({ schema, document: parse(watch), contextValue: await contextOf('udo') });
  if (!(Symbol.asyncIterator in stream)) throw new TypeError(JSON.stringify(stream));
  const next = async () => JSON.parse(JSON.stringify((await stream.next()).value)).data.logAdded;

  expect(await next()).toEqual({ entries: [], notice: null });
  await ask('owner', record, { input: { entries: [inFolder] } });
  expect((await next()).entries).toEqual([
    { position: expect.any(String), vault: { current: { id: 'directory:v1' } } },
  ]);

  const directories = [{ externalId: 'f1', name: 'Production', kind: 'FOLDER', parentId: 'v1' }] as const;
  const vaults = [{ externalId: 'v1', name: 'Servers', kind: 'VAULT', parentId: null }] as const;
  const granted = { ...world('MEMBER'), directories: [...vaults, ...directories], grants: [place] };
  await administration.importWorld(organization, granted);
  expect(await next()).toEqual({ entries: [], notice: { code: 'RIGHTS_CHANGED' } });
  await ask('owner', record, { input: { entries: [inFolder] } });
  expect((await next()).entries).toEqual([{ position: null, vault: { current: null } }]);
  await stream.return(undefined);
  expect(app.services.live.streams).toBe(0);
});

test('the statements of a page do not grow with it', async () => {
  const document = parse(`query ($first: Int) { logs(first: $first) { nodes {
    description action { name } category { name } actor { id current { name } } affectedUser { id }
    vault { id current { name } } directory { id current { name path parent { name } } }
  } } }`);
  await ask('owner', record, { input: { entries: Array.from({ length: 100 }, () => inFolder) } });
  const count = async (first: number) => {
    const contextValue = await contextOf('owner');
    const statements: string[] = [];
    using _ = app.store.observe((text) => statements.push(text));
    const result: ExecutionResult = await execute({ schema, document, contextValue, variableValues: { first } });
    expect(result.errors).toBeUndefined();
    return statements.length;
  };
  expect(await count(100)).toBe(await count(1));
});
