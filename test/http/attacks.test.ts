/** Attempts to learn what is hidden, each over every transport: the code that refuses them, or the answer for what does not exist. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Http } from '../../src/http/http.ts';
import type { EntryInput, Json } from '../../src/model/entry.ts';
import { newMinter, payloadOf } from '../jwt/support.ts';
import { newOrganization, type TestOrganization, useTestApps } from '../support/app.ts';
import { type Ask, codeOf, transports } from './support.ts';

const at = useTestApps();

/** In whatever the attacker must not see. */
const secret = 'S3CRET';
const absent = '01890000-0000-7000-8000-000000000000';

interface Scene {
  readonly to: TestOrganization;
  readonly other: TestOrganization;
  /** A member that sees one vault, and may not see the components and targets of its entries. */
  readonly member: string;
  /** A program that only records. */
  readonly recorder: string;
  readonly bound: string;
  readonly rotated: string;
  readonly rotatedId: string;
  readonly spent: string;
  readonly hiddenEntry: string;
  readonly foreignEntry: string;
  /** Of the owner’s view of an entry that is hidden from the member. */
  readonly hiddenCursor: string;
  readonly foreignCursor: string;
  readonly cursor: string;
  /** Views by whose they are, and by what they filter. */
  readonly views: Readonly<Record<'private' | 'ofManagers' | 'foreign' | 'byHidden' | 'ofHidden', string>>;
  /** JWTs that are not what they seem, by what is wrong with them. */
  readonly jwts: Readonly<Record<Forgery, string>>;
}

const forgeries = [
  'that is not signed',
  'keyed with the public key',
  'of another organization’s issuer',
  'whose claims were changed',
  'that has expired',
  'that states a role beyond the issuer’s',
  'of a suspended member',
] as const;
type Forgery = (typeof forgeries)[number];

/** An issuer in each organization, with the same name. */
async function forge(to: TestOrganization, other: TestOrganization): Promise<Scene['jwts']> {
  await at.app.services.administration.upsertMembers(to.owner, [
    { id: 'sus', name: 'Sus', role: 'GUEST', status: 'SUSPENDED' },
  ]);
  const minter = await newMinter(at.app, to.owner, Date.now, { roles: ['GUEST'] });
  const foreign = await newMinter(at.app, other.owner, Date.now, { issuer: minter.issuer.issuer });
  const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const payload = base64(payloadOf(minter.by, { annals: { role: 'GUEST' } }));
  const key = Buffer.from(JSON.stringify(minter.by.keys.publicKey));
  const [header = '', , signature = ''] = (await minter.mint({ annals: { role: 'GUEST' } })).split('.');
  const tampered = payloadOf(minter.by, { annals: { role: 'GUEST', directories: [{ id: 'board', level: 'READ' }] } });
  return {
    'that is not signed': `${base64({ alg: 'none' })}.${payload}.`,
    'keyed with the public key': await minter.mint({ key, header: { alg: 'HS256' } }),
    'of another organization’s issuer': await foreign.mint({
      annals: { organization: to.organizationUid, role: 'GUEST' },
    }),
    'whose claims were changed': `${header}.${base64(tampered)}.${signature}`,
    'that has expired': await minter.mint({ age: 600, lifetime: 600, annals: { role: 'GUEST' } }),
    'that states a role beyond the issuer’s': await minter.mint({ annals: { role: 'OWNER' } }),
    'of a suspended member': await minter.mint({ subject: 'sus', annals: { role: 'GUEST' } }),
  };
}

/** The owner’s own, and what it shares with others and with the attacker’s role. */
async function saveViews(to: TestOrganization, other: TestOrganization): Promise<Scene['views']> {
  const save = async ({ owner }: TestOrganization, name: string, filter: Json, sharedWith: readonly string[]) => {
    const { id } = await at.app.services.administration.saveView(owner, { name, filter, sharedWith });
    return `view:${id}`;
  };
  return {
    private: await save(to, `${secret} private`, { component: { in: [`${secret} part`] } }, []),
    ofManagers: await save(to, `${secret} managers`, { actor: { in: ['ghost'] } }, ['ADMINISTRATOR']),
    foreign: await save(other, `${secret} foreign`, null, ['MEMBER']),
    byHidden: await save(to, 'By a hidden field', { not: { component: { in: [`${secret} part`] } } }, ['GUEST']),
    ofHidden: await save(to, 'Of a hidden actor', { actor: { in: ['ghost'] } }, ['GUEST']),
  };
}

