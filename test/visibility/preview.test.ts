/** The log through a member’s eyes: what the member itself would read, and never more than who looks may read. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openReadingLog } from '../query/support.ts';
import { answer, openTestApp, principalOf, type TestApp } from '../support/readingApp.ts';
import { giveRole, openClosedFolder, openWorld, tokenAs } from './roles.ts';

let at: TestApp;
/** The same with every access recorded. */
let watched: TestApp;

beforeAll(async () => {
  at = await openTestApp();
  watched = await openTestApp({ ACCESS_LOG: 'closed' });
});
afterAll(async () => {
  await at?.[Symbol.asyncDispose]();
  await watched?.[Symbol.asyncDispose]();
});

test('a preview ends paths where the member’s sight ends, also when its operation is compiled', async () => {
  const { log, token } = await openClosedFolder(at);
  await log.append([{ action: 'passwork.item_viewed', vault: { id: 'vault' }, directory: { id: 'again' } }]);
  const ofPlace = '{ current { path parent { id } } }';
  const page = `logs { nodes { position directory ${ofPlace} vault ${ofPlace} } } directories { id path parent { id path } }`;
  const { data: own } = await answer(at.app, token, `{ ${page} }`);
  expect(own?.logs).toMatchObject({ nodes: [{ directory: { current: { path: ['again'], parent: null } } }] });
  await using http = await at.app.listen();
  const query = `{ all: logs(first: 1) { nodes { position directory ${ofPlace} } } asMember(member: "mara") { ${page} } }`;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${log.ownerToken}` };
  for (let run = 0; run < 4; run++) {
    const response = await fetch(http.url, { method: 'POST', headers, body: JSON.stringify({ query }) });
    const { data } = (await response.json()) as { data: unknown };
    const path = ['vault', 'closed', 'again'];
    expect(data).toMatchObject({
      all: { nodes: [{ position: '1', directory: { current: { path } } }] },
      asMember: JSON.parse(JSON.stringify(own)),
    });
  }
});

const reading = (id: string) => `
  logs(first: 40) {
    edges { cursor }
    nodes {
      id description position ip component metadata
      actor { type id name email current { id name email } }
      affectedUser { id name email current { id name email } }
      vault { id name current { id name path parent { id name } } }
      directory { id name current { id name path parent { id name parent { id } } } }
      targets { id }
    }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } headCursor totalCount totalCountIsExact
  }
  under: logs(filter: { directory: { under: ["d0", "d1"] } }, order: { direction: ASC }) { nodes { id } edges { cursor } }
  log(id: "${id}") { id position directory { current { path } } description }
  actors(first: 100) { id name email }
  directories(first: 100) { id name path parent { id } }`;

test('a preview answers, byte for byte, what the member’s own token is answered', async () => {
  for (const seed of [51, 52, 53, 54]) {
    const log = await openWorld(at, seed);
    await giveRole(at, log, 'm3', 'BLIND', {
      scope: 'ALL',
      allCategories: seed % 2 === 0,
      hiddenFields: ['EMAIL', 'TARGETS'],
    });
    for (const member of ['m0', 'm1', 'm2', 'm3']) {
      const id = log.recorded[seed % 7]?.id ?? '';
      const own = await answer(at.app, await tokenAs(at, log, member), `{ ${reading(id)} }`);
      // Beside the owner’s own view, and another preview: no view colours another.
      const document = `{ before: logs(first: 5) { nodes { position } } asMember(member: "${member}") { ${reading(id)} }
        other: asMember(member: "owner") { logs(first: 5) { nodes { position } } } }`;
      const preview = await answer(at.app, log.ownerToken, document);
      if (own.errors === undefined) {
        expect(preview.errors).toBeUndefined();
        expect(JSON.stringify(preview.data?.asMember)).toBe(JSON.stringify(own.data));
        expect(JSON.stringify(preview.data?.before)).not.toContain('null');
        expect(preview.data?.other).toEqual({ logs: preview.data?.before });
      } else {
        expect(preview.errors?.[0]?.extensions).toEqual(own.errors[0]?.extensions);
      }
    }
    const filtered = '(filter: { target: { in: ["t1"] } }) { nodes { id } }';
    const refused = await answer(at.app, log.ownerToken, `{ asMember(member: "m3") { logs${filtered} } }`);
    expect(refused.errors?.[0]?.extensions?.code).toBe('FIELD_HIDDEN');
  }
});

test('a preview shows nothing that is hidden from the role of who looks', async () => {
  const log = await openReadingLog(at, 60, 30);
  const hidden = { scope: 'ALL', permissions: ['READ', 'MANAGE_MEMBERS'], hiddenFields: ['EMAIL'] } as const;
  await giveRole(at, log, 'm0', 'HALF_BLIND', {
    ...hidden,
    permissions: [...hidden.permissions],
    hiddenFields: ['EMAIL'],
  });
  await giveRole(at, log, 'm1', 'ALL_SEEING', { scope: 'ALL' });
  const token = await tokenAs(at, log, 'm0');
  const emails = '{ actors(first: 100) { email } logs { nodes { actor { email current { email } } } } }';
  const { data, errors } = await answer(at.app, token, `{ asMember(member: "m1") ${emails} }`);
  expect(errors).toBeUndefined();
  expect(JSON.stringify(data)).not.toContain('@');
  const owner = await answer(at.app, log.ownerToken, `{ asMember(member: "m1") ${emails} }`);
  expect(JSON.stringify(owner.data)).toContain('@');
});

test('a preview is recorded as what it is, before it is answered, and not as the member’s own reading', async () => {
  const log = await openReadingLog(watched, 90, 10);
  await giveRole(watched, log, 'm0', 'ALL_SEEING', { scope: 'ALL' });
  const document = `{ asMember(member: "m0") { logs(first: 1, filter: { category: { in: ["annals.access"] } }) {
    nodes { action { key } actor { id } affectedUser { id } } totalCount } } }`;
  const { data, errors } = await answer(watched.app, log.ownerToken, document);
  expect(errors).toBeUndefined();
  expect(data?.asMember).toMatchObject({
    logs: { nodes: [{ action: { key: 'annals.preview_used' }, actor: { id: 'owner' }, affectedUser: { id: 'm0' } }] },
  });
  const all = await watched.app.services.query.logs(await principalOf(watched.app, log.ownerToken), { first: 500 });
  const { actions } = watched.app.services;
  // The random entries of the log may have any action.
  const random = new Set(log.recorded.map(({ id }) => id));
  const added = all.edges.flatMap(({ entry }) => (random.has(entry.id) ? [] : [entry]));
  const started = added.filter(({ action }) => actions.key(action) === 'annals.log_access_started');
  expect(new Set(started.map(({ actorName }) => actorName))).toEqual(new Set(['Owner']));
});
