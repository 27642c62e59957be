/** Keys at an address: a real server on this machine, which rotates, answers too much, too slowly, elsewhere, or not at all. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK } from 'jose';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { App } from '../../src/app.ts';
import type { Principal } from '../../src/auth/auth.ts';
import { jwksTimes } from '../../src/auth/jwks.ts';
import { openTestApp as openApp } from '../support/app.ts';
import { openRememberedLog, openTestApp, principalOf, type TestApp } from '../support/readingApp.ts';
import { type Keys, type Minter, mint, newKeys, newMinter, setOf } from './support.ts';

let server: Server;
let host: string;
let at: TestApp;
let owner: Principal;
let old: Keys;
let fresh: Keys;
/** Paths that were asked for, in order. */
const asked: string[] = [];
let serve: (request: IncomingMessage, response: ServerResponse) => void;

const answering =
  (body: string, status = 200) =>
  (_: unknown, response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  };
const keys = (...list: Keys[]) => answering(JSON.stringify(setOf(...list)));

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    serve(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  at = await openTestApp({ JWKS_HOSTS: `${host},other.example` });
  old = await newKeys('old');
  fresh = await newKeys('fresh');
});
beforeEach(async () => {
  const log = await openRememberedLog(at);
  owner = await principalOf(at.app, log.ownerToken);
  asked.length = 0;
  serve = keys(old);
});
afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await at?.[Symbol.asyncDispose]();
});

let addresses = 0;

/** An issuer with an address of its own: nothing is remembered of it. */
async function minterAt(path = `/keys/${++addresses}`): Promise<Minter & { readonly by: { readonly keys: Keys } }> {
  const address = `http://${host}${path}`;
  return newMinter(at.app, owner, () => at.clock.now, { keyPair: old, address });
}
const authenticate = (token: string, app: App = at.app) => app.auth.authenticate(token);
const refused = (token: string, code: string, message: RegExp) =>
  expect(authenticate(token)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
const pass = (ms: number) => {
  at.clock.now += ms;
};

test('a set is fetched once, and a key that it lacks is looked for, but not more often than the cool-down allows', async () => {
  const minter = await minterAt();
  const by = { ...minter.by, keys: fresh };
  expect(asked).toEqual([]);
  const tokens = await Promise.all(Array.from({ length: 20 }, () => minter.mint()));
  await Promise.all(tokens.map((token) => authenticate(token)));
  expect(asked).toHaveLength(1);
  serve = keys(old, fresh);
  for (let index = 0; index < 20; index++) await refused(await mint(by), 'UNAUTHENTICATED', /`kid`/);
  expect(asked).toHaveLength(1);
  pass(jwksTimes.coolDown);
  await authenticate(await mint(by));
  await authenticate(await minter.mint());
  expect(asked).toHaveLength(2);
  for (let index = 0; index < 20; index++) {
    await refused(await minter.mint({ header: { kid: `guess ${index}` } }), 'UNAUTHENTICATED', /`kid`/);
  }
  expect(asked).toHaveLength(2);
});

test('a key that is withdrawn counts until the set is old, also where its signature was remembered', async () => {
  const minter = await minterAt();
  const token = await minter.mint({ lifetime: 7200 });
  await authenticate(token);
  serve = keys(fresh);
  pass(jwksTimes.maxAge);
  await authenticate(token);
  pass(1);
  await refused(token, 'UNAUTHENTICATED', /`kid`/);
  expect(asked).toHaveLength(2);
});

test('while the address does not answer the last set serves for an hour, and no longer', async () => {
  const minter = await minterAt();
  const token = await minter.mint({ lifetime: 86_400 });
  await authenticate(token);
  serve = answering('{}', 503);
  pass(jwksTimes.mostAge);
  await authenticate(token);
  pass(1);
  await refused(token, 'UNAVAILABLE', /cannot be fetched from 127\.0\.0\.1/);
  serve = keys(old);
  await refused(token, 'UNAVAILABLE', /cannot be fetched/);
  pass(jwksTimes.coolDown);
  await authenticate(token);
});

test('nothing is fetched for who is not known, for another algorithm, for a malformed token or a removed issuer', async () => {
  const minter = await minterAt();
  await refused(await minter.mint({ issuer: 'https://nobody.example' }), 'UNAUTHENTICATED', /No issuer/);
  const elsewhere = { organization: '01890000-0000-7000-8000-000000000000', role: 'MEMBER' };
  await refused(await minter.mint({ annals: elsewhere }), 'UNAUTHENTICATED', /No issuer/);
  const other = await newKeys('old', 'EdDSA');
  await refused(
    await minter.mint({ key: other.privateKey, header: { alg: 'EdDSA' } }),
    'UNAUTHENTICATED',
    /another algorithm/,
  );
  await refused(await minter.mint({ claims: { exp: undefined } }), 'UNAUTHENTICATED', /exp/);
  await at.app.services.administration.removeJwtIssuer(owner, minter.issuer.id);
  await refused(await minter.mint(), 'UNAUTHENTICATED', /removed/);
  expect(asked).toEqual([]);
});

/** Each path answers with the keys, and is not to be believed. */
const faults: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
  'a redirect': (request, response) =>
    request.url?.endsWith('/target')
      ? keys(old)(request, response)
      : response.writeHead(302, { location: `http://${host}/target` }).end(),
  'more than 64 KiB': (request, response) =>
    answering(JSON.stringify({ ...setOf(old), padding: 'x'.repeat(70_000) }))(request, response),
  'more than 64 KiB that never end': (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const more = () => {
      if (!response.destroyed) response.write(' '.repeat(65_536), more);
    };
    more();
  },
  'an error': (request, response) => answering(JSON.stringify(setOf(old)), 500)(request, response),
  'no JSON': answering('<html>'),
  'no set': answering('[]'),
  'too many keys': (request, response) =>
    answering(JSON.stringify({ keys: Array.from({ length: 21 }, () => old.publicKey) }))(request, response),
  'nothing, for ever': () => {},
  'a body that never ends': (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write(JSON.stringify(setOf(old)).slice(0, -1));
  },
};

test.each(Object.entries(faults))('an address that answers with %s is none', async (_, fault) => {
  const minter = await minterAt();
  serve = fault;
  const start = performance.now();
  await refused(await minter.mint(), 'UNAVAILABLE', /cannot be fetched from 127\.0\.0\.1:\d+\.$/);
  expect(performance.now() - start).toBeLessThan(jwksTimes.timeout + 2000);
  expect(asked).toHaveLength(1);
});

test('private keys and secrets at an address sign nothing', async () => {
  const minter = await minterAt();
  const secret = 'x'.repeat(64);
  const set = {
    keys: [
      { ...(await exportJWK(old.privateKey)), kid: 'old' },
      { kty: 'oct', kid: 'secret', k: Buffer.from(secret).toString('base64url') },
    ],
  };
  serve = answering(JSON.stringify(set));
  await refused(await minter.mint(), 'UNAUTHENTICATED', /`kid`|No key/);
  const hmac = await minter.mint({ key: Buffer.from(secret), header: { alg: 'HS256', kid: 'secret' } });
  await refused(hmac, 'UNAUTHENTICATED', /another algorithm/);
});

test('a host that the operator does not allow any more is not called', async () => {
  const minter = await minterAt();
  await using strict = await openApp(at.database, { JWKS_HOSTS: 'other.example' }, { now: () => at.clock.now });
  await expect(authenticate(await minter.mint(), strict)).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
    message: expect.stringContaining(host),
    cure: expect.stringContaining('JWKS_HOSTS'),
  });
  expect(asked).toEqual([]);
  await authenticate(await minter.mint());
});