let server: Http;
let scene: Scene;

const viewed = 'passwork.item_viewed';
const seen: EntryInput = { action: viewed, vault: { id: 'mine' }, actor: { id: 'anna', name: 'Anna' } };
const hidden: EntryInput = {
  action: viewed,
  vault: { id: 'board', name: `${secret} vault` },
  actor: { id: 'ghost', name: `${secret} name`, email: `${secret}@hidden.example` },
  component: `${secret} part`,
  targets: [{ type: 'item', id: 't', name: `${secret} item` }],
  metadata: { note: secret },
};

/** Tokens that are good, and not here, not now, or not any more. */
async function limitedTokens(to: TestOrganization) {
  const { administration } = at.app;
  const actsAs = { role: 'AUDITOR' };
  const bound = await administration.createToken(to, { name: 'b', actsAs, allowedNetworks: ['192.0.2.0/24'] });
  const spent = { name: 's', actsAs: { role: 'INTEGRATION' }, limits: { entriesPerDay: 1 } };
  const rotated = await administration.createToken(to, { name: 'o', actsAs });
  await administration.rotateToken(to, { id: rotated.id, overlapSeconds: 0, endOlder: false });
  const { token } = await administration.createToken(to, spent);
  return { bound: bound.token, rotated: rotated.token, rotatedId: rotated.id, spent: token };
}

async function open(to: TestOrganization, inputs: readonly EntryInput[]) {
  const { services } = at.app;
  const ids: string[] = [];
  for (const input of inputs) {
    const [outcome] = await services.log.append(to, [input]);
    ids.push(`entry:${outcome?.id}`);
  }
  const { edges } = await services.query.logs(to.owner, {});
  return { ids, cursors: edges.map(({ cursor }) => cursor) };
}

beforeAll(async () => {
  const { administration, services } = at.app;
  server = await at.app.listen();
  const [to, other] = [await newOrganization(at.app), await newOrganization(at.app)];
  await services.administration.upsertRole(to.owner, {
    key: 'GUEST',
    name: 'Guest',
    permissions: ['READ'],
    scope: 'GRANTED',
    hiddenFields: ['COMPONENT', 'TARGETS'],
  });
  await administration.importWorld(to, {
    members: [{ externalId: 'mara', name: 'Mara', email: null, role: 'GUEST' }],
    groups: [],
    directories: ['mine', 'board'].map((externalId) => ({
      externalId,
      name: externalId,
      kind: 'VAULT',
      parentId: null,
    })),
    grants: [{ directoryId: 'mine', subject: { memberId: 'mara' }, level: 'ADMINISTRATOR' }],
  });
  const member = await administration.createToken(to, { name: 'm', actsAs: { member: 'mara' } });
  const recorder = await administration.createToken(to, { name: 'r', actsAs: { role: 'INTEGRATION' } });
  const own = await open(to, [seen, { ...seen, component: `${secret} part`, targets: hidden.targets ?? [] }, hidden]);
  const foreign = await open(other, [hidden]);
  const [hiddenCursor = '', cursor = ''] = own.cursors;
  const [foreignCursor = ''] = foreign.cursors;
  scene = {
    to,
    other,
    member: member.token,
    recorder: recorder.token,
    ...(await limitedTokens(to)),
    hiddenEntry: own.ids[2] ?? '',
    foreignEntry: foreign.ids[0] ?? '',
    hiddenCursor,
    foreignCursor,
    cursor,
    views: await saveViews(to, other),
    jwts: await forge(to, other),
  };
});
afterAll(() => server?.[Symbol.asyncDispose]());

interface Attack {
  readonly name: string;
  readonly ask: (scene: Scene) => Ask;
  /** Of the error; left out where the answer is that of what does not exist. */
  readonly code?: string;
  /** Where it differs over HTTP: a plain answer cannot be a stream. */
  readonly http?: string;
  /** Where it differs over WebSocket: why the socket was closed, in the protocol’s own words. */
  readonly closed?: string;
  readonly data?: unknown;
}

const log = 'query ($id: ID!) { found: log(id: $id) { id } }';
const node =
  'query ($id: ID!) { found: node(id: $id) { id ... on Actor { name email } ... on Directory { name path } } }';
