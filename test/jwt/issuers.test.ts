/** Issuers: what may be said of one, by whom, and when it counts. */
import { generateKeyPairSync } from 'node:crypto';
import { exportJWK } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { JwtIssuerInput } from '../../src/administration/administration.ts';
import type { Principal } from '../../src/auth/auth.ts';
import { AnnalsError } from '../../src/errors.ts';
import { watch } from '../live/watch.ts';
import { until } from '../support/app.ts';
import {
  answer,
  openRememberedLog,
  openTestApp,
  principalOf,
  type RememberedLog,
  type TestApp,
} from '../support/readingApp.ts';
import { type Minter, mint, newKeys, newMinter, setOf } from './support.ts';

let at: TestApp;
let log: RememberedLog;
let owner: Principal;
const now = () => at.clock.now;
const admin = () => at.app.services.administration;

beforeAll(async () => {
  at = await openTestApp({ JWKS_HOSTS: 'keys.example:8443' });
});
beforeEach(async () => {
  log = await openRememberedLog(at);
  owner = await principalOf(at.app, log.ownerToken);
});
afterAll(() => at?.[Symbol.asyncDispose]());

const refused = (token: string) =>
  expect(at.app.auth.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });

async function statementsOf(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  using _ = at.app.store.observe(() => void count++);
  await work();
  return count;
}

test('authenticating takes one statement, whether or not the signature is remembered, and refreshing too', async () => {
  const minter = await newMinter(at.app, owner, now);
  await admin().upsertMembers(owner, [{ id: 'mia', name: 'Mia', role: 'MEMBER' }]);
  const { auth } = at.app;
  for (const annals of [{}, { role: 'MEMBER', groups: ['g'], directories: [{ id: 'd', level: 'READ' }] }]) {
    const token = await minter.mint({ annals });
    expect(await statementsOf(() => auth.authenticate(token))).toBe(1);
    expect(await statementsOf(() => auth.authenticate(token))).toBe(1);
    const principal = await auth.authenticate(token);
    expect(await statementsOf(() => auth.refresh(principal))).toBe(1);
  }
  // Only whom nothing has named yet registers, once.
  const stranger = await minter.mint({ subject: 'stranger' });
  expect(await statementsOf(() => auth.authenticate(stranger))).toBe(2);
  expect(await statementsOf(() => auth.authenticate(stranger))).toBe(1);
  expect(await statementsOf(() => refused('a.b.c'))).toBe(0);
});

test('two tokens of one person with different stated rights share nothing that is remembered', async () => {
  const minter = await newMinter(at.app, owner, now);
  await log.append(['one', 'two'].map((id) => ({ action: 'passwork.item_viewed', vault: { id } })));
  const seenWith = async (id: string) => {
    const token = await minter.mint({ annals: { role: 'MEMBER', directories: [{ id, level: 'ADMINISTRATOR' }] } });
    const { data } = await answer(at.app, token, '{ logs { nodes { vault { id } } } }');
    return data?.logs;
  };
  for (const id of ['one', 'two', 'one']) expect(await seenWith(id)).toEqual({ nodes: [{ vault: { id } }] });
});

test('keys are rotated with overlap: each counts while it is listed, also where its signature was remembered', async () => {
  const [old, fresh] = [await newKeys('old'), await newKeys('fresh', 'ES256')];
  const minter = await newMinter(at.app, owner, now, { keyPair: old });
  const { issuer: known, name, audience, algorithms } = minter.issuer;
  const list = (...keys: (typeof old)[]) =>
    admin().upsertJwtIssuer(owner, {
      name,
      issuer: known,
      audience,
      algorithms,
      roles: ['MEMBER'],
      keys: setOf(...keys),
    });
  const before = await minter.mint();
  const after = await mint({ ...minter.by, keys: fresh });
  await at.app.auth.authenticate(before);
  await refused(after);
  await list(old, fresh);
  for (const token of [before, after]) await at.app.auth.authenticate(token);
  await list(fresh);
  await refused(before);
  await at.app.auth.authenticate(after);
});

