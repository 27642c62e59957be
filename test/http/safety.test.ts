/** Every safety default, over every transport it applies to. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ask, codeOf, limits, openTestHttp, type TestHttp, transports } from './support.ts';

let server: TestHttp;
beforeAll(async () => {
  server = await openTestHttp({ allowedOrigins: ['https://dashboard.example'] });
});
afterAll(() => server[Symbol.asyncDispose]());

const repeat = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => text(i)).join(' ');
const deep = `${'{ self '.repeat(limits.queryDepth)}{ hello }${' }'.repeat(limits.queryDepth)}`;
const aliases = `{ ${repeat(limits.queryAliases + 1, (i) => `a${i}: hello`)} }`;
const long = 'x'.repeat(3000);

interface Case extends Ask {
  readonly name: string;
  readonly code: string;
  /** Status over HTTP and SSE; 200 where data comes with the errors. */
  readonly status: number;
  /** Where the socket itself is refused: the status of the upgrade, or the close code. */
  readonly upgrade?: number;
  readonly close?: number;
}

const refusals: readonly Case[] = [
  { name: 'depth', query: deep, code: 'QUERY_TOO_LARGE', status: 400 },
  {
    name: 'depth through fragments',
    query: `{ self { self { self { ...A } } } } fragment A on Query { self { ...B } } fragment B on Query { self { self { hello } } }`,
    code: 'QUERY_TOO_LARGE',
    status: 400,
  },
  { name: 'aliases', query: aliases, code: 'QUERY_TOO_LARGE', status: 400 },
  {
    name: 'aliases through fragments',
    query: '{ ...A self { ...A self { ...A } } } fragment A on Query { a: hello b: hello }',
    code: 'QUERY_TOO_LARGE',
    status: 400,
  },
  { name: 'tokens', query: `{ ${repeat(limits.queryTokens, () => 'hello')} }`, code: 'QUERY_TOO_LARGE', status: 400 },
  { name: 'syntax', query: '{ hello', code: 'BAD_INPUT', status: 400 },
  { name: 'validation', query: '{ nothing }', code: 'BAD_INPUT', status: 400 },
  {
    name: 'introspection in circles',
    query: `{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }`,
    code: 'BAD_INPUT',
    status: 400,
  },
  { name: 'variables', query: 'query ($t: String!) { length(text: $t) }', code: 'BAD_INPUT', status: 400 },
  { name: 'coded error of a resolver', query: '{ coded }', code: 'BAD_CURSOR', status: 200 },
  { name: 'unexpected error of a resolver', query: '{ breaks }', code: 'INTERNAL', status: 200 },
  { name: 'wrong value of a resolver', query: '{ wrongType }', code: 'INTERNAL', status: 200 },
  { name: 'no credential', query: '{ guarded }', code: 'UNAUTHENTICATED', status: 200 },
  { name: 'missing permission', query: '{ guarded }', token: 'reader-token', code: 'FORBIDDEN', status: 200 },
  { name: 'bad credential', query: '{ hello }', token: 'stolen', code: 'UNAUTHENTICATED', status: 401, close: 4401 },
  {
    name: 'body of a stranger',
    query: '{ hello }',
    variables: { long },
    code: 'BODY_TOO_LARGE',
    status: 413,
    close: 1009,
  },
  {
    name: 'body of a reader',
    query: '{ hello }',
    variables: { long },
    token: 'reader-token',
    code: 'BODY_TOO_LARGE',
    status: 413,
    close: 1009,
  },
  {
    name: 'foreign origin',
    query: '{ hello }',
    headers: { origin: 'https://evil.example' },
    code: 'ORIGIN_NOT_ALLOWED',
    status: 403,
    upgrade: 403,
  },
  {
    name: 'opaque origin',
    query: '{ hello }',
    headers: { origin: 'null' },
    code: 'ORIGIN_NOT_ALLOWED',
    status: 403,
    upgrade: 403,
  },
  {
    name: 'foreign name of this host',
    query: '{ hello }',
    headers: { host: 'rebound.example', origin: 'http://rebound.example' },
    code: 'ORIGIN_NOT_ALLOWED',
    status: 403,
    upgrade: 403,
  },
  {
    name: 'credential of another kind',
    query: '{ hello }',
    headers: { authorization: 'Basic eDp5' },
    code: 'UNAUTHENTICATED',
    status: 401,
    upgrade: 401,
  },
];

