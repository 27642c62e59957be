/** Tokens that are not what they seem, not valid now, or not for here: each is refused with its reason, and never repeated. */
import { createHmac } from 'node:crypto';
import { exportSPKI, importJWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Principal } from '../../src/auth/auth.ts';
import { AnnalsError } from '../../src/errors.ts';
import { bearerToken } from '../../src/http/credential.ts';
import {
  openRememberedLog,
  openTestApp,
  principalOf,
  type RememberedLog,
  type TestApp,
} from '../support/readingApp.ts';
import { type Minter, type Minting, newKeys, newMinter, payloadOf, setOf } from './support.ts';

let at: TestApp;
let log: RememberedLog;
let owner: Principal;
/** May give MEMBER, and name stored members. */
let open: Minter;
/** States MEMBER only. */
let stating: Minter;
/** Of another organization, with the same `iss`. */
let foreign: Minter;

const member = (id: string, role: string | null, status: 'ACTIVE' | 'SUSPENDED' = 'ACTIVE') => ({
  id,
  name: id,
  role,
  status,
});

beforeAll(async () => {
  at = await openTestApp();
  log = await openRememberedLog(at);
  owner = await principalOf(at.app, log.ownerToken);
  const admin = at.app.services.administration;
  await admin.upsertMembers(owner, [
    member('mia', 'MEMBER'),
    member('aud', 'AUDITOR'),
    member('none', null),
    member('sus', 'MEMBER', 'SUSPENDED'),
    member('gone', 'MEMBER'),
  ]);
  await admin.removeMembers(owner, ['gone']);
  const now = () => at.clock.now;
  open = await newMinter(at.app, owner, now);
  stating = await newMinter(at.app, owner, now, { storedMembers: false });
  const other = await openRememberedLog(at);
  foreign = await newMinter(at.app, await principalOf(at.app, other.ownerToken), now, { issuer: open.by.issuer });
});
afterAll(() => at?.[Symbol.asyncDispose]());

async function refusalOf(token: string): Promise<AnnalsError> {
  const error: unknown = await at.app.auth.authenticate(token).catch((reason: unknown) => reason);
  if (!(error instanceof AnnalsError)) throw new TypeError(`not refused: ${JSON.stringify(error)}`);
  expect(error.code).toBe('UNAUTHENTICATED');
  expect(error.message).toMatch(/^[A-Z].*\.$/);
  expect(error.cure).toMatch(/\.$/);
  for (const part of token.split('.').filter((one) => one.length > 3))
    expect(`${error.message}${error.cure}`).not.toContain(part);
  return error;
}

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const unsecured = (alg: string, how: Minting = {}) => `${base64({ alg })}.${base64(payloadOf(open.by, how))}.`;