test('a removed issuer refuses at once, on every server, and ends its streams within a second', async () => {
  const other = await at.another();
  const minter = await newMinter(at.app, owner, now);
  const principal = await other.auth.authenticate(await minter.mint());
  await using stored = await watch(other, principal);
  const start = performance.now();
  expect(await admin().removeJwtIssuer(owner, minter.issuer.id)).toBe(true);
  await stored.ended;
  expect(performance.now() - start).toBeLessThan(1000);
  expect(stored.batches.at(-1)?.notice).toEqual({
    code: 'UNAUTHENTICATED',
    message: 'The issuer of this token was removed.',
  });
  const error = await other.auth.authenticate(await minter.mint()).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'UNAUTHENTICATED', message: 'The issuer of this token was removed.' });
  expect(await admin().removeJwtIssuer(owner, minter.issuer.id)).toBe(false);
  expect(await admin().jwtIssuers(owner)).toEqual([]);
  // Another may take its place; its keys alone count then.
  const next = await newMinter(at.app, owner, now, { issuer: minter.issuer.issuer, keyPair: await newKeys('one') });
  expect(next.issuer.id).not.toBe(minter.issuer.id);
  await refused(await minter.mint());
  await other.auth.authenticate(await next.mint());
});

test('what an issuer may give less of, its streams lose: the role, the stored members', async () => {
  const minter = await newMinter(at.app, owner, now);
  const { issuer, name, audience, algorithms } = minter.issuer;
  await admin().upsertMembers(owner, [{ id: 'mia', name: 'Mia', role: 'MEMBER' }]);
  const change = (more: Partial<JwtIssuerInput>) =>
    admin().upsertJwtIssuer(owner, { name, issuer, audience, algorithms, roles: ['MEMBER'], ...more });
  {
    await using watched = await watch(at.app, await at.app.auth.authenticate(await minter.mint({ annals: {} })));
    await change({ storedMembers: false });
    await watched.ended;
    expect(watched.batches.at(-1)?.notice?.message).toMatch(/may not name stored members/);
  }
  await using watched = await watch(at.app, await at.app.auth.authenticate(await minter.mint()));
  await change({ roles: ['INTEGRATION'] });
  await watched.ended;
  expect(watched.batches.at(-1)?.notice?.message).toMatch(/may not give the role "MEMBER"/);
  await until(() => at.app.services.live.streams === 0);
});

test('every change is told to the log, without a secret; none is ever shown', async () => {
  const [secret, next] = ['s3cret-'.repeat(6), 'an0ther-'.repeat(5)];
  const input: JwtIssuerInput = {
    name: 'P',
    issuer: 'i',
    audience: 'annals',
    algorithms: ['HS256'],
    roles: ['MEMBER'],
    secrets: [secret],
  };
  await using audited = await openTestApp({ ACCESS_LOG: 'closed' });
  const own = await openRememberedLog(audited);
  const by = await principalOf(audited.app, own.ownerToken);
  const { upsertJwtIssuer, removeJwtIssuer } = audited.app.services.administration;
  const { id } = await upsertJwtIssuer(by, input);
  await upsertJwtIssuer(by, input);
  await upsertJwtIssuer(by, { ...input, secrets: undefined });
  await upsertJwtIssuer(by, { ...input, secrets: [next] });
  await upsertJwtIssuer(by, { ...input, secrets: undefined, roles: ['MEMBER', 'INTEGRATION'], lifetimeSeconds: 600 });
  const listed = await answer(audited.app, own.ownerToken, '{ jwtIssuers { id name keySource keys roles } }');
  expect(listed.data).toEqual({
    jwtIssuers: [{ id, name: 'P', keySource: 'SECRETS', keys: null, roles: ['INTEGRATION', 'MEMBER'] }],
  });
  await removeJwtIssuer(by, id);
  const { edges } = await audited.app.services.query.logs(by, { first: 50 });
  const { actions } = audited.app.services;
  expect(JSON.stringify([listed, edges])).not.toMatch(/s3cret|an0ther/);
  const told = edges.map(({ entry }) => [actions.key(entry.action), entry.changes?.map(({ field }) => field) ?? []]);
  expect(told.filter(([action]) => String(action).startsWith('annals.jwt_'))).toEqual([
    ['annals.jwt_issuer_removed', []],
    ['annals.jwt_issuer_changed', ['roles', 'lifetimeSeconds']],
    ['annals.jwt_issuer_changed', ['secrets']],
    [
      'annals.jwt_issuer_created',
      ['name', 'audience', 'algorithms', 'roles', 'storedMembers', 'lifetimeSeconds', 'secrets'],
    ],
  ]);
  const rows = await audited.app.store.prisma.jwtIssuer.findMany();
  expect(rows.map(({ secrets, removedAt }) => [secrets, removedAt !== null])).toEqual([[[], true]]);
});