const page = `query ($filter: LogFilter, $after: String) { logs(filter: $filter, after: $after) { totalCount nodes { id } } }`;
const live =
  'subscription ($after: String, $filter: LogFilter) { logAdded(after: $after, filter: $filter) { entries { id } } }';
const nothing = { logs: { totalCount: 0, nodes: [] } };
const tampered = (cursor: string) => `${cursor.slice(0, 30)}${cursor[30] === 'A' ? 'B' : 'A'}${cursor.slice(31)}`;
const repeat = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => text(i)).join(' ');
const asMember =
  (query: string, variables: Ask['variables'] = {}) =>
  (on: Scene): Ask => ({ query, variables, token: on.member });

/** The same question in every shape in which a filter can hide it. */
const wrapped = (condition: Record<string, unknown>): [string, Record<string, unknown>][] => [
  ['bare', condition],
  ['under not', { not: condition }],
  ['under or', { or: [{ actor: { in: ['anna'] } }, condition] }],
  ['under and, not and or', { and: [{ not: { or: [{ not: condition }] } }] }],
];

const guesses: Attack[] = (
  [
    ['a hidden entry', (on) => on.hiddenEntry],
    ['an entry of another organization', (on) => on.foreignEntry],
    ['an entry that does not exist', () => `entry:${absent}`],
    ['a hidden actor', () => 'actor:MEMBER:ghost'],
    ['a hidden directory', () => 'directory:board'],
    ['another organization', (on) => `organization:${on.other.organizationUid}`],
    ['no id at all', () => "entry:' or 1=1 --"],
  ] satisfies [string, (on: Scene) => string][]
).flatMap(([name, idOf]) => [
  { name: `node of ${name}`, ask: (on) => asMember(node, { id: idOf(on) })(on), data: { found: null } },
  { name: `log of ${name}`, ask: (on) => asMember(log, { id: idOf(on) })(on), data: { found: null } },
]);

const cursors: Attack[] = (
  [
    ['of another organization', (on) => on.foreignCursor],
    ['tampered with', (on) => tampered(on.cursor)],
    ['cut', (on) => on.cursor.slice(0, -1)],
    ['with something behind it', (on) => `${on.cursor}AA`],
    ['made up', () => Buffer.alloc(52, 1).toString('base64url')],
    ['that is none', () => "'; drop table log_entry; --"],
  ] satisfies [string, (on: Scene) => string][]
).flatMap(([name, cursorOf]) => [
  {
    name: `a page after a cursor ${name}`,
    ask: (on) => asMember(page, { after: cursorOf(on) })(on),
    code: 'BAD_CURSOR',
  },
  {
    name: `a stream after a cursor ${name}`,
    ask: (on) => asMember(live, { after: cursorOf(on) })(on),
    code: 'BAD_CURSOR',
    http: 'UNSUPPORTED_MEDIA_TYPE',
  },
]);

