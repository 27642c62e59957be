/** Every condition by hand; pages.test.ts has them at random. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Principal } from '../../src/auth/auth.ts';
import type { EntryInput } from '../../src/model/entry.ts';
import type { LogFilter } from '../../src/query/query.ts';
import {
  memberOf,
  openRememberedLog,
  openTestApp,
  principalOf,
  type RememberedLog,
  type TestApp,
} from '../support/readingApp.ts';

let at: TestApp;
let log: RememberedLog;
let owner: Principal;

const person = (id: string, role: string | null) => ({ externalId: id, name: id, email: null, role });
const folder = (id: string, parentId: string | null) => ({
  externalId: id,
  name: id,
  kind: parentId === null ? ('VAULT' as const) : ('FOLDER' as const),
  parentId,
});

/** Told apart by `session`. */
const entries: Record<string, EntryInput> = {
  bare: { action: 'passwork.item_viewed' },
  full: {
    action: 'enpass.vault_created',
    outcome: 'DENIED',
    severity: 9,
    component: 'hub',
    actor: { id: 'ned' },
    affectedUser: { id: 'mara' },
    vault: { id: 'v1' },
    directory: { id: 'f1' },
    targets: [{ type: 'item', id: 't1' }, { type: 'link' }],
    occurredAt: '2020-02-29T12:00:00Z',
    ip: '::ffff:192.0.2.10',
    userAgent: 'curl/8',
    device: 'Laptop',
    request: 'r-1',
    location: 'Vienna, AT',
    changes: [{ field: 'role', before: 'a', after: 'b' }, { field: 'name' }],
    metadata: { attempt: 1, client: { version: '7.2', list: [{ a: 1 }] }, tags: ['x', 2, true], none: null },
  },
  inVault: {
    action: 'passwork.item_viewed',
    actor: { id: 'ned', type: 'TOKEN' },
    vault: { id: 'v1' },
    ip: '2001:db8::7',
    metadata: { attempt: '1', tags: 'x' },
  },
  deep: { action: 'passwork.item_viewed', vault: { id: 'v1' }, directory: { id: 'f2' }, targets: [{ type: 'item' }] },
};

beforeAll(async () => {
  at = await openTestApp();
  log = await openRememberedLog(at);
  const { catalogue } = at.app.services;
  const enpass = catalogue.actions.find((action) => action.catalogue === 'enpass' && action.actionGroup !== null);
  await at.app.administration.importWorld(log.organization, {
    members: [person('mara', 'MEMBER'), person('boss', 'MEMBER')],
    groups: [],
    directories: [folder('v1', null), folder('v2', null), folder('f1', 'v1'), folder('f2', 'f1')],
    grants: [
      { directoryId: 'f1', subject: { memberId: 'mara' }, level: 'ADMINISTRATOR' },
      { directoryId: 'v1', subject: { memberId: 'boss' }, level: 'ADMINISTRATOR' },
    ],
  });
  for (const [session, input] of Object.entries(entries)) {
    await log.append([{ ...input, action: session === 'full' ? (enpass?.key ?? '') : input.action, session }]);
    at.clock.now += 1000;
  }
  owner = await principalOf(at.app, log.ownerToken);
});
afterAll(() => at?.[Symbol.asyncDispose]());

async function found(filter: LogFilter, who = owner): Promise<string[]> {
  const page = await at.app.services.query.logs(who, { first: 500, filter, direction: 'ASC' });
  return page.edges.map(({ entry }) => entry.session ?? '');
}

const all = Object.keys(entries);
const only = (...names: string[]) => names;
const but = (...names: string[]) => all.filter((name) => !names.includes(name));