describe.each(Object.entries(transports))('%s refuses', (name, ask) => {
  test.each(refusals)('$name', async (row) => {
    const answer = await ask(server.http.port, row);
    expect(codeOf(answer)).toBe(row.code);
    if (name !== 'WebSocket') expect(answer.status).toBe(row.status);
    else if (row.close !== undefined) expect(answer.closed?.code).toBe(row.close);
    else expect(answer.status).toBe(row.upgrade ?? 101);
    if (answer.errors === undefined) return;
    expect(answer.errors[0]?.extensions).toMatchObject({ cure: expect.any(String), requestId: expect.any(String) });
    expect(JSON.stringify(answer)).not.toMatch(/hunter2|originalError|stack|node_modules/);
  });
});

describe.each(Object.entries(transports))('%s accepts', (_, ask) => {
  test.each<Ask & { name: string; data: unknown }>([
    {
      name: 'introspection without a credential',
      query: '{ __type(name: "Query") { name } }',
      data: { __type: { name: 'Query' } },
    },
    { name: 'no credential where none is needed', query: '{ hello who }', data: { hello: 'world', who: null } },
    { name: 'a reader', query: '{ who }', token: 'reader-token', data: { who: 'reader' } },
    {
      name: 'a large body of a caller that may record',
      query: 'query ($long: String) { length(text: $long) }',
      variables: { long },
      token: 'recorder-token',
      data: { length: 3000 },
    },
    {
      name: 'an allowed origin',
      query: '{ hello }',
      headers: { origin: 'https://dashboard.example' },
      data: { hello: 'world' },
    },
    {
      name: 'the language',
      query: '{ locale }',
      headers: { 'accept-language': 'fr;q=0.5, de-CH' },
      data: { locale: 'de-CH' },
    },
  ])('$name', async (row) => {
    const answer = await ask(server.http.port, row);
    expect(answer.errors).toBeUndefined();
    expect(answer.data).toEqual(row.data);
  });

  test('its own origin', async () => {
    const { port } = server.http;
    const answer = await ask(port, { query: '{ hello }', headers: { origin: `http://127.0.0.1:${port}` } });
    expect(answer.data).toEqual({ hello: 'world' });
  });
});

test.each(Object.entries(transports))(
  '%s logs the reason of a masked error under the id that the client reads',
  async (_, ask) => {
    const answer = await ask(server.http.port, { query: '{ breaks }' });
    const id = answer.errors?.[0]?.extensions.requestId;
    const line = server.lines.find(({ level, fields }) => level === 'error' && fields.requestId === id);
    expect(String(line?.fields.err)).toContain('hunter2');
    const failed = server.lines.filter(({ level, fields }) => level === 'warn' && fields.requestId === id);
    expect(failed.map(({ fields }) => fields.codes)).toEqual([['INTERNAL']]);
  },
);

test.each(Object.entries(transports))('%s keeps credentials out of the log', async (_, ask) => {
  await ask(server.http.port, { query: '{ guarded }', token: 'reader-token' });
  await ask(server.http.port, { query: '{ hello }', token: 'stolen' });
  expect(JSON.stringify(server.lines)).not.toMatch(/reader-token|stolen|Bearer/);
});

test.each([
  ['HTTP', 1],
  ['SSE', 1],
  // At connection_init and again for the operation: a socket outlives a revoked token.
  ['WebSocket', 2],
])('%s authenticates a request %i times', async (name, times) => {
  const before = server.authenticated.length;
  const ask = transports[name];
  await ask?.(server.http.port, { query: '{ who hello }', token: 'reader-token' });
  expect(server.authenticated.slice(before)).toEqual(Array(times).fill('reader-token'));
});
