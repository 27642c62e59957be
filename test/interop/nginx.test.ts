/** The proxy of docs/operations.md, as it stands there, in front of the real server. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { openClient } from '../../src/cli/client.ts';
import { RecordDocument } from '../generated/graphql.ts';
import { makeCertificate } from '../support/certificate.ts';
import { freePort } from '../support/port.ts';
import { type Program, startCommand } from '../support/program.ts';
import { type Site, startSite } from '../support/site.ts';

const own = makeCertificate('audit.example');
const patient = { timeout: 30_000 };
let directory: string;
let site: Site;
let nginx: Program;
let port: number;

/** The documented server, with this test’s places put in for the example’s. */
async function configuration(): Promise<string> {
  const page = await readFile('docs/operations.md', 'utf8');
  const shown = /^```nginx\n([\s\S]*?)^```/m.exec(page)?.[1] ?? '';
  const places: readonly [string, string][] = [
    ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
    ['/etc/ssl/audit.example/fullchain.pem', join(directory, 'cert.pem')],
    ['/etc/ssl/audit.example/privkey.pem', join(directory, 'key.pem')],
    ['http://127.0.0.1:4000', new URL(site.server.url).origin],
  ];
  const server = places.reduce((before, [example, here]) => {
    expect(before).toContain(example);
    return before.replace(example, here);
  }, shown);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (one) => `${one}_temp_path ${directory}/${one};`,
  );
  return `pid ${directory}/nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n${paths.join('\n')}\n${server}}\n`;
}

beforeAll(async () => {
  site = await startSite({ TRUSTED_PROXIES: '127.0.0.1', ACCESS_LOG: 'closed', ACCESS_WINDOW_SECONDS: '86400' });
  directory = await mkdtemp(join(tmpdir(), 'annals-nginx-'));
  port = await freePort();
  await writeFile(join(directory, 'cert.pem'), own.certificate);
  await writeFile(join(directory, 'key.pem'), own.key);
  await writeFile(join(directory, 'nginx.conf'), await configuration());
  const words = ['-p', directory, '-c', join(directory, 'nginx.conf'), '-g', 'daemon off;'];
  nginx = startCommand('nginx', words, {});
  const answers = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
  await vi.waitFor(async () => expect(await answers(), nginx.output.stderr).toBe(true), patient);
});
afterAll(async () => {
  nginx?.child.kill('SIGTERM');
  await nginx?.ended;
  await site?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

/** Any address of 127.0.0.0/8 is this machine’s; this one is the client’s. */
const clientAddress = '127.0.0.7';
const common = () => ({ host: '127.0.0.1', port, ca: own.certificate, localAddress: clientAddress });

async function post(query: string, token: string, headers: Record<string, string> = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; id: unknown; body: string }>();
  const call = request(
    {
      ...{ ...common(), agent: false, method: 'POST', path: '/graphql' },
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    },
    (response) => {
      const { statusCode: status = 0 } = response;
      text(response).then((body) => resolve({ status, id: response.headers['x-request-id'], body }), reject);
    },
  );
  call.on('error', reject);
  call.end(JSON.stringify({ query }));
  return promise;
}

async function record(count: number): Promise<string[]> {
  const entries = Array.from({ length: count }, () => ({ action: 'passwork.item_viewed', actor: { id: 'u1' } }));
  const client = openClient({ url: site.server.url, token: site.tokens.integration });
  const { recordLogs } = await client.request(RecordDocument, { input: { entries } });
  return recordLogs.results.map(({ id }) => id ?? '');
}

it('passes on operations, and the log says who called: not the proxy, and not who the caller says it is', async () => {
  const spoofed = { 'x-forwarded-for': '203.0.113.7', forwarded: 'for=203.0.113.8', 'x-request-id': 'mine' };
  const read = await post('{ logs(first: 1) { nodes { id } } }', site.tokens.owner, spoofed);
  expect(read).toMatchObject({ status: 200, id: expect.stringMatching(/^[0-9a-f]{32}$/) });
  const query = '{ logs(filter: { catalogue: { in: ["annals"] } }) { nodes { ip request action { key } } } }';
  const { data } = JSON.parse((await post(query, site.tokens.owner)).body);
  expect(data.logs.nodes).toContainEqual({
    ip: clientAddress,
    request: read.id,
    action: { key: 'annals.log_access_started' },
  });
});

it('lets pages of its own origin call, and no others', async () => {
  const ask = async (origin: string) => (await post('{ viewer { name } }', site.tokens.owner, { origin })).status;
  expect(await ask(`https://127.0.0.1:${port}`)).toBe(200);
  expect(await ask(`http://127.0.0.1:${port}`)).toBe(403);
  expect(await ask(new URL(site.server.url).origin)).toBe(403);
  expect(await ask('https://evil.example')).toBe(403);
});

it('passes on server-sent events as they come', async () => {
  let seen = '';
  const call = request({
    ...{ ...common(), agent: false, method: 'POST', path: '/graphql' },
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: `Bearer ${site.tokens.owner}`,
    },
  });
  call.on('error', () => {});
  call.on('response', (response) => {
    response.setEncoding('utf8').on('data', (chunk: string) => {
      seen += chunk;
    });
    response.on('error', () => {});
  });
  const query = 'subscription { logAdded(filter: { catalogue: { in: ["passwork"] } }) { entries { id } cursor } }';
  call.end(JSON.stringify({ query }));
  // The first batch comes at once, without entries; the others one by one.
  await vi.waitFor(() => expect(seen).toContain('"entries":[]'), patient);
  for (let round = 0; round < 3; round++) {
    const [id = ''] = await record(1);
    await vi.waitFor(() => expect(seen).toContain(id), patient);
  }
  call.destroy();
});

it('passes on WebSockets, also large requests over them', async () => {
  const socket = new WebSocket(`wss://127.0.0.1:${port}/graphql`, 'graphql-transport-ws', common());
  const messages: { type: string; id?: string; payload?: { data: { logAdded: { entries: { id: string }[] } } } }[] = [];
  socket.on('message', (data) => messages.push(JSON.parse(data.toString())));
  await new Promise((resolve) => socket.once('open', resolve));
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${site.tokens.owner}` } }));
  await vi.waitFor(() => expect(messages.map(({ type }) => type)).toContain('connection_ack'), patient);
  const query = 'subscription { logAdded(filter: { catalogue: { in: ["passwork"] } }) { entries { id } } }';
  socket.send(JSON.stringify({ type: 'subscribe', id: 's', payload: { query } }));
  await vi.waitFor(() => expect(messages.some(({ id }) => id === 's')).toBe(true), patient);
  const ids = await record(500);
  const delivered = () => messages.flatMap(({ payload }) => payload?.data?.logAdded.entries.map(({ id }) => id) ?? []);
  await vi.waitFor(() => expect(delivered()).toEqual(ids), patient);
  socket.terminate();
});

it('shows nobody the metrics', async () => {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  request({ ...common(), agent: false, path: '/metrics' }, (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  })
    .on('error', reject)
    .end();
  expect(await promise).toBe(404);
});