const filtered: Attack[] = [
  ...(['component', 'target'] as const).flatMap((field) =>
    wrapped({ [field]: { in: [`${secret} part`] } }).flatMap(([shape, filter]): Attack[] => [
      { name: `a page by a hidden ${field}, ${shape}`, ask: asMember(page, { filter }), code: 'FIELD_HIDDEN' },
      {
        name: `a stream by a hidden ${field}, ${shape}`,
        ask: asMember(live, { filter }),
        code: 'FIELD_HIDDEN',
        http: 'UNSUPPORTED_MEDIA_TYPE',
      },
    ]),
  ),
  ...[{ actor: { in: ['ghost'] } }, { directory: { under: ['board'] } }].map(
    (filter): Attack => ({
      name: `a page by a hidden ${Object.keys(filter)[0]}`,
      ask: asMember(page, { filter }),
      data: nothing,
    }),
  ),
  ...['logStatistics(groupBy: [COMPONENT]) { total }', 'filterValues(field: COMPONENT) { count }'].map(
    (field): Attack => ({
      name: `counting by a hidden component: ${field}`,
      ask: asMember(`{ ${field} }`),
      code: 'FIELD_HIDDEN',
    }),
  ),
  {
    name: 'counting by a hidden component, with one that is not hidden, over time',
    ask: asMember('{ logStatistics(groupBy: [ACTOR, COMPONENT], interval: DAY) { total } }'),
    code: 'FIELD_HIDDEN',
  },
  {
    name: 'counting what a hidden actor did, and where',
    ask: asMember(
      '{ logStatistics(filter: { actor: { in: ["ghost"] } }, groupBy: [ACTOR, DIRECTORY], interval: DAY) { total distinctActors buckets { count } groups { count } rest { count } } filterValues(field: DIRECTORY, search: "board") { count } }',
    ),
    data: {
      logStatistics: { total: 0, distinctActors: 0, buckets: [], groups: [], rest: null },
      filterValues: [],
    },
  },
  {
    name: 'searching the values for a hidden name',
    ask: asMember(`{ filterValues(field: ACTOR, search: "${secret.slice(0, 3)}") { key { name } } }`),
    data: { filterValues: [] },
  },
  ...[
    'openedSecrets(actor: "anna", since: "2020-01-01T00:00:00Z") { secretCount }',
    'openedSecrets(actor: "no such", since: "2020-01-01T00:00:00Z", first: 0) { complete }',
    'history(of: { item: "t" }) { totalCount }',
    'history(of: { member: "anna" }, filter: { target: { exists: true } }) { totalCount }',
    'stoppedActions(since: "2020-01-01T00:00:00Z", quietSince: "2020-01-02T00:00:00Z", filter: { component: { in: [] } }) { actionCount }',
  ].map(
    (field): Attack => ({
      name: `a question about hidden fields: ${field}`,
      ask: asMember(`{ ${field} }`),
      code: 'FIELD_HIDDEN',
    }),
  ),
  {
    name: 'questions about a hidden person and a hidden place',
    ask: asMember(`{
      member: history(of: { member: "ghost" }) { totalCount nodes { id } pageInfo { hasNextPage } }
      directory: history(of: { directory: "board" }) { totalCount nodes { id } }
      accountChanges(member: "ghost") { totalCount }
      newValues(actor: "ghost", field: IP, since: "2020-01-01T00:00:00Z") { valueCount complete comparedWithAll values { value } }
      stoppedActions(since: "2020-01-01T00:00:00Z", quietSince: "2090-01-01T00:00:00Z", filter: { actor: { in: ["ghost"] } }) { actionCount actions { count } }
    }`),
    data: {
      member: { totalCount: 0, nodes: [], pageInfo: { hasNextPage: false } },
      directory: { totalCount: 0, nodes: [] },
      accountChanges: { totalCount: 0 },
      newValues: { valueCount: 0, complete: true, comparedWithAll: true, values: [] },
      stoppedActions: { actionCount: 0, actions: [] },
    },
  },
  // A visible entry has it in hidden fields, and a hidden entry in fields of every kind.
  {
    name: 'a search for a text that only hidden fields and entries have',
    ask: asMember(page, { filter: { text: { contains: [secret.toLowerCase()] } } }),
    data: nothing,
  },
  ...wrapped({ text: { contains: [secret], in: ['NAMES', 'TARGETS'] } }).map(
    ([shape, filter]): Attack => ({
      name: `a search for a text in hidden fields, ${shape}`,
      ask: asMember(page, { filter }),
      code: 'FIELD_HIDDEN',
    }),
  ),
  {
    name: 'a search for a hidden name',
    ask: asMember(
      `{ actors(search: "${secret.slice(0, 3)}") { name } directories(search: "${secret.slice(0, 3)}") { name } }`,
    ),
    data: { actors: [], directories: [] },
  },
];

const pageThrough = `query ($view: ID) { logs(view: $view) { totalCount nodes { id } } }`;
const countThrough = `query ($view: ID) { logStatistics(view: $view, groupBy: [ACTOR]) { total } }`;
const pickThrough = `query ($view: ID) { filterValues(view: $view, field: ACTOR) { count } }`;
const streamThrough = `subscription ($view: ID) { logAdded(view: $view) { entries { id } } }`;
const savedOf = `query ($id: ID!) { savedView(id: $id) { name } found: node(id: $id) { id ... on SavedView { name filter } } }`;
const viewOfScene = (view: keyof Scene['views']) => (on: Scene) => on.views[view];

