import { graphql, parse, subscribe } from 'graphql';
import { expect, test } from 'vitest';
import type { Principal } from '../../src/auth/auth.ts';
import type { Json } from '../../src/model/entry.ts';
import { watch } from '../live/watch.ts';
import { newMember, newOrganization, plainEntries, type TestOrganization, until } from '../support/app.ts';
import { accessesOf, inShort, nextWindow, page, useWatchingApps } from './support.ts';

const { apps, clock } = useWatchingApps();

/** What each root field is as an access. A field that is not here fails the test: it is to be decided. */
const kinds: Readonly<Record<string, 'READ' | 'LIVE' | 'PREVIEW' | 'none'>> = {
  // About the caller and the catalogues: no entry is shown.
  viewer: 'none',
  organization: 'none',
  eventCategories: 'none',
  actions: 'none',
  // About rights.
  visibilityOf: 'none',
  members: 'none',
  groups: 'none',
  grants: 'none',
  roles: 'none',
  tokens: 'none',
  jwtIssuers: 'none',
  guards: 'none',
  pendingChanges: 'none',
  // What is read, and nothing of it.
  savedViews: 'none',
  savedView: 'none',
  // Entries, and what is known from entries.
  logs: 'READ',
  logsAround: 'READ',
  log: 'READ',
  node: 'READ',
  actors: 'READ',
  directories: 'READ',
  logStatistics: 'READ',
  filterValues: 'READ',
  history: 'READ',
  accountChanges: 'READ',
  openedSecrets: 'READ',
  newValues: 'READ',
  stoppedActions: 'READ',
  // Reads the entry that it is about.
  accessTo: 'READ',
  asMember: 'PREVIEW',
  logAdded: 'LIVE',
};

const fieldsOf = (type: { getFields(): object } | null | undefined) => Object.keys(type?.getFields() ?? {});

test('every root field that reads is decided', () => {
  const { schema } = apps.app;
  const present = [...fieldsOf(schema.getQueryType()), ...fieldsOf(schema.getSubscriptionType())];
  expect(Object.keys(kinds).sort()).toEqual(present.sort());
});

async function run(to: TestOrganization, principal: Principal, source: string) {
  const { app } = apps;
  const contextValue = app.createContext(principal, 'request', 'en');
  const common = { schema: app.schema, contextValue };
  if (!source.startsWith('subscription')) return graphql({ ...common, source });
  const stream = await subscribe({ ...common, document: parse(source) });
  if ('errors' in stream || !(Symbol.asyncIterator in stream)) throw new Error(`no stream for ${to.name}`);
  await stream.next();
  await stream.return?.();
  return {};
}

const operations: Readonly<Record<string, string>> = {
  viewer: '{ viewer { name sees { inWords } } }',
  organization: '{ organization { name } }',
  eventCategories: '{ eventCategories { key } }',
  actions: '{ actions { key } }',
  logs: '{ logs(first: 1) { nodes { id } } }',
  logsAround: '{ logsAround(id: "entry:01890000-0000-7000-8000-000000000000") { cursor } }',
  log: '{ log(id: "entry:01890000-0000-7000-8000-000000000000") { id } }',
  node: '{ node(id: "actor:MEMBER:owner") { id } }',
  actors: '{ actors { id } }',
  directories: '{ directories { id } }',
  logStatistics: '{ logStatistics { total } }',
  filterValues: '{ filterValues(field: ACTION) { count } }',
  history: '{ history(of: { member: "owner" }) { totalCount } }',
  accountChanges: '{ accountChanges { totalCount } }',
  openedSecrets: '{ openedSecrets(actor: "owner", since: "2026-01-01T00:00:00Z") { secretCount } }',
  newValues: '{ newValues(actor: "owner", field: IP, since: "2026-01-01T00:00:00Z") { valueCount } }',
  stoppedActions:
    '{ stoppedActions(since: "2026-01-01T00:00:00Z", quietSince: "2026-01-02T00:00:00Z") { actionCount } }',
  accessTo: '{ accessTo(entry: "entry:01890000-0000-7000-8000-000000000000") { totalCount } }',
  visibilityOf: '{ visibilityOf(member: "owner") { name } }',
  asMember: '{ asMember(member: "owner") { __typename } }',
  members: '{ members { nodes { __typename } } }',
  groups: '{ groups { nodes { __typename } } }',
  grants: '{ grants { nodes { __typename } } }',
  roles: '{ roles { __typename } }',
  tokens: '{ tokens { __typename } }',
  jwtIssuers: '{ jwtIssuers { __typename } }',
  guards: '{ guards { operation } }',
  pendingChanges: '{ pendingChanges { nodes { id } } }',
  savedViews: '{ savedViews { nodes { id } } }',
  savedView: '{ savedView(id: "view:01890000-0000-7000-8000-000000000000") { id } }',
  logAdded: 'subscription { logAdded { cursor } }',
};

