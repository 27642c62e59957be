/** Whom a proxy may speak for: real connections, with headers as proxies and as liars send them. */
import { text } from 'node:stream/consumers';
import { describe, expect, it, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Client } from '../../src/access/access.ts';
import type { HttpOptions } from '../../src/http/http.ts';
import { openTestHttp, send, type TestHttp } from './support.ts';

/** Every address of 127.0.0.0/8 is this machine’s: these stand for a proxy, another one before it, and a stranger. */
const [proxy, outerProxy, stranger] = ['127.0.0.1', '127.0.0.9', '127.0.0.2'];
const hello = JSON.stringify({ query: '{ request }' });

interface Asked {
  readonly ip: string | null;
  readonly requestId: string | undefined;
  readonly status: number;
  readonly code: string | undefined;
}

async function opened(changes: Partial<HttpOptions>): Promise<TestHttp & { readonly clients: Client[] }> {
  const clients: Client[] = [];
  const server = await openTestHttp(changes, {
    async authenticate(_token, client) {
      clients.push(client);
      throw new Error('only the client is looked at');
    },
  });
  return { ...server, clients };
}

/** One request from an address of this machine; who the server took it to be from. */
async function ask(
  server: TestHttp & { readonly clients: Client[] },
  from: string,
  headers: Record<string, string | string[]>,
): Promise<Asked> {
  const answer = await send(
    server.http.port,
    {
      method: 'POST',
      path: '/graphql',
      localAddress: from,
      headers: { 'content-type': 'application/json', authorization: 'Bearer x', ...headers },
    },
    hello,
  );
  const id = answer.headers['x-request-id'];
  return {
    ip: server.clients.at(-1)?.ip ?? null,
    requestId: typeof id === 'string' ? id : undefined,
    status: answer.status,
    code: JSON.parse(answer.body).errors?.[0]?.extensions.code,
  };
}

const trusting = { trustedProxies: [proxy, '127.0.0.8/31', '10.0.0.0/8', 'fd00::/8'] };
const uuid = /^[0-9a-f-]{36}$/;

describe('the client’s address', () => {
  const cases: readonly [what: string, from: string, headers: Record<string, string | string[]>, ip: string | null][] =
    [
      ['nobody’s word but a proxy’s', stranger, { 'x-forwarded-for': '192.0.2.1' }, stranger],
      ['the proxy’s word', proxy, { 'x-forwarded-for': '192.0.2.1' }, '192.0.2.1'],
      ['not what the client put before it', proxy, { 'x-forwarded-for': '203.0.113.7, 192.0.2.1' }, '192.0.2.1'],
      [
        'not even a proxy’s address that the client put there',
        proxy,
        { 'x-forwarded-for': `${proxy}, 192.0.2.1` },
        '192.0.2.1',
      ],
      ['through two proxies', proxy, { 'x-forwarded-for': `203.0.113.7, 192.0.2.1, ${outerProxy}` }, '192.0.2.1'],
      ['through proxies of a network', proxy, { 'x-forwarded-for': '192.0.2.1, 10.1.2.3, fd00::12' }, '192.0.2.1'],
      ['in several headers', proxy, { 'x-forwarded-for': ['203.0.113.7', '192.0.2.1', outerProxy] }, '192.0.2.1'],
      ['with a port', proxy, { 'x-forwarded-for': '192.0.2.1:50123' }, '192.0.2.1'],
      ['of IPv6', proxy, { 'x-forwarded-for': '2001:db8::7' }, '2001:db8::7'],
      ['of IPv6 with a port', proxy, { 'x-forwarded-for': '[2001:db8::7]:443' }, '2001:db8::7'],
      ['of IPv4 in IPv6', proxy, { 'x-forwarded-for': '::ffff:192.0.2.1' }, '192.0.2.1'],
      ['unknown, where the proxy says so', proxy, { 'x-forwarded-for': '192.0.2.1, unknown' }, null],
      ['unknown, where it is no address', proxy, { 'x-forwarded-for': "192.0.2.1, '; drop table" }, null],
      ['the proxy’s own, where it names nobody', proxy, {}, proxy],
      ['not from the header that is not read', proxy, { forwarded: 'for=203.0.113.7' }, proxy],
    ];
  test.each(cases)('is %s', async (_, from, headers, ip) => {
    await using server = await opened(trusting);
    expect((await ask(server, from, headers)).ip).toBe(ip);
  });

  const forwarded: readonly [what: string, header: string | string[], ip: string | null][] = [
    ['plain', 'for=192.0.2.1', '192.0.2.1'],
    ['with more', 'for=192.0.2.1;proto=https;by=10.0.0.1', '192.0.2.1'],
    ['quoted IPv6 with a port', 'For="[2001:db8::7]:4711"', '2001:db8::7'],
    ['a list', `for=203.0.113.7, for=192.0.2.1;proto=https, for=${outerProxy}`, '192.0.2.1'],
    ['a quoted comma of the client’s', `for="203.0.113.7, for=198.51.100.1", for=192.0.2.1`, '192.0.2.1'],
    ['a quote that the client left open', 'for=203.0.113.7;x=", for="[2001:db8::7]"', '2001:db8::7'],
    ['hidden', 'for=203.0.113.7, for=_gazonk', null],
    ['without for', 'for=203.0.113.7, proto=https', null],
  ];
  test.each(forwarded)('in Forwarded: %s', async (_, header, ip) => {
    await using server = await opened({ ...trusting, proxyHeader: 'forwarded' });
    expect((await ask(server, proxy, { forwarded: header, 'x-forwarded-for': '203.0.113.99' })).ip).toBe(ip);
  });

  it('is the same for a WebSocket, and in the line of a refused one', async () => {
    await using server = await opened(trusting);
    const upgrade = async (from: string) => {
      const socket = new WebSocket(`ws://127.0.0.1:${server.http.port}/graphql`, 'graphql-transport-ws', {
        localAddress: from,
        headers: {
          authorization: 'Bearer x',
          'x-forwarded-for': '203.0.113.7, 192.0.2.1',
          'x-request-id': 'from-edge',
        },
      });
      socket.on('error', () => {});
      const { promise, resolve } = Promise.withResolvers<string>();
      socket.on('unexpected-response', (_request, response) => void text(response).then(resolve));
      return JSON.parse(await promise).errors[0].extensions.requestId;
    };
    expect(await upgrade(proxy)).toBe('from-edge');
    expect(server.clients.at(-1)?.ip).toBe('192.0.2.1');
    expect(server.lines.find(({ message }) => message === 'request failed')?.fields).toMatchObject({
      ip: '192.0.2.1',
      requestId: 'from-edge',
    });
    expect(await upgrade(stranger)).toMatch(uuid);
    expect(server.clients.at(-1)?.ip).toBe(stranger);
  });
});

