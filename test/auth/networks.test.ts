/** A token that is bound to networks: from where it is taken, over every transport, also while a stream is open. */
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Http } from '../../src/http/http.ts';
import { send } from '../http/support.ts';
import { watch } from '../live/watch.ts';
import { newMember, newOrganization, type TestOrganization, until, useTestApps } from '../support/app.ts';

const proxy = '127.0.0.1';
const at = useTestApps({ ACCESS_LOG: 'closed', TRUSTED_PROXIES: proxy, LIVE_HEARTBEAT_SECONDS: '3600' }, [{}, {}]);
const admin = () => at.app.services.administration;

let http: Http;
let to: TestOrganization;
beforeAll(async () => {
  http = await at.app.listen();
});
beforeEach(async () => {
  to = await newOrganization(at.app);
});
afterAll(() => http?.[Symbol.asyncDispose]());

const bound = (...allowedNetworks: string[]) =>
  admin().createToken(to.owner, { name: 'bound', actsAs: { role: 'AUDITOR' }, allowedNetworks });
const query = JSON.stringify({ query: '{ viewer { role { key } } }' });

/** Status and code of the answer to a request that a proxy forwards. */
async function ask(token: string, client: string | null, accept = 'application/json') {
  const answer = await send(
    http.port,
    {
      method: 'POST',
      path: '/graphql',
      localAddress: proxy,
      headers: {
        accept,
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        ...(client === null ? { 'x-forwarded-for': 'unknown' } : { 'x-forwarded-for': client }),
      },
    },
    query,
  );
  const code: string | undefined =
    answer.status === 200 ? undefined : JSON.parse(answer.body).errors[0].extensions.code;
  return [answer.status, code];
}

const refused = [403, 'ADDRESS_NOT_ALLOWED'];
const taken = [200, undefined];

test.each([
  ['192.0.2.7', taken],
  ['192.0.2.8', refused],
  ['::ffff:192.0.2.7', taken],
  ['::ffff:c000:207', taken],
  ['10.255.255.255', taken],
  ['11.0.0.0', refused],
  ['2001:db8:ffff::1', taken],
  ['2001:db9::', refused],
  ['::', refused],
  [null, refused],
])('from %s', async (client, answer) => {
  const { token } = await bound('192.0.2.7', '10.0.0.0/8', '2001:db8::/32');
  expect(await ask(token, client)).toEqual(answer);
  expect(await ask(token, client, 'text/event-stream')).toEqual(answer);
});

test('a token that is not bound is taken from anywhere, also where that is not known', async () => {
  const { token } = await bound();
  expect(await ask(token, null)).toEqual(taken);
  expect(await ask(token, '203.0.113.1')).toEqual(taken);
});

test('from outside it is not said whether the token has expired, and one that is unknown is that', async () => {
  const { token, id } = await bound('10.0.0.0/8');
  await at.app.store.prisma.apiToken.update({ where: { id }, data: { expiresAt: new Date(0) } });
  expect(await ask(token, '192.0.2.1')).toEqual(refused);
  expect(await ask(token, '10.0.0.1')).toEqual([401, 'UNAUTHENTICATED']);
  await admin().revokeToken(to.owner, id);
  expect(await ask(token, '192.0.2.1')).toEqual([401, 'UNAUTHENTICATED']);
});

test('a WebSocket is refused with the same code, whether the token comes by its header or by connection_init', async () => {
  const { token } = await bound('10.0.0.0/8');
  const authorization = `Bearer ${token}`;
  const url = http.url.replace('http', 'ws');
  const upgrade = new WebSocket(url, 'graphql-transport-ws', { headers: { authorization } });
  const status = await new Promise((resolve) => {
    upgrade.on('unexpected-response', (request, { statusCode }) => {
      resolve(statusCode);
      request.destroy();
    });
    upgrade.on('error', () => {});
  });
  expect(status).toBe(403);
  const closed = Promise.withResolvers<{ readonly code: number; readonly reason: string }>();
  const client = createClient({
    url,
    webSocketImpl: WebSocket,
    connectionParams: { authorization },
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => {},
    on: { closed: (event) => closed.resolve(event as { code: number; reason: string }) },
  });
  expect(await closed.promise).toMatchObject({
    code: 4403,
    reason: expect.stringContaining('ADDRESS_NOT_ALLOWED'),
  });
  await client.dispose();
});

test('a refusal is in the log, with where it came from; the token is its actor', async () => {
  const { token, id } = await bound('10.0.0.0/8');
  await ask(token, '192.0.2.1');
  const { edges } = await at.app.services.query.logs(to.owner, {
    first: 5,
    filter: { action: { in: ['annals.sign_in_refused'] }, actor: { in: [id] } },
  });
  expect(edges.map(({ entry }) => entry)).toMatchObject([
    { actorName: 'bound', ip: '192.0.2.1', metadata: { code: 'ADDRESS_NOT_ALLOWED' } },
  ]);
  // Roles from which addresses are hidden read the rest.
  expect(JSON.stringify(edges.map(({ entry }) => entry.metadata))).not.toContain('192.0.2.1');
});