test.each<[string, LogFilter, string[]]>([
  ['nothing', {}, all],
  ['nulls', { actor: null, and: null, or: null, not: null, severity: { gte: null, in: null } }, all],
  ['empty and', { and: [] }, all],
  ['empty or', { or: [] }, []],
  ['not of everything', { not: {} }, []],
  ['not of nothing', { not: { or: [] } }, all],
  ['empty in', { component: { in: [] } }, []],
  ['empty notIn', { component: { notIn: [] } }, all],
  ['actor in, whatever the type', { actor: { in: ['ned'] } }, only('full', 'inVault')],
  ['actor notIn keeps who has none', { actor: { notIn: ['ned'] } }, only('bare', 'deep')],
  ['not actor in keeps who has none', { not: { actor: { in: ['ned'] } } }, only('bare', 'deep')],
  ['unknown actor', { actor: { in: ['nobody'] } }, []],
  ['not an unknown actor', { actor: { notIn: ['nobody'] } }, all],
  ['in and notIn both hold', { actor: { in: ['ned'], notIn: ['ned'] } }, []],
  ['affectedUser', { affectedUser: { in: ['mara', 'nobody'] } }, only('full')],
  ['affectedUser notIn', { affectedUser: { notIn: ['mara'] } }, but('full')],
  ['action', { action: { in: ['passwork.item_viewed'] } }, but('full')],
  ['action notIn', { action: { notIn: ['passwork.item_viewed'] } }, only('full')],
  ['catalogue', { catalogue: { in: ['enpass'] } }, only('full')],
  ['catalogue notIn', { catalogue: { notIn: ['enpass', 'annals'] } }, but('full')],
  ['unknown actionGroup', { actionGroup: { in: ['None Such'] } }, []],
  ['not in an unknown actionGroup', { actionGroup: { notIn: ['None Such'] } }, all],
  ['directory in', { directory: { in: ['v1'] } }, only('inVault')],
  ['directory notIn keeps what is nowhere', { directory: { notIn: ['v1', 'f1'] } }, only('bare', 'deep')],
  ['directory under', { directory: { under: ['f1'] } }, only('full', 'deep')],
  ['under nothing', { directory: { under: [] } }, []],
  ['under the unknown', { directory: { under: ['nowhere'] } }, []],
  ['not under', { not: { directory: { under: ['f1'] } } }, only('bare', 'inVault')],
  ['under and notIn', { directory: { under: ['v1'], notIn: ['f2'] } }, only('full', 'inVault')],
  ['target', { target: { in: ['t1'] } }, only('full')],
  ['target notIn keeps what has none', { target: { notIn: ['t1'] } }, but('full')],
  ['target type', { target: { type: { in: ['item'] } } }, only('full', 'deep')],
  ['target type notIn', { target: { type: { notIn: ['link'] } } }, but('full')],
  ['outcome', { outcome: { in: ['DENIED'] } }, only('full')],
  ['severity in', { severity: { in: [9, 11] } }, only('full')],
  ['severity from', { severity: { gte: 9 } }, only('full')],
  ['severity below', { severity: { lt: 9 } }, but('full')],
  ['severity from above', { severity: { gte: 9, lt: 9 } }, []],
  ['component', { component: { in: ['hub'] } }, only('full')],
  ['component is exact', { component: { in: ['Hub', 'hub ', ''] } }, []],
  ['occurredAt is inclusive below', { occurredAt: { lt: '2020-02-29T13:00:00+01:00' } }, []],
  ['occurredAt is exclusive above', { occurredAt: { lt: '2020-02-29T12:00:00.001Z' } }, only('full')],
  ['occurredAt from', { occurredAt: { gte: '2020-02-29T12:00:00.001Z' } }, but('full')],
  ['or', { or: [{ actor: { in: ['ned'] } }, { target: { type: { in: ['item'] } } }] }, but('bare')],
  ['beside or', { or: [{}, {}], component: { in: ['hub'] } }, only('full')],
  ['not or', { not: { or: [{ actor: { in: ['ned'] } }, { directory: { in: ['f2'] } }] } }, only('bare')],
  ['actor type', { actor: { type: { in: ['TOKEN'] } } }, only('inVault')],
  ['actor type notIn', { actor: { type: { notIn: ['SYSTEM', 'TOKEN'] } } }, only('full')],
  ['actor and its type', { actor: { in: ['ned'], type: { in: ['MEMBER'] } } }, only('full')],
  ['actor exists', { actor: { exists: true } }, only('full', 'inVault')],
  ['no actor exists', { actor: { exists: false } }, only('bare', 'deep')],
  ['exists beside notIn', { actor: { exists: true, notIn: ['ned'] } }, []],
  ['exists null', { actor: { exists: null } }, all],
  ['affectedUser exists', { affectedUser: { exists: true } }, only('full')],
  ['directory exists', { directory: { exists: false } }, only('bare')],
  ['vault', { vault: { in: ['v1'] } }, but('bare')],
  ['vault notIn keeps what is in none', { vault: { notIn: ['v1'] } }, only('bare')],
  ['vault of another', { vault: { in: ['f1', 'nowhere', 'a\0b'] } }, []],
  ['vault exists', { vault: { exists: true } }, but('bare')],
  ['target exists', { target: { exists: true } }, only('full', 'deep')],
  ['target exists, without an id', { target: { exists: true, notIn: ['t1'] } }, only('deep')],
  ['component exists', { component: { exists: false } }, but('full')],
  ['ip', { ip: { in: ['192.0.2.10'] } }, only('full')],
  ['ip, IPv4-mapped', { ip: { in: ['::FFFF:192.0.2.10'] } }, only('full')],
  ['ip in a network', { ip: { in: ['192.0.2.0/24', '10.0.0.0/8'] } }, only('full')],
  ['ip in a mapped network', { ip: { in: ['::ffff:192.0.2.0/120'] } }, only('full')],
  ['ip in an IPv6 network', { ip: { in: ['2001:db8::/32'] } }, only('inVault')],
  ['ip in every IPv6 network', { ip: { in: ['::/0'] } }, only('inVault')],
  ['ip in every IPv4 network', { ip: { in: ['0.0.0.0/0'] } }, only('full')],
  ['ip notIn keeps what has none', { ip: { notIn: ['0.0.0.0/0'] } }, but('full')],
  ['ip in nothing', { ip: { in: [] } }, []],
  ['ip not in nothing', { ip: { notIn: [] } }, all],
  ['ip exists', { ip: { exists: true } }, only('full', 'inVault')],
  ['session', { session: { in: ['bare', 'deep'] } }, only('bare', 'deep')],
  ['session exists', { session: { exists: true } }, all],
  ['request', { request: { in: ['r-1', 'r-2'] } }, only('full')],
  ['request notIn', { request: { notIn: ['r-1'] } }, but('full')],
  ['device is exact', { device: { in: ['laptop'] } }, []],
  ['device', { device: { in: ['Laptop'] } }, only('full')],
  ['userAgent exists', { userAgent: { exists: false } }, but('full')],
  ['location', { location: { in: ['Vienna, AT'] } }, only('full')],
  ['a changed field', { changes: { field: { in: ['name'] } } }, only('full')],
  ['no such changed field', { changes: { field: { notIn: ['role'] } } }, but('full')],
  ['changes exist', { changes: { exists: true } }, only('full')],
  ['metadata', { metadata: [{ key: ['attempt'], in: [1] }] }, only('full')],
  ['metadata of another type', { metadata: [{ key: ['attempt'], in: ['1'] }] }, only('inVault')],
  ['metadata notIn keeps what has no such key', { metadata: [{ key: ['attempt'], notIn: [1] }] }, but('full')],
  ['metadata deep inside', { metadata: [{ key: ['client', 'version'], in: ['7.2'] }] }, only('full')],
  ['metadata in a list', { metadata: [{ key: ['tags'], in: [2, 'y'] }] }, only('full')],
  ['metadata in a list or by itself', { metadata: [{ key: ['tags'], in: ['x'] }] }, only('full', 'inVault')],
  ['metadata not through a list', { metadata: [{ key: ['client', 'list', '0'], exists: true }] }, []],
  ['metadata not through a text', { metadata: [{ key: ['tags', 'length'], exists: true }] }, []],
  ['metadata has a key', { metadata: [{ key: ['none'], exists: true }] }, only('full')],
  ['metadata has no such key', { metadata: [{ key: ['tags'], exists: false }] }, only('bare', 'deep')],
  ['metadata of null equals nothing', { metadata: [{ key: ['none'], in: ['null', false, 0, ''] }] }, []],
  ['metadata exists', { metadata: [{ exists: true }] }, only('full', 'inVault')],
  [
    'several of metadata',
    {
      metadata: [
        { key: ['attempt'], exists: true },
        { key: ['client'], exists: false },
      ],
    },
    only('inVault'),
  ],
  ['metadata of nothing', { metadata: [] }, all],
  ['metadata of keys that cannot be stored', { metadata: [{ key: ['a\0b'], notIn: ['\ud800'] }] }, all],
  ['text, whatever the case', { text: { contains: ['VIENNA'] } }, only('full')],
  ['text in the middle of a word', { text: { contains: ['apto'] } }, only('full')],
  ['texts that all stand somewhere', { text: { contains: ['vienna', 'r-1'] } }, only('full')],
  ['texts of which one stands nowhere', { text: { contains: ['vienna', 'paris'] } }, []],
  ['a text across two fields', { text: { contains: ['laptopfull'] } }, []],
  ['a text across two values', { text: { contains: ['roleab'] } }, []],
  ['text with what elsewhere would be a pattern', { text: { contains: ['v_enna'] } }, []],
  ['text of an address', { text: { contains: ['192.0.2'] } }, only('full')],
  ['text in metadata', { text: { contains: ['7.2'], in: ['METADATA'] } }, only('full')],
  ['text not in these fields', { text: { contains: ['7.2'], in: ['NAMES', 'TARGETS'] } }, []],
  ['text of a target', { text: { contains: ['t1'], in: ['TARGETS'] } }, only('full')],
  ['text in no field', { text: { contains: ['t1'], in: [] } }, []],
  ['no text', { text: { contains: [] } }, all],
  ['not a text', { not: { text: { contains: ['curl'] } } }, but('full')],
  [
    'one text or another',
    { or: [{ text: { contains: ['curl'] } }, { text: { contains: ['db8'] } }] },
    only('full', 'inVault'),
  ],
  ['text that cannot be stored', { text: { contains: ['cu\0rl'] } }, []],
  ['not a text that cannot be stored', { not: { text: { contains: ['\ud800\ud800'] } } }, all],
  ['in the last minutes', { recordedAt: { within: { last: 5, unit: 'MINUTE' } } }, all],
  ['that happened in the last months', { occurredAt: { within: { last: 3, unit: 'MONTH' } } }, but('full')],
  ['texts that cannot be stored', { actor: { in: ['a\0b', '\ud800'] } }, []],
  ['places that cannot be stored', { directory: { in: ['a\0b'], under: ['\ud800'] } }, []],
  ['targets that cannot be stored', { target: { notIn: ['a\0b', '\ud800'] } }, all],
])('%s', async (_, filter, expected) => {
  expect(await found(filter)).toEqual(expected);
});