const views: Attack[] = [
  ...(
    [
      ['a private view', viewOfScene('private')],
      ['a view that is shared with others', viewOfScene('ofManagers')],
      ['a view of another organization', viewOfScene('foreign')],
      ['a view that does not exist', () => `view:${absent}`],
      ['an entry', (on: Scene) => on.hiddenEntry],
      ['no id at all', () => "view:' or 1=1 --"],
      ['an empty id', () => ''],
    ] satisfies [string, (on: Scene) => string][]
  ).flatMap(([name, viewOf]): Attack[] => [
    ...Object.entries({ page: pageThrough, statistics: countThrough, values: pickThrough }).map(
      ([what, query]): Attack => ({
        name: `${what} through ${name}`,
        ask: (on) => asMember(query, { view: viewOf(on) })(on),
        code: 'VIEW_NOT_FOUND',
      }),
    ),
    {
      name: `a stream through ${name}`,
      ask: (on) => asMember(streamThrough, { view: viewOf(on) })(on),
      code: 'VIEW_NOT_FOUND',
    },
    {
      name: `a change of ${name}`,
      ask: (on) =>
        asMember('mutation ($id: ID!) { saveView(input: { id: $id, name: "x" }) { id } }', { id: viewOf(on) })(on),
      code: 'VIEW_NOT_FOUND',
    },
    {
      name: `the end of ${name}`,
      ask: (on) => asMember('mutation ($id: ID!) { deleteView(id: $id) }', { id: viewOf(on) })(on),
      data: { deleteView: false },
    },
  ]),
  ...(['private', 'ofManagers', 'foreign'] as const).map(
    (view): Attack => ({
      name: `a look at a view: ${view}`,
      ask: (on) => asMember(savedOf, { id: on.views[view] })(on),
      data: { savedView: null, found: null },
    }),
  ),
  {
    name: 'all views, by name too',
    ask: asMember(`{ savedViews { nodes { name } } other: savedViews(name: "${secret} private") { nodes { name } } }`),
    data: {
      savedViews: { nodes: [{ name: 'By a hidden field' }, { name: 'Of a hidden actor' }] },
      other: { nodes: [] },
    },
  },
  ...[pageThrough, countThrough, pickThrough].map(
    (query): Attack => ({
      name: `through a shared view by a hidden field: ${query.slice(15, 40)}`,
      ask: (on) => asMember(query, { view: on.views.byHidden })(on),
      code: 'FIELD_HIDDEN',
    }),
  ),
  {
    name: 'a stream through a shared view by a hidden field',
    ask: (on) => asMember(streamThrough, { view: on.views.byHidden })(on),
    code: 'FIELD_HIDDEN',
  },
  {
    name: 'what a shared view by a hidden field says',
    ask: (on) =>
      asMember('query ($id: ID!) { savedView(id: $id) { filter wholeFilter sharedWith problem { message } } }', {
        id: on.views.byHidden,
      })(on),
    data: {
      savedView: {
        filter: null,
        wholeFilter: null,
        sharedWith: ['GUEST'],
        problem: {
          message:
            'The view filters by what is hidden from your role: filter.not.component: your role may not filter by component.',
        },
      },
    },
  },
  {
    name: 'a page through a shared view of a hidden actor',
    ask: (on) => asMember(pageThrough, { view: on.views.ofHidden })(on),
    data: nothing,
  },
  {
    name: 'a view of one’s own by a hidden field',
    ask: asMember('mutation { saveView(input: { name: "x", filter: { component: { in: ["x"] } } }) { id } }'),
    code: 'FIELD_HIDDEN',
  },
  ...['saveView(input: { id: $id, name: "x" }) { id }', 'deleteView(id: $id)'].map(
    (field): Attack => ({
      name: `a change of a view that is shared with the member: ${field}`,
      ask: (on) => asMember(`mutation ($id: ID!) { ${field} }`, { id: on.views.ofHidden })(on),
      code: 'FORBIDDEN',
    }),
  ),
  ...['GUEST', 'ADMINISTRATOR', 'NONE'].map(
    (role): Attack => ({
      name: `a view that a member shares with ${role}`,
      ask: asMember(`mutation { saveView(input: { name: "x", sharedWith: ["${role}"] }) { id } }`),
      code: 'FORBIDDEN',
    }),
  ),
  ...['mutation { saveView(input: { name: "x" }) { id } }', '{ savedViews { nodes { name } } }'].map(
    (query): Attack => ({
      name: `views for a token that only records: ${query}`,
      ask: (on) => ({ query, token: on.recorder }),
      code: 'FORBIDDEN',
    }),
  ),
];