const entriesOf = {
  none: [],
  READ: ['log_access_started READ'],
  LIVE: ['log_access_started LIVE'],
  PREVIEW: ['preview_used PREVIEW'],
};

test.each(Object.entries(kinds))('%s makes an access of the kind %s', async (field, kind) => {
  const to = await newOrganization(apps.app);
  const source = operations[field];
  if (source === undefined) throw new TypeError(`there is no operation for ${field}`);
  expect(await run(to, to.owner, source)).not.toHaveProperty('errors');
  expect(await inShort(apps.database, to)).toEqual(entriesOf[kind]);
});

/** What each mutation leaves in the log; `own` of a caller’s own entries, which it states itself. */
const changes: Readonly<Record<string, 'change' | 'own'>> = {
  recordLogs: 'own',
  upsertMembers: 'change',
  removeMembers: 'change',
  upsertGroups: 'change',
  removeGroups: 'change',
  upsertDirectories: 'change',
  removeDirectories: 'change',
  setGrants: 'change',
  removeGrants: 'change',
  synchronize: 'change',
  upsertRole: 'change',
  removeRole: 'change',
  createToken: 'change',
  updateToken: 'change',
  rotateToken: 'change',
  revokeToken: 'change',
  upsertJwtIssuer: 'change',
  removeJwtIssuer: 'change',
  setGuard: 'change',
  approveChange: 'change',
  cancelChange: 'change',
  saveView: 'change',
  deleteView: 'change',
};

test('every root field that changes is decided', () => {
  expect(Object.keys(changes).sort()).toEqual(fieldsOf(apps.app.schema.getMutationType()).sort());
});

test('a change is in the log before it is answered, with who and from where; a repeat that changes nothing is not', async () => {
  const to = await newOrganization(apps.app);
  const source = 'mutation { upsertMembers(members: [{ id: "mara", name: "Mara", role: "AUDITOR" }]) { __typename } }';
  for (let again = 0; again < 2; again++) expect(await run(to, to.owner, source)).not.toHaveProperty('errors');
  expect(await accessesOf(apps.database, to)).toMatchObject([
    {
      action: 'member_added',
      actor: 'owner',
      affected: 'mara',
      request: 'request',
      metadata: { token: to.owner.tokenId },
    },
  ]);
});

test('who tries to approve its own request is recorded as refused', async () => {
  const { app, database } = apps;
  const to = await newOrganization(app);
  await newMember(app, to, { id: 'olga', role: 'OWNER' });
  const { administration } = app.services;
  await administration.setGuard(to.owner, { operation: 'CHANGE_OWNERS', delaySeconds: 0, secondPerson: true });
  const { pending } = await administration.removeMembers(to.owner, ['olga']);
  const source = `mutation { approveChange(id: "${pending?.id}") { state } }`;
  expect(await run(to, to.owner, source)).toHaveProperty('errors');
  const refused = (await accessesOf(database, to)).filter(({ action }) => action === 'access_refused');
  expect(refused).toMatchObject([
    { actor: 'owner', metadata: { operation: 'approveChange', code: 'NOT_ANOTHER_PERSON' } },
  ]);
});

test('whoever only records makes none, also by asking for what was recorded', async () => {
  const to = await newOrganization(apps.app);
  const integration = await apps.app.administration.createToken(to, { name: 'app', actsAs: { role: 'INTEGRATION' } });
  const principal = await apps.app.auth.authenticate(integration.token);
  const source =
    'mutation { recordLogs(input: { entries: [{ action: "passwork.item_viewed" }] }) { results { id entry { id } } } }';
  expect(await run(to, principal, source)).not.toHaveProperty('errors');
  expect(await inShort(apps.database, to)).toEqual([]);
});