test('category and actionGroup are those of the catalogue', async () => {
  const { services } = at.app;
  const [, full] = log.recorded;
  const action = services.catalogue.action(full?.input.action ?? '');
  expect(action?.actionGroup).toBeTypeOf('string');
  expect(await found({ category: { in: [action?.category ?? ''] } })).toEqual(['full']);
  expect(await found({ category: { notIn: [action?.category ?? ''] } })).toEqual(but('full'));
  expect(await found({ actionGroup: { in: [action?.actionGroup ?? ''] } })).toEqual(['full']);
});

test('recordedAt is the server’s clock, inclusive below and exclusive above', async () => {
  const times = log.recorded.map((entry) => new Date(entry.recordedAt).toISOString());
  expect(await found({ recordedAt: { gte: times[1] ?? null, lt: times[3] ?? null } })).toEqual(['full', 'inVault']);
  expect(await found({ recordedAt: { lt: times[0] ?? null } })).toEqual([]);
  expect(await found({ recordedAt: { gte: '0000-01-01T00:00:00Z', lt: '9999-12-31T23:59:59.999Z' } })).toEqual(all);
});

test('a period that ends now begins where the clock says, and is asked anew by each page', async () => {
  const { query } = at.app.services;
  const started = at.clock.now;
  const { recordedAt = 0 } = log.recorded[1] ?? {};
  // The second entry is a minute old.
  at.clock.now = recordedAt + 60_000;
  const filter: LogFilter = { recordedAt: { within: { last: 1, unit: 'MINUTE', timeZone: 'Asia/Kolkata' } } };
  expect(await found(filter)).toEqual(['full', 'inVault', 'deep']);
  const first = await query.logs(owner, { first: 1, filter });
  expect(first.hasNextPage).toBe(true);
  // A second later it is too old: the next page goes on from the same cursor, and ends earlier.
  at.clock.now += 1;
  const after = first.edges[0]?.cursor ?? null;
  const second = await query.logs(owner, { first: 5, after, filter });
  expect(second.edges.map(({ entry }) => entry.session)).toEqual(['inVault']);
  expect(await found({ not: filter })).toEqual(['bare', 'full']);
  at.clock.now = started;
});