const sizes: Attack[] = [
  {
    name: 'too many aliases',
    ask: asMember(`{ ${repeat(200, (i) => `a${i}: log(id: "${absent}") { id }`)} }`),
    code: 'QUERY_TOO_LARGE',
  },
  {
    name: 'too many aliases through fragments',
    ask: asMember(
      `{ ${repeat(20, () => '...A')} } ${'fragment A on Query { '} ${repeat(20, (i) => `a${i}: log(id: "${absent}") { id }`)} }`,
    ),
    code: 'QUERY_TOO_LARGE',
  },
  {
    name: 'a deep document',
    ask: asMember(`{ directories ${'{ parent '.repeat(60)} { id } ${'}'.repeat(60)} }`),
    code: 'QUERY_TOO_LARGE',
  },
  {
    name: 'a deep document through fragments',
    ask: asMember(
      `{ directories { ...A } } ${repeat(20, (i) => `fragment ${i === 0 ? 'A' : `F${i}`} on Directory { parent { parent { ${i === 19 ? 'id' : `...F${i + 1}`} } } }`)}`,
    ),
    code: 'QUERY_TOO_LARGE',
  },
  {
    name: 'fragments in a ring',
    ask: asMember('{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }'),
    code: 'BAD_INPUT',
  },
  { name: 'a long document', ask: asMember(`{ viewer { ${repeat(20_000, () => 'name')} } }`), code: 'QUERY_TOO_LARGE' },
  { name: 'a body beyond the limit', ask: asMember(page, { after: 'x'.repeat(300_000) }), code: 'BODY_TOO_LARGE' },
  {
    name: 'a page beyond the limit',
    ask: asMember('{ logs(first: 1000000) { nodes { id } } }'),
    code: 'PAGE_TOO_LARGE',
  },
  {
    name: 'a filter of too many values',
    ask: asMember(page, { filter: { not: { actor: { in: Array.from({ length: 10_000 }, (_, i) => `${i}`) } } } }),
    code: 'QUERY_TOO_LARGE',
  },
  {
    name: 'statistics of too many buckets',
    ask: asMember(
      '{ logStatistics(filter: { occurredAt: { gte: "1970-01-01T00:00:00Z" } }, interval: HOUR) { total } }',
    ),
    code: 'QUERY_TOO_LARGE',
  },
  {
    name: 'statistics of too many dimensions',
    ask: asMember('{ logStatistics(groupBy: [ACTOR, ACTION, OUTCOME]) { total } }'),
    code: 'BAD_INPUT',
  },
  {
    name: 'operations in a batch',
    ask: (on) => ({ query: '', payload: [{ query: page }, { query: page }], token: on.member }),
    code: 'BAD_INPUT',
    closed: 'Invalid message received',
  },
];