test('a stream shows its own access entry, and that makes no other, however many windows pass', async () => {
  const { app, database } = apps;
  const to = await newOrganization(app);
  const other = await newMember(app, to, { id: 'auditor', role: 'AUDITOR' });
  await using first = await watch(app, to.owner);
  await using second = await watch(app, other.principal);
  for (const one of [first, second]) await until(() => one.entries.some(({ actorName }) => actorName === 'auditor'));
  for (let windows = 0; windows < 3; windows++) {
    nextWindow(clock);
    await app.services.access.settle();
  }
  expect(await inShort(database, to)).toEqual(['log_access_started LIVE', 'log_access_started LIVE']);
});

test('what an open stream delivers is counted, window by window; two that watch each other come to rest', async () => {
  const { app, database } = apps;
  const to = await newOrganization(app);
  const other = await newMember(app, to, { id: 'auditor', role: 'AUDITOR' });
  await using one = await watch(app, to.owner);
  await using two = await watch(app, other.principal);
  const both = [one, two];
  const summary = app.services.actions.number('annals.log_access_summarized');
  // What was delivered before the window must not be delivered in it: the newest of it is who came last.
  for (const one of both) await until(() => one.entries.some(({ actorName }) => actorName === 'auditor'));
  nextWindow(clock);
  await app.services.log.append(to, plainEntries(5));
  for (const one of both) await until(() => one.requests.includes('4'));
  await app.services.access.settle();
  for (let windows = 0; windows < 4; windows++) {
    nextWindow(clock);
    await app.services.access.settle();
    for (const { entries } of both) {
      expect(entries.filter(({ action }) => action === summary).length).toBeLessThanOrEqual(2);
    }
  }
  for (const one of both) await until(() => one.entries.filter(({ action }) => action === summary).length === 2);
  const summaries = (await accessesOf(database, to)).slice(2);
  expect(summaries.map(({ action, actor }) => `${action} ${actor}`).sort()).toEqual([
    'log_access_summarized auditor',
    'log_access_summarized owner',
  ]);
  for (const { metadata } of summaries) {
    expect(metadata).toMatchObject({ kind: 'LIVE', operation: 'logAdded', entries: 5 });
    expect(metadata).not.toHaveProperty('operations');
  }
});

test('refusals are recorded once per window, by whom, of what, and summarized', async () => {
  const { app, database } = apps;
  const to = await newOrganization(app);
  const { token } = await app.administration.createToken(to, { name: 'importer', actsAs: { role: 'INTEGRATION' } });
  const principal = await app.auth.authenticate(token);
  for (let again = 0; again < 3; again++) {
    expect(await run(to, principal, '{ logs { nodes { id } } }')).toHaveProperty(
      'errors.0.originalError.code',
      'FORBIDDEN',
    );
  }
  await expect(app.services.query.actors(principal, {})).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(app.services.live.subscribe(principal, {}).next()).rejects.toMatchObject({ code: 'FORBIDDEN' });
  nextWindow(clock);
  await app.services.access.settle();
  const found = await accessesOf(database, to);
  expect(found).toMatchObject([
    {
      action: 'access_refused',
      type: 2,
      actor: principal.tokenId,
      name: 'importer',
      metadata: { kind: 'REFUSED', operation: 'logs', code: 'FORBIDDEN', permission: 'READ' },
    },
    { action: 'access_refused', actor: principal.tokenId, metadata: { kind: 'REFUSED', operations: 5 } },
  ]);
});

test('a filter on a hidden field is refused and recorded, without its value', async () => {
  const { app, database } = apps;
  const to = await newOrganization(app);
  const hiding: Principal = { ...to.owner, role: { ...to.owner.role, hiddenFields: new Set(['TARGETS'] as const) } };
  const filter = { not: { target: { in: ['secret-target'] } } };
  await expect(app.services.query.logs(hiding, { filter })).rejects.toMatchObject({ code: 'FIELD_HIDDEN' });
  const [entry] = await accessesOf(database, to);
  expect(entry).toMatchObject({ action: 'access_refused', metadata: { code: 'FIELD_HIDDEN', filter: ['target'] } });
  expect(JSON.stringify(entry)).not.toContain('secret-target');
});