/** An HMAC, keyed with a text that everybody knows. */
function confused(secret: string | Buffer, header: object = { alg: 'HS256' }): string {
  const signed = `${base64(header)}.${base64(payloadOf(open.by, {}))}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

const minute = 60;

const refusals: Record<string, [message: RegExp, token: () => Promise<string> | string]> = {
  'not signed': [/not signed/, () => unsecured('none')],
  'not signed, in capitals': [/not signed/, () => unsecured('NoNe')],
  'without a signature': [/No key/, () => unsecured('ES256')],
  'an HMAC keyed with the public key as JSON': [
    /another algorithm/,
    () => confused(JSON.stringify(open.by.keys.publicKey), { alg: 'HS256', kid: 'one' }),
  ],
  'an HMAC keyed with the public key set': [/another algorithm/, () => confused(JSON.stringify(setOf(open.by.keys)))],
  'an HMAC keyed with the public key in PEM': [
    /another algorithm/,
    async () => {
      const key = await importJWK(open.by.keys.publicKey, 'ES256', { extractable: true });
      if (key instanceof Uint8Array) throw new TypeError('no public key');
      return confused(await exportSPKI(key));
    },
  ],
  'an HMAC with the header of a signature': [/No key/, () => confused('', { alg: 'ES256', kid: 'one' })],
  'an algorithm that the issuer does not name': [
    /another algorithm/,
    async () => open.mint({ key: (await newKeys('one', 'EdDSA')).privateKey, header: { alg: 'EdDSA' } }),
  ],
  'signed with a key that is not the issuer’s': [
    /No key/,
    async () => open.mint({ key: (await newKeys('one')).privateKey }),
  ],
  'signed by another, without a kid': [
    /No key/,
    async () => open.mint({ key: (await newKeys('one')).privateKey, header: { kid: undefined } }),
  ],
  'with the kid of a key that the issuer does not have': [/`kid`/, () => open.mint({ header: { kid: 'two' } })],
  'with a kid that is no text': [/`kid`/, () => open.mint({ header: { kid: 7 } })],
  'with an extension that must be understood': [/`crit`/, () => open.mint({ header: { crit: ['made'], made: 1 } })],
  'of another type': [/`typ`/, () => open.mint({ header: { typ: 'dpop+jwt' } })],
  'whose header is no JSON': [/header/, async () => `bm90IGpzb24.${(await open.mint()).split('.').slice(1).join('.')}`],
  'with a key of its own in the header': [
    /No key/,
    async () => {
      const own = await newKeys('one');
      return open.mint({
        key: own.privateKey,
        header: { jwk: own.publicKey, jku: 'http://127.0.0.1:1/', x5u: 'http://127.0.0.1:1/' },
      });
    },
  ],
  'whose claims were changed after it was signed': [
    /No key/,
    async () => {
      const [header, , signature] = (await open.mint()).split('.');
      return `${header}.${base64(payloadOf(open.by, { subject: 'aud' }))}.${signature}`;
    },
  ],
  'whose payload is no JSON': [/payload must be/, async () => (await open.mint()).replace(/\..+\./, '.bm90IGpzb24.')],
  'for another audience': [/aud is not "annals"/, () => open.mint({ audience: ['other', 'annals.example'] })],
  'of an unknown issuer': [/No issuer/, () => open.mint({ issuer: 'https://nobody.example' })],
  'for an organization that is not there': [
    /No issuer/,
    () => open.mint({ annals: { organization: '01890000-0000-7000-8000-000000000000', role: 'MEMBER' } }),
  ],
  'for another organization that has the same issuer': [
    /No key/,
    () => open.mint({ annals: { organization: foreign.by.organizationUid, role: 'MEMBER' } }),
  ],
  expired: [/expired/, () => open.mint({ age: 10 * minute, lifetime: 10 * minute })],
  'not yet valid': [/nbf/, () => open.mint({ claims: { nbf: at.clock.now / 1000 + 6 } })],
  'issued in the future': [/iat/, () => open.mint({ age: -6 })],
  'too long lived': [/86401 seconds; this issuer may give 86400/, () => open.mint({ lifetime: 86_401 })],
  'that pretends to be younger than it is': [/iat/, () => open.mint({ age: -86_400, lifetime: 86_400 })],
  'without an end': [/exp must be/, () => open.mint({ claims: { exp: undefined } })],
  'with stated groups and a stored member’s rights': [
    /goes with a stated role/,
    () => open.mint({ annals: { groups: ['g'] } }),
  ],
  'that states a role which the issuer may not give': [
    /may not give the role "OWNER"/,
    () => open.mint({ annals: { role: 'OWNER' } }),
  ],
  'that states a role which is not there': [
    /may not give the role "NONE"/,
    () => open.mint({ annals: { role: 'NONE' } }),
  ],
  'of an issuer that may not name stored members': [/may not name stored members/, () => stating.mint({ annals: {} })],
  'of nobody who is stored': [/no stored member/, () => open.mint({ annals: {}, subject: 'nobody' })],
  'of a stored member with a role that the issuer may not give': [
    /may not give the role "AUDITOR"/,
    () => open.mint({ annals: {}, subject: 'aud' }),
  ],
  'of a stored member without a role': [/no role/, () => open.mint({ annals: {}, subject: 'none' })],
  'of a suspended member': [/suspended or removed/, () => open.mint({ annals: {}, subject: 'sus' })],
  'of a suspended member, with stated rights': [/suspended or removed/, () => open.mint({ subject: 'sus' })],
  'of a removed member': [/suspended or removed/, () => open.mint({ annals: {}, subject: 'gone' })],
  'of a removed member, with stated rights': [/suspended or removed/, () => open.mint({ subject: 'gone' })],
};

test.each(Object.entries(refusals))('a token %s is refused', async (_, [message, make]) => {
  expect((await refusalOf(await make())).message).toMatch(message);
});

test('the same tokens without their fault are accepted', async () => {
  const { auth } = at.app;
  const accepted = [
    await open.mint(),
    await open.mint({ header: { kid: undefined } }),
    await open.mint({ header: { typ: 'JWT' } }),
    await open.mint({ header: { typ: 'at+jwt' } }),
    await open.mint({ audience: ['other', 'annals'] }),
    await open.mint({ lifetime: 86_400 }),
    await open.mint({ age: -5, claims: { nbf: at.clock.now / 1000 + 5 } }),
    await open.mint({ annals: {} }),
    await open.mint({ subject: 'nobody' }),
    await open.mint({ subject: 'aud' }),
    await stating.mint(),
    await foreign.mint(),
  ];
  for (const token of accepted) expect((await auth.authenticate(token)).kind).toBe('MEMBER');
});

test('a token ends at the millisecond of its exp, also where its signature was remembered', async () => {
  const token = await open.mint({ lifetime: 60 });
  const { expiresAt } = await at.app.auth.authenticate(token);
  expect(expiresAt).toBe(at.clock.now + 60_000);
  at.clock.now = (expiresAt ?? 0) - 1;
  await at.app.auth.authenticate(token);
  at.clock.now += 1;
  expect((await refusalOf(token)).message).toMatch(/expired/);
});

test('a token that is too long is refused before anybody looks into it', async () => {
  const groups = Array.from({ length: 200 }, (_, index) => `group-${index}-${'x'.repeat(60)}`);
  const token = await open.mint({ annals: { role: 'MEMBER', groups } });
  expect(token.length).toBeGreaterThan(12_288);
  expect(() => bearerToken(`Bearer ${token}`)).toThrow(/at most 12288 characters/);
  const fewer = await open.mint({ annals: { role: 'MEMBER', groups: groups.slice(0, 90) } });
  expect(bearerToken(`Bearer ${fewer}`)).toBe(fewer);
});

describe('algorithms', () => {
  const pairs = ['EdDSA', 'Ed25519', 'ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
  test.each(pairs)('%s is verified with a public key', async (algorithm) => {
    const keyPair = await newKeys('k', algorithm);
    const minter = await newMinter(at.app, owner, () => at.clock.now, { keyPair });
    expect((await at.app.auth.authenticate(await minter.mint())).member?.externalId).toBe('mia');
    await at.app.services.administration.removeJwtIssuer(owner, minter.issuer.id);
  });

  test.each([
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ])('%s is verified with a secret of %i bytes; several are valid at a time', async (algorithm, bytes) => {
    const [old, fresh] = ['o', 'f'].map((letter) => letter.repeat(bytes));
    const secrets = [old ?? '', fresh ?? ''];
    const minter = await newMinter(at.app, owner, () => at.clock.now, { algorithms: [algorithm], secrets });
    const by = (secret: string) =>
      minter.mint({ key: Buffer.from(secret), header: { alg: algorithm, kid: undefined } });
    for (const secret of secrets) expect((await at.app.auth.authenticate(await by(secret))).kind).toBe('MEMBER');
    expect((await refusalOf(await by('x'.repeat(bytes)))).message).toMatch(/No key/);
    expect((await refusalOf(await minter.mint())).message).toMatch(/another algorithm/);
    const short = { name: 'x', issuer: 'short', audience: 'a', algorithms: [algorithm], roles: ['MEMBER'] };
    await expect(
      at.app.services.administration.upsertJwtIssuer(owner, { ...short, secrets: ['x'.repeat(bytes - 1)] }),
    ).rejects.toMatchObject({ code: 'BAD_INPUT', path: 'secrets[0]' });
    await at.app.services.administration.removeJwtIssuer(owner, minter.issuer.id);
  });
});