describe('the request id', () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const traceparent = `00-${trace}-00f067aa0ba902b7-01`;
  const cases: readonly [what: string, from: string, headers: Record<string, string>, expected: string | RegExp][] = [
    ['a proxy’s', proxy, { 'x-request-id': 'trace-1.2:3' }, 'trace-1.2:3'],
    ['the trace’s', proxy, { traceparent }, trace],
    ['the proxy’s before the trace’s', proxy, { traceparent, 'x-request-id': 'edge-1' }, 'edge-1'],
    ['new for a stranger', stranger, { traceparent, 'x-request-id': 'forged' }, uuid],
    ['new where the proxy’s is none', proxy, { 'x-request-id': 'a b"c' }, uuid],
    ['new where it is too long', proxy, { 'x-request-id': 'x'.repeat(65) }, uuid],
    ['new where the trace is none', proxy, { traceparent: 'nonsense' }, uuid],
  ];
  test.each(cases)('is %s; in the header, the error and the log', async (_, from, headers, expected) => {
    await using server = await opened(trusting);
    const { requestId } = await ask(server, from, headers);
    expect(requestId).toMatch(expected);
    expect(server.lines.filter(({ fields }) => fields.requestId === requestId).map(({ message }) => message)).toEqual([
      'internal error',
      'operation',
      'request failed',
    ]);
  });
});

describe('the origin', () => {
  const own = 'https://audit.example';
  const from = async (changes: Partial<HttpOptions>, address: string, headers: Record<string, string>) => {
    await using server = await opened(changes);
    return (await ask(server, address, headers)).code;
  };
  const through = { 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'audit.example' };

  it('may be the name and scheme under which the proxy was called', async () => {
    expect(await from(trusting, proxy, { ...through, origin: own })).toBe('INTERNAL');
    expect(await from(trusting, proxy, { ...through, 'x-forwarded-host': 'audit.example:443', origin: own })).toBe(
      'INTERNAL',
    );
  });
  it('may not be another scheme or name, once the proxy says which', async () => {
    for (const origin of ['http://audit.example', 'https://evil.example', 'https://audit.example:8443'])
      expect(await from(trusting, proxy, { ...through, origin })).toBe('ORIGIN_NOT_ALLOWED');
  });
  it('is not what a stranger says it is', async () => {
    expect(await from(trusting, stranger, { ...through, origin: own })).toBe('ORIGIN_NOT_ALLOWED');
    expect(await from({}, proxy, { ...through, origin: own })).toBe('ORIGIN_NOT_ALLOWED');
  });
  it('of a name that a page made resolve to this machine is refused, whatever it says of a proxy', async () => {
    const rebound = {
      host: 'rebound.example',
      origin: 'http://rebound.example',
      'x-forwarded-host': 'rebound.example',
    };
    expect(await from(trusting, proxy, { ...through, ...rebound })).toBe('ORIGIN_NOT_ALLOWED');
  });
  it('over the first list of several proxies is that of the nearest', async () => {
    const lists = { 'x-forwarded-proto': 'http, https', 'x-forwarded-host': 'evil.example, audit.example' };
    expect(await from(trusting, proxy, { ...through, ...lists, origin: own })).toBe('INTERNAL');
    expect(await from(trusting, proxy, { ...through, ...lists, origin: 'http://evil.example' })).toBe(
      'ORIGIN_NOT_ALLOWED',
    );
  });
});

test('a trusted proxy opens no metrics without the operator’s token', async () => {
  await using server = await openTestHttp(trusting);
  const get = (localAddress: string) => send(server.http.port, { path: '/metrics', localAddress });
  expect((await get(proxy)).status).toBe(403);
  expect((await get(stranger)).status).toBe(200);
});