test('what comes over no network is asked nothing, and changes nothing about that', async () => {
  const { token } = await bound('10.0.0.0/8');
  const inside = await at.app.auth.authenticate(token);
  await expect(at.app.auth.refresh(inside)).resolves.toMatchObject({ from: null });
  await expect(at.app.auth.authenticate(token, { ip: null })).rejects.toMatchObject({ code: 'ADDRESS_NOT_ALLOWED' });
});

test('a change ends the streams from outside within a second, and no others', async () => {
  const { tokenId } = await newMember(at.app, to, { id: 'mia', vaults: ['hers'] });
  const made = await admin().createToken(to.owner, { name: 'mia', actsAs: { member: 'mia' } });
  expect(tokenId).not.toBe(made.id);
  const from = (ip: string) => at.app.auth.authenticate(made.token, { ip });
  await using outside = await watch(at.app, await from('192.0.2.1'));
  await using inside = await watch(at.app, await from('10.0.0.1'));
  const start = performance.now();
  // On another server.
  const change = { id: made.id, allowedNetworks: ['10.0.0.0/8'] };
  expect(await at.apps[1]?.services.administration.updateToken(to.owner, change)).toMatchObject({
    networks: ['10.0.0.0/8'],
  });
  await outside.ended;
  expect(performance.now() - start).toBeLessThan(1000);
  expect(outside.batches.at(-1)?.notice).toEqual({
    code: 'ADDRESS_NOT_ALLOWED',
    message: 'This token may not be used from 192.0.2.1.',
  });
  expect(at.app.services.live.streams).toBe(1);
  await at.app.services.log.append(to, [{ action: 'passwork.item_viewed', vault: { id: 'hers' } }]);
  await inside.received(1);
});

describe('updateToken', () => {
  test('changes what is said and no more, tells it, and nothing where nothing is new', async () => {
    const { id } = await bound('10.0.0.0/8');
    const update = (change: object) => admin().updateToken(to.owner, { id, ...change });
    expect(await update({ name: 'other' })).toMatchObject({ name: 'other', networks: ['10.0.0.0/8'] });
    expect(await update({ allowedNetworks: ['2001:DB8::/32', '::ffff:192.0.2.1', '2001:db8::/32'] })).toMatchObject({
      name: 'other',
      networks: ['2001:db8::/32', '192.0.2.1/32'],
    });
    await update({ name: 'other', allowedNetworks: ['2001:db8::/32', '192.0.2.1'] });
    expect(await update({ allowedNetworks: [] })).toMatchObject({ networks: [] });
    const filter = { action: { in: ['annals.token_changed'] } };
    const told = await until(async () => {
      const { edges } = await at.app.services.query.logs(to.owner, { first: 9, filter });
      return edges.length >= 3 && edges.map(({ entry }) => entry.changes);
    });
    expect(told).toEqual([
      [{ field: 'allowedNetworks', before: '2001:db8::/32, 192.0.2.1/32', after: null }],
      [{ field: 'allowedNetworks', before: '10.0.0.0/8', after: '2001:db8::/32, 192.0.2.1/32' }],
      [{ field: 'name', before: 'bound', after: 'other' }],
    ]);
  });

  test.each([
    ['no network', ['office'], 'allowedNetworks[0]'],
    ['bits beyond the prefix', ['::1', '10.0.0.1/8'], 'allowedNetworks[1]'],
    ['too many', Array.from({ length: 101 }, (_, index) => `10.0.0.${index}`), 'allowedNetworks'],
  ])('%s is a mistake', async (_, allowedNetworks, path) => {
    const { id } = await bound();
    const mistake = { code: 'BAD_INPUT', path };
    await expect(admin().updateToken(to.owner, { id, allowedNetworks })).rejects.toMatchObject(mistake);
    await expect(bound(...allowedNetworks)).rejects.toMatchObject(mistake);
  });

  test('does not shut out whoever calls it, and takes as much as making such a token', async () => {
    const mine = await at.app.auth.authenticate(to.ownerToken, { ip: '192.0.2.1' });
    const shut = { id: mine.tokenId, allowedNetworks: ['10.0.0.0/8'] };
    await expect(admin().updateToken(mine, shut)).rejects.toMatchObject({ code: 'BAD_INPUT', path: 'allowedNetworks' });
    expect(await admin().updateToken(mine, { ...shut, allowedNetworks: ['192.0.2.0/24'] })).toBeTruthy();
    await at.app.administration.importWorld(to, {
      members: [{ externalId: 'adam', name: 'adam', email: null, role: 'ADMINISTRATOR' }],
      groups: [],
      directories: [],
      grants: [],
    });
    const { token } = await at.app.administration.createToken(to, { name: 'adam', actsAs: { member: 'adam' } });
    const adam = await at.app.auth.authenticate(token);
    await expect(admin().updateToken(adam, { id: mine.tokenId, name: 'x' })).rejects.toMatchObject({
      code: 'ESCALATION',
    });
    expect(await admin().updateToken(adam, { id: '01890000-0000-7000-8000-000000000000' })).toBeNull();
  });
});