const strangers: Attack[] = [
  {
    name: 'introspection without a token',
    ask: () => ({ query: '{ __schema { queryType { name } } }' }),
    data: { __schema: { queryType: { name: 'Query' } } },
  },
  {
    name: 'introspection and a field, without a token',
    ask: () => ({ query: `{ __typename ${page.slice(page.indexOf('{') + 1, -1).replace(/\(.*?\)/, '')} }` }),
    code: 'UNAUTHENTICATED',
  },
  { name: 'a stream without a token', ask: () => ({ query: live }), code: 'UNAUTHENTICATED' },
  ...forgeries.map(
    (name): Attack => ({
      name: `a JWT ${name}`,
      ask: (on) => ({ query: page, token: on.jwts[name] }),
      code: 'UNAUTHENTICATED',
    }),
  ),
  {
    name: 'a token that is bound to other networks',
    ask: (on) => ({ query: page, token: on.bound }),
    code: 'ADDRESS_NOT_ALLOWED',
  },
  {
    name: 'a secret that was rotated away',
    ask: (on) => ({ query: page, token: on.rotated }),
    code: 'UNAUTHENTICATED',
  },
  {
    name: 'more entries than a token may record in a day',
    ask: (on) => ({
      query: 'mutation ($input: RecordLogsInput!) { recordLogs(input: $input) { results { status } } }',
      variables: { input: { entries: [seen, seen] } },
      token: on.spent,
    }),
    code: 'QUOTA_EXCEEDED',
  },
  {
    name: 'a token of another organization is given a secret, and other networks',
    ask: (on) => ({
      query: `mutation ($id: ID!) {
        rotateToken(id: $id, endOlder: true) { secret }
        updateToken(input: { id: $id, allowedNetworks: [] }) { id }
        revokeToken(id: $id)
      }`,
      variables: { id: on.rotatedId },
      token: on.other.ownerToken,
    }),
    data: { rotateToken: null, updateToken: null, revokeToken: false },
  },
  { name: 'a token that is none', ask: () => ({ query: page, token: 'annals_guess' }), code: 'UNAUTHENTICATED' },
  {
    name: 'an entry, with another organization’s token',
    ask: (on) => ({ query: log, variables: { id: on.hiddenEntry }, token: on.other.ownerToken }),
    data: { found: null },
  },
  {
    name: 'a cursor, with another organization’s token',
    ask: (on) => ({ query: page, variables: { after: on.hiddenCursor }, token: on.other.ownerToken }),
    code: 'BAD_CURSOR',
  },
  {
    name: 'a member, with another organization’s token',
    ask: (on) => ({
      query: '{ visibilityOf(member: "mara") { name } asMember(member: "mara") { actors { id } } }',
      token: on.other.ownerToken,
    }),
    data: { visibilityOf: null, asMember: null },
  },
  ...[
    page,
    log,
    node,
    '{ actors { name } }',
    '{ directories { name } }',
    '{ logStatistics { total } }',
    '{ filterValues(field: ACTOR) { count } }',
    '{ actions { activity { count } } }',
    '{ eventCategories { activity { lastSeen } } }',
  ].map(
    (query): Attack => ({
      name: `a token that only records: ${query.slice(0, 40)}`,
      ask: (on) => ({ query, variables: query.includes('$id') ? { id: on.hiddenEntry } : {}, token: on.recorder }),
      code: 'FORBIDDEN',
    }),
  ),
  {
    name: 'a token that only records: a stream',
    ask: (on) => ({ query: live, token: on.recorder }),
    code: 'FORBIDDEN',
  },
  {
    name: 'a token that only records reads back what it records',
    ask: (on) => ({
      query:
        'mutation ($input: RecordLogsInput!) { recordLogs(input: $input) { results { status entry { id description } } } }',
      variables: { input: { entries: [{ ...hidden, idempotencyKey: undefined }] } },
      token: on.recorder,
    }),
    data: { recordLogs: { results: [{ status: 'CREATED', entry: null }] } },
  },
  ...[
    '{ members { nodes { name } } }',
    '{ tokens { nodes { name } } }',
    '{ accessTo(entry: "x") { totalCount } }',
    '{ asMember(member: "owner") { actors { name } } }',
    'mutation { removeMembers(ids: ["owner"]) { changed } }',
    'mutation { rotateToken(id: "x") { secret } }',
    'mutation { updateToken(input: { id: "x", allowedNetworks: [] }) { id } }',
    '{ guards { operation } }',
    '{ pendingChanges { nodes { id } } }',
    'mutation { setGuard(input: { operation: CHANGE_OWNERS, delaySeconds: 0, secondPerson: false }) { pending { id } } }',
  ].map((query): Attack => ({ name: `a member asks as a manager: ${query}`, ask: asMember(query), code: 'FORBIDDEN' })),
];

describe.each(Object.entries(transports))('%s', (transport, ask) => {
  test.each([...guesses, ...cursors, ...filtered, ...views, ...sizes, ...strangers])('$name', async (attack) => {
    const answer = await ask(server.port, attack.ask(scene));
    const own = { HTTP: attack.http, WebSocket: attack.closed }[transport];
    expect(codeOf(answer)).toBe(own ?? attack.code);
    if (attack.data !== undefined) expect(answer.data).toEqual(attack.data);
    expect(JSON.stringify(answer)).not.toMatch(new RegExp(`${secret}|@hidden|node_modules|originalError`));
  });

  test('what the member may see it sees, without what is hidden of it', async () => {
    const query = '{ logs { totalCount nodes { description component targets { name } } } }';
    const answer = await ask(server.port, { query, token: scene.member });
    expect(answer.data).toMatchObject({ logs: { totalCount: 2, nodes: [{ component: null, targets: [] }, {}] } });
    expect(JSON.stringify(answer)).not.toContain(secret);
  });
});