test('a read through a view is a read by its filter; one that is refused is recorded once, without its values', async () => {
  const { app, database } = apps;
  const to = await newOrganization(app);
  await app.services.administration.upsertRole(to.owner, {
    key: 'GUEST',
    name: 'Guest',
    permissions: ['READ'],
    scope: 'ALL',
    hiddenFields: ['TARGETS'],
  });
  const { principal } = await newMember(app, to, { id: 'gil', role: 'GUEST' });
  const save = (name: string, filter: Json) =>
    app.services.administration.saveView(to.owner, { name, filter, sharedWith: ['GUEST'] });
  const hidden = await save('By target', { target: { in: ['secret-target'] } });
  const open = await save('By outcome', { outcome: { in: ['DENIED'] } });
  const logs = (id: string) => `{ logs(view: "${id}") { nodes { id } } }`;
  expect(await run(to, principal, logs(hidden.id))).toHaveProperty('errors.0.originalError.code', 'FIELD_HIDDEN');
  expect(await run(to, principal, logs(open.id))).not.toHaveProperty('errors');
  const found = (await accessesOf(database, to)).filter(({ actor }) => actor === 'gil');
  expect(found).toMatchObject([
    { action: 'access_refused', metadata: { operation: 'logs', code: 'FIELD_HIDDEN' } },
    { action: 'log_access_started', metadata: { operation: 'logs', filter: ['outcome'] } },
  ]);
  expect(JSON.stringify(found)).not.toContain('secret-target');
});

test('over HTTP: a revoked token is recorded with its address; one that never was, nowhere', async () => {
  const { app, database } = apps;
  const to = await newOrganization(app);
  await using http = await app.listen();
  const { tokenId } = await newMember(app, to, { id: 'mara', role: 'AUDITOR' });
  const made = await app.administration.createToken(to, { name: 'laptop', actsAs: { member: 'mara' } });
  const ask = (token: string) =>
    fetch(http.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        'user-agent': 'Test/2',
      },
      body: JSON.stringify({ query: '{ logs { nodes { id } } }' }),
    });
  const first = await ask(made.token);
  expect(first.status).toBe(200);
  await app.administration.revokeToken(to, made.id);
  expect((await ask(made.token)).status).toBe(401);
  expect((await ask(made.token)).status).toBe(401);
  expect((await ask(`${made.token.slice(0, -1)}x`)).status).toBe(401);
  expect(tokenId).not.toBe(made.id);
  expect(await accessesOf(database, to)).toMatchObject([
    {
      action: 'log_access_started',
      actor: 'mara',
      ip: '127.0.0.1',
      userAgent: 'Test/2',
      request: first.headers.get('x-request-id'),
      metadata: { token: made.id },
    },
    {
      action: 'sign_in_refused',
      type: 2,
      actor: made.id,
      name: 'laptop',
      affected: 'mara',
      ip: '127.0.0.1',
      userAgent: 'Test/2',
      metadata: { kind: 'SIGN_IN', code: 'UNAUTHENTICATED', reason: 'the token was revoked' },
    },
  ]);
});

test('exports and previews are recorded each time; what is read through other eyes is read by who looks', async () => {
  const { app, database } = apps;
  const to = await newOrganization(app);
  const { principal: eyes } = await newMember(app, to, { id: 'mara' });
  const { access, query } = app.services;
  for (let again = 0; again < 2; again++) {
    await access.note(to.owner, 'PREVIEW', { operation: 'asMember', affectedUser: { id: 'mara', name: 'Mara' } });
    await access.note(to.owner, 'EXPORT', { operation: 'export', entries: 3 });
  }
  access.actFor(eyes, to.owner);
  await query.logs(eyes, {});
  expect((await accessesOf(database, to)).map(({ action, actor, affected }) => [action, actor, affected])).toEqual([
    ['preview_used', 'owner', 'mara'],
    ['log_exported', 'owner', null],
    ['preview_used', 'owner', 'mara'],
    ['log_exported', 'owner', null],
    ['log_access_started', 'owner', null],
  ]);
});

test('a member sees its own accesses, and those of others only with the whole log', async () => {
  const { app } = apps;
  const to = await newOrganization(app);
  const { principal } = await newMember(app, to, { id: 'mara' });
  await page(app, to);
  await app.services.query.logs(principal, {});
  const own = await app.services.query.logs(principal, {});
  expect(own.edges.map(({ entry }) => entry.actorName)).toEqual(['mara']);
  expect((await page(app, to)).edges).toHaveLength(2);
});