describe('what cannot be said of an issuer', () => {
  const key = newKeys('a');
  const { publicKey: shortRsa } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const valid = async (): Promise<JwtIssuerInput> => ({
    name: 'P',
    issuer: 'i',
    audience: 'a',
    algorithms: ['ES256'],
    roles: ['MEMBER'],
    keys: setOf(await key),
  });
  const refusals: Record<
    string,
    [path: string, message: RegExp, more: () => Promise<Partial<JwtIssuerInput>> | Partial<JwtIssuerInput>]
  > = {
    'no name': ['name', /1 to 500/, () => ({ name: '' })],
    'no algorithm': ['algorithms', /empty/, () => ({ algorithms: [] })],
    'the algorithm none': ['algorithms[0]', /one of EdDSA/, () => ({ algorithms: ['none'] })],
    'algorithms of both kinds': ['algorithms', /mixes/, () => ({ algorithms: ['HS256', 'ES256'] })],
    'public keys for an HMAC': ['keys', /take secrets/, () => ({ algorithms: ['HS256'] })],
    'a secret for signatures': [
      'secrets',
      /take keys or address/,
      () => ({ keys: undefined, secrets: ['x'.repeat(64)] }),
    ],
    'keys and an address': ['keys', /exactly one/, () => ({ address: 'https://keys.example:8443/' })],
    'no keys at all': ['keys', /missing/, () => ({ keys: undefined })],
    'a set that is none': ['keys', /JSON Web Key Set/, () => ({ keys: [] })],
    'a private key': [
      'keys',
      /private part/,
      async () => ({ keys: { keys: [await exportJWK((await key).privateKey)] } }),
    ],
    'a secret as a key': ['keys', /is a secret/, () => ({ keys: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } })],
    'a key for another algorithm': [
      'keys',
      /no public key for any of ES256/,
      async () => ({ keys: setOf(await newKeys('k', 'ES384')) }),
    ],
    'a key on no curve': [
      'keys',
      /no public key/,
      () => ({ keys: { keys: [{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }] } }),
    ],
    'an RSA key that is too short': [
      'keys',
      /no public key/,
      () => ({ algorithms: ['RS256'], keys: { keys: [shortRsa.export({ format: 'jwk' })] } }),
    ],
    'a kid that is too long': [
      'keys',
      /kid of 201 characters/,
      async () => ({ keys: { keys: [{ ...(await key).publicKey, kid: 'k'.repeat(201) }] } }),
    ],
    'keys with the same kid': ['keys', /same kid/, async () => ({ keys: setOf(await key, await newKeys('a')) })],
    'keys without a kid': [
      'keys',
      /no kid/,
      async () => ({ keys: { keys: [(await key).publicKey, { ...(await newKeys('b')).publicKey, kid: undefined }] } }),
    ],
    'an address in the clear': ['address', /https/, () => ({ keys: undefined, address: 'http://keys.example:8443/' })],
    'an address on another port': [
      'address',
      /host keys.example,/,
      () => ({ keys: undefined, address: 'https://keys.example/' }),
    ],
    'an address inside the network': [
      'address',
      /169\.254/,
      () => ({ keys: undefined, address: 'https://169.254.169.254/latest' }),
    ],
    'an address with a password': [
      'address',
      /neither a user/,
      () => ({ keys: undefined, address: 'https://u:p@keys.example:8443/' }),
    ],
    'an address that is none': ['address', /no web address/, () => ({ keys: undefined, address: 'keys' })],
    'a role that is not there': ['roles[0]', /no role "GHOST"/, () => ({ roles: ['GHOST'] })],
    'no role': ['roles', /empty/, () => ({ roles: [] })],
    'a life too short': ['lifetimeSeconds', /60 to/, () => ({ lifetimeSeconds: 59 })],
    'a life too long': ['lifetimeSeconds', /60 to/, () => ({ lifetimeSeconds: 2_592_001 })],
  };

  test.each(Object.entries(refusals))('%s', async (_, [path, message, more]) => {
    const error: unknown = await admin()
      .upsertJwtIssuer(owner, { ...(await valid()), ...(await more()) })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AnnalsError);
    expect(error).toMatchObject({ code: 'BAD_INPUT', path, message: expect.stringMatching(message) });
    // A private key, or a secret, that was pasted is not repeated.
    expect(`${error}`).not.toMatch(/c2VjcmV0|x{32}/);
    expect(await admin().jwtIssuers(owner)).toEqual([]);
  });

  test('more than twenty of them, and algorithms that its keys do not fit', async () => {
    const input = await valid();
    for (let index = 0; index < 20; index++) await admin().upsertJwtIssuer(owner, { ...input, issuer: `i${index}` });
    await expect(admin().upsertJwtIssuer(owner, { ...input, issuer: 'more' })).rejects.toMatchObject({
      path: 'issuer',
    });
    const { keys: _, ...keeping } = input;
    await admin().upsertJwtIssuer(owner, { ...keeping, issuer: 'i0', name: 'Renamed' });
    await expect(
      admin().upsertJwtIssuer(owner, { ...keeping, issuer: 'i0', algorithms: ['EdDSA'] }),
    ).rejects.toMatchObject({ path: 'algorithms' });
  });

  test('a role that an issuer may give is not removed', async () => {
    await admin().upsertRole(owner, { key: 'GUEST', name: 'Guest', permissions: ['READ'] });
    const minter = await newMinter(at.app, owner, now, { roles: ['GUEST'] });
    await expect(admin().removeRole(owner, 'GUEST')).rejects.toMatchObject({
      message: expect.stringMatching(/1 issuers/),
    });
    await admin().removeJwtIssuer(owner, minter.issuer.id);
    expect(await admin().removeRole(owner, 'GUEST')).toBe(true);
  });
});