test('under a directory that one does not see is as empty as under one that does not exist', async () => {
  const mara = await memberOf(at.app, log.organization, 'mara');
  expect(await found({}, mara)).toEqual(['full', 'deep']);
  expect(await found({ directory: { under: ['f1'] } }, mara)).toEqual(['full', 'deep']);
  expect(await found({ directory: { under: ['v1'] } }, mara)).toEqual(
    await found({ directory: { under: ['-'] } }, mara),
  );
  expect(await found({ not: { directory: { under: ['v1'] } } }, mara)).toEqual(['full', 'deep']);
  const { query } = at.app.services;
  expect(await query.directories(mara, { under: 'v1' })).toEqual(await query.directories(mara, { under: '-' }));
  expect((await query.directories(mara, { under: 'f1' })).map((one) => one.externalId)).toEqual(['f1', 'f2']);
});

test('a moved folder takes its past with it', async () => {
  const moved = [folder('v1', null), folder('v2', null), folder('f1', 'v2'), folder('f2', 'f1')];
  const boss = await memberOf(at.app, log.organization, 'boss');
  expect(await found({}, boss)).toEqual(['full', 'inVault', 'deep']);
  await at.app.administration.importWorld(log.organization, {
    members: [],
    groups: [],
    directories: moved,
    grants: [],
  });
  const now = await at.app.auth.refresh(owner);
  expect(await found({ directory: { under: ['v1'] } }, now)).toEqual(['inVault']);
  expect(await found({ directory: { under: ['v2'] } }, now)).toEqual(['full', 'deep']);
  expect(await found({}, await at.app.auth.refresh(boss))).toEqual(['inVault']);
});
