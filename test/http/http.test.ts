/** The transport’s own rules: routes, headers, media types, CORS, sizes, ports. */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AnnalsError } from '../../src/errors.ts';
import { openTestHttp, send, type TestHttp } from './support.ts';

const origin = 'https://dashboard.example';
const json = { 'content-type': 'application/json' };
const hello = JSON.stringify({ query: '{ hello }' });

let server: TestHttp;
let port: number;
beforeAll(async () => {
  server = await openTestHttp({ allowedOrigins: [origin] });
  port = server.http.port;
});
afterAll(() => server[Symbol.asyncDispose]());

const post = (headers: Record<string, string>, body: string | Buffer = hello, path = '/graphql') =>
  send(port, { method: 'POST', path, headers }, body);
const get = (path: string, headers: Record<string, string> = {}) => send(port, { path, headers });
const code = ({ body }: { body: string }) => JSON.parse(body).errors[0].extensions.code;

test.each([
  ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'query=%7Bhello%7D'],
  ['a GraphQL document', { 'content-type': 'application/graphql' }, '{ hello }'],
  ['text, which a foreign page may send', { 'content-type': 'text/plain' }, hello],
  ['multipart', { 'content-type': 'multipart/form-data; boundary=x' }, '--x--'],
  ['no type', {}, hello],
  ['another character set', { 'content-type': 'application/json; charset=utf-16' }, hello],
  ['compressed JSON', { ...json, 'content-encoding': 'gzip' }, hello],
])('%s is UNSUPPORTED_MEDIA_TYPE', async (_, headers, body) => {
  const answer = await post(headers as Record<string, string>, body);
  expect(answer.status).toBe(415);
  expect(code(answer)).toBe('UNSUPPORTED_MEDIA_TYPE');
});

test.each([
  ['a batch', `[${hello},${hello}]`],
  ['no JSON', '{ hello }'],
  ['an empty body', ''],
  ['null', 'null'],
  ['no query', '{}'],
  ['a query that is no text', '{"query":1}'],
  ['variables that are no object', '{"query":"{ hello }","variables":[1]}'],
  ['an unknown operation', '{"query":"query A { hello }","operationName":"B"}'],
])('%s is BAD_INPUT', async (_, body) => {
  const answer = await post(json, body);
  expect(answer.status).toBe(400);
  expect(code(answer)).toBe('BAD_INPUT');
});

test.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
  '%s is accepted',
  async (type) => {
    const answer = await post({ 'content-type': type });
    expect(JSON.parse(answer.body)).toEqual({ data: { hello: 'world' } });
  },
);

test('the answer has the media type that was asked for', async () => {
  const type = 'application/graphql-response+json';
  expect((await post({ ...json, accept: type })).headers['content-type']).toBe(`${type}; charset=utf-8`);
  expect((await post(json)).headers['content-type']).toBe('application/json; charset=utf-8');
});