describe('nobody lets an issuer give more than it has', () => {
  /** Who says it; the roles and whether stored members; whether it may. */
  const rows: [who: string, roles: string[], storedMembers: boolean, may: boolean][] = [
    ['OWNER', ['OWNER'], true, true],
    ['ADMINISTRATOR', ['OWNER'], false, false],
    ['ADMINISTRATOR', ['ADMINISTRATOR', 'MEMBER'], true, true],
    ['TOKENS_ALL', ['MEMBER'], true, true],
    ['TOKENS_ALL', ['ADMINISTRATOR'], false, false],
    ['TOKENS_ALL', ['INTEGRATION'], false, false],
    ['TOKENS_SOME', ['MEMBER'], false, false],
    ['TOKENS_SOME', ['BLIND'], false, true],
    ['TOKENS_SOME', ['BLIND'], true, false],
    ['HIDING', ['MEMBER'], false, false],
  ];
  const roles = [
    { key: 'TOKENS_ALL', permissions: ['READ', 'MANAGE_TOKENS'], scope: 'ALL' },
    {
      key: 'TOKENS_SOME',
      permissions: ['READ', 'MANAGE_TOKENS'],
      scope: 'GRANTED',
      minimumAccessLevel: 'READ',
      ownActivity: true,
    },
    { key: 'HIDING', permissions: ['READ', 'MANAGE_TOKENS'], scope: 'ALL', hiddenFields: ['IP'] },
    { key: 'BLIND', permissions: [], scope: 'NONE' },
  ] as const;

  test.each(rows)('%s, roles %s, stored members %s: %s', async (who, given, storedMembers, may) => {
    for (const role of roles) await admin().upsertRole(owner, { name: role.key, ...role });
    const { token } = await at.app.administration.createToken(log.organization, { name: who, actsAs: { role: who } });
    const by = who === 'OWNER' ? owner : await principalOf(at.app, token);
    const made = newMinter(at.app, by, now, { roles: given, storedMembers });
    if (may) expect((await made).issuer.roles).toEqual([...given].sort());
    else await expect(made).rejects.toMatchObject({ code: 'ESCALATION' });
  });

  test('changing what a greater one set up needs as much; removing it does not', async () => {
    const minter: Minter = await newMinter(at.app, owner, now, { roles: ['OWNER'] });
    const { token } = await at.app.administration.createToken(log.organization, {
      name: 'a',
      actsAs: { role: 'ADMINISTRATOR' },
    });
    const by = await principalOf(at.app, token);
    const { issuer, audience, algorithms } = minter.issuer;
    const keys = setOf(await newKeys('mine'));
    await expect(
      admin().upsertJwtIssuer(by, { name: 'x', issuer, audience, algorithms, roles: ['OWNER'], keys }),
    ).rejects.toMatchObject({ code: 'ESCALATION' });
    await at.app.auth.authenticate(await minter.mint({ annals: { role: 'OWNER' } }));
    expect(await admin().removeJwtIssuer(by, minter.issuer.id)).toBe(true);
  });

  test('whose rights a token states does not make tokens with the stored rights of its name', async () => {
    const permissions = ['READ', 'MANAGE_TOKENS'] as const;
    await admin().upsertRole(owner, { key: 'SELF', name: 'Self', permissions, scope: 'GRANTED', ownActivity: true });
    await admin().upsertMembers(owner, [{ id: 'mia', name: 'Mia', role: 'SELF' }]);
    const minter = await newMinter(at.app, owner, now, { roles: ['SELF'] });
    const request = { name: 'mine', actsAs: { member: 'mia' } };
    const [stored, stated] = await Promise.all(
      [{}, { role: 'SELF' }].map(async (annals) => at.app.auth.authenticate(await minter.mint({ annals }))),
    );
    if (stored === undefined || stated === undefined) throw new TypeError('nobody');
    await admin().createToken(stored, request);
    await expect(admin().createToken(stated, request)).rejects.toMatchObject({ code: 'ESCALATION' });
  });
});