describe('GET', () => {
  const query = `/graphql?query=${encodeURIComponent('{ hello }')}`;
  const events = { accept: 'text/event-stream' };

  test('runs nothing but server-sent events', async () => {
    expect(code(await get(query))).toBe('UNSUPPORTED_MEDIA_TYPE');
    expect(code(await get(query, { accept: 'application/json', 'x-annals-csrf': '1' }))).toBe('UNSUPPORTED_MEDIA_TYPE');
  });
  test('needs the CSRF header', async () => {
    const answer = await get(query, events);
    expect(answer.status).toBe(403);
    expect(code(answer)).toBe('CSRF_HEADER_MISSING');
  });
  test('with it, sends events', async () => {
    const answer = await get(query, { ...events, 'x-annals-csrf': '1' });
    expect(answer.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(answer.body).toBe(':\n\nevent: next\ndata: {"data":{"hello":"world"}}\n\nevent: complete\ndata:\n\n');
  });
  test('never mutates', async () => {
    const path = `/graphql?query=${encodeURIComponent('mutation { held }')}`;
    const answer = await get(path, { ...events, 'x-annals-csrf': '1' });
    expect(code(answer)).toBe('BAD_INPUT');
    expect(server.gate.entered).toBe(0);
  });
  test('a subscription without a stream to carry it is refused and freed', async () => {
    const answer = await post(json, JSON.stringify({ query: 'subscription { ticks }' }));
    expect(answer.status).toBe(415);
    expect(server.counters.open).toBe(0);
  });
});

describe('CORS', () => {
  test('only origins of the list may read', async () => {
    const allowed = await post({ ...json, origin });
    expect(allowed.headers).toMatchObject({ 'access-control-allow-origin': origin, vary: 'Origin' });
    expect(allowed.headers['access-control-allow-credentials']).toBeUndefined();
    const foreign = await post({ ...json, origin: 'https://evil.example' });
    expect(foreign.status).toBe(403);
    expect(foreign.headers['access-control-allow-origin']).toBeUndefined();
  });
  test('preflight', async () => {
    const ask = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization, x-evil' };
    const allowed = await send(port, { method: 'OPTIONS', path: '/graphql', headers: { ...ask, origin } });
    expect(allowed.status).toBe(204);
    expect(allowed.headers['access-control-allow-headers']).toBe(
      'authorization, content-type, x-annals-csrf, x-request-id',
    );
    const foreign = await send(port, {
      method: 'OPTIONS',
      path: '/graphql',
      headers: { ...ask, origin: 'https://evil.example' },
    });
    expect(foreign.status).toBe(403);
    expect(Object.keys(foreign.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

test.each([
  ['/', {}],
  ['/graphql', { accept: 'text/html' }],
  ['/graphql', {}],
  ['/health/live', {}],
  ['/health/ready', {}],
  ['/nothing', {}],
  ['/graphql', { origin: 'https://evil.example' }],
])('every answer has the security headers: GET %s %o', async (path, headers) => {
  const answer = await get(path, headers as Record<string, string>);
  expect(answer.headers).toMatchObject({
    'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
  });
});

test('errors say how to log in and when to try again', async () => {
  expect((await post({ ...json, authorization: 'Bearer stolen' })).headers['www-authenticate']).toBe('Bearer');
  const overloaded = () => Promise.reject(new AnnalsError('OVERLOADED', { retryAfterMs: 1500 }));
  await using busy = await openTestHttp({}, { authenticate: overloaded });
  const headers = { ...json, authorization: 'Bearer x' };
  const answer = await send(busy.http.port, { method: 'POST', path: '/graphql', headers }, hello);
  expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '2' } });
  expect(JSON.parse(answer.body).errors[0].extensions.retryAfterMs).toBe(1500);
});

test('routes', async () => {
  expect(await get('/')).toMatchObject({ status: 302, headers: { location: '/graphql' } });
  expect(await get('/health/live')).toMatchObject({ status: 200, body: '{"ok":true}' });
  expect(await get('/health/ready')).toMatchObject({ status: 200 });
  const missing = await get('/nothing?token=secret');
  expect(missing.status).toBe(404);
  expect(JSON.parse(missing.body).errors[0]).toMatchObject({
    message: 'There is nothing at GET /nothing.',
    extensions: { code: 'NOT_FOUND', cure: expect.stringContaining('/graphql') },
  });
  expect(code(await post(json, hello, '/graphql/other'))).toBe('NOT_FOUND');
});

test('readiness is false with the checks that fail and their cures', async () => {
  const checks = [{ name: 'database', ok: false, cure: 'Check DATABASE_URL.' }];
  await using unready = await openTestHttp({}, { ready: async () => ({ ok: false, checks }) });
  const answer = await send(unready.http.port, { path: '/health/ready' });
  expect(answer.status).toBe(503);
  expect(JSON.parse(answer.body)).toEqual({ ok: false, checks });
});

describe('a body over the limit', () => {
  /** Sends headers and part of a body, then waits for the answer without ever finishing. */
  async function unfinished(headers: Record<string, string>, start: string) {
    const call = request({
      host: '127.0.0.1',
      port,
      agent: false,
      method: 'POST',
      path: '/graphql',
      headers: { ...json, ...headers },
    });
    call.on('error', () => {});
    call.write(start);
    const [response] = await once(call, 'response');
    const answer = { status: response.statusCode, body: await text(response) };
    call.destroy();
    return answer;
  }
  const chunked = { 'transfer-encoding': 'chunked' };

  test('is refused by its length before it is read', async () => {
    const answer = await unfinished({ 'content-length': '100000' }, '{');
    expect(answer.status).toBe(413);
    expect(code(answer)).toBe('BODY_TOO_LARGE');
  });
  test('is refused while it streams in', async () => {
    expect(code(await unfinished(chunked, ' '.repeat(2001)))).toBe('BODY_TOO_LARGE');
    const authorization = 'Bearer recorder-token';
    expect(code(await unfinished({ ...chunked, authorization }, ' '.repeat(200_001)))).toBe('BODY_TOO_LARGE');
  });
  test('is never asked for: no 100 Continue', async () => {
    const call = request({
      host: '127.0.0.1',
      port,
      agent: false,
      method: 'POST',
      path: '/graphql',
      headers: { ...json, 'content-length': '100000', expect: '100-continue' },
    });
    let continued = false;
    call.on('continue', () => {
      continued = true;
    });
    call.on('error', () => {});
    call.flushHeaders();
    const [response] = await once(call, 'response');
    expect([response.statusCode, continued]).toEqual([413, false]);
    call.destroy();
  });
  test('and one within it is asked for', async () => {
    const call = request({
      host: '127.0.0.1',
      port,
      agent: false,
      method: 'POST',
      path: '/graphql',
      headers: { ...json, 'content-length': String(hello.length), expect: '100-continue' },
    });
    call.flushHeaders();
    await once(call, 'continue');
    call.end(hello);
    const [response] = await once(call, 'response');
    expect(await text(response)).toBe('{"data":{"hello":"world"}}');
  });
});

test('a client that sends its headers slowly is disconnected', async () => {
  await using strict = await openTestHttp({ bounds: { headersMs: 200, requestMs: 400 } });
  const slow = connect(strict.http.port, '127.0.0.1');
  slow.write('POST /graphql HTTP/1.1\r\nhost: localhost\r\nx-slow: ');
  expect(await text(slow)).toMatch(/^HTTP\/1.1 408 .*BAD_INPUT/s);
  const slowBody = connect(strict.http.port, '127.0.0.1');
  slowBody.write(
    'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{',
  );
  expect(await text(slowBody)).toMatch(/^HTTP\/1.1 4/);
});

test('what is not HTTP gets an answer all the same', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.write('hello\r\n\r\n');
  expect(await text(socket)).toMatch(/^HTTP\/1.1 400 .*nosniff.*BAD_INPUT/s);
});

describe('a taken port', () => {
  test('is PORT_TAKEN, or passed over', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const address = squatter.address();
    const taken = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(openTestHttp({ port: taken })).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(`${taken}`),
    });
    {
      await using next = await openTestHttp({ port: taken, nextFreePort: true });
      expect(next.http.port).toBeGreaterThan(taken);
      expect(next.http.url).toBe(`http://127.0.0.1:${next.http.port}/graphql`);
    }
    squatter.close();
    await once(squatter, 'close');
  });
  test('an address of another machine is a mistake in the configuration', async () => {
    await expect(openTestHttp({ host: '192.0.2.1' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
