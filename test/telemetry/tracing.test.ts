/** Traces, as a real receiver of OTLP over HTTP gets them. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { App } from '../../src/app.ts';
import type { Http } from '../../src/http/http.ts';
import { parseTraceparent } from '../../src/telemetry/telemetry.ts';
import { send, transports } from '../http/support.ts';
import { newOrganization, openTestApp, plainEntries, type TestOrganization, until } from '../support/app.ts';
import { createDatabase } from '../support/database.ts';
import { checkout, newDataDirectory, startCommand, untilPrinted } from '../support/program.ts';

const value = z.object({ stringValue: z.string().optional(), intValue: z.union([z.number(), z.string()]).optional() });
const spanShape = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  attributes: z.array(z.object({ key: z.string(), value })).default([]),
  links: z.array(z.object({ spanId: z.string() })).default([]),
  status: z.object({ code: z.number().optional(), message: z.string().optional() }).default({}),
});
const body = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: z.array(z.object({ key: z.string(), value })) }),
      scopeSpans: z.array(z.object({ spans: z.array(spanShape) })),
    }),
  ),
});
type Span = z.infer<typeof spanShape>;

const undo = new AsyncDisposableStack();
const spans: Span[] = [];
const keys = new Set<unknown>();
const resources = new Set<string>();
const texts: string[] = [];
let endpoint = '';
let app: App;
let http: Http;
let to: TestOrganization;

beforeAll(async () => {
  const receiver = createServer(async (request, response) => {
    const received = await json(request);
    texts.push(JSON.stringify(received));
    if (request.url === '/v1/traces') {
      keys.add(request.headers['api-key']);
      for (const { resource, scopeSpans } of body.parse(received).resourceSpans) {
        for (const one of resource.attributes) resources.add(`${one.key}=${one.value.stringValue}`);
        spans.push(...scopeSpans.flatMap((scope) => scope.spans));
      }
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  undo.defer(() => void receiver.close());
  endpoint = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  const database = undo.use(await createDatabase());
  app = undo.use(
    await openTestApp(database, {
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=of%20the%20receiver',
      ACCESS_LOG: 'closed',
    }),
  );
  http = await app.listen();
  to = await newOrganization(app);
});
afterAll(() => undo.disposeAsync());

const attribute = (span: Span | undefined, key: string) => {
  const found = span?.attributes.find((one) => one.key === key)?.value;
  return found?.stringValue ?? found?.intValue;
};
const traceId = (digit: string) => digit.repeat(32);
const traceparent = (digit: string, flags = '01') => `00-${traceId(digit)}-${digit.repeat(16)}-${flags}`;

/** The spans of a trace, once its operation is over and everything has arrived. */
async function traceOf(digit: string, operation: string): Promise<Span[]> {
  const of = () => spans.filter((span) => span.traceId === traceId(digit));
  await until(() => of().some(({ name }) => name === operation), 15_000);
  return of();
}

const post = (query: string, headers: Record<string, string>, variables?: unknown, token = to.ownerToken) =>
  send(
    http.port,
    {
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    },
    JSON.stringify({ query, variables }),
  );

const record = 'mutation ($input: RecordLogsInput!) { recordLogs(input: $input) { results { id } } }';
const secret = 'a-value-that-no-trace-shows';

describe('the traces', () => {
  it('of a page: the operation under the caller’s span, and its statements under it, without values', async () => {
    const query = 'query Mine ($f: LogFilter) { logs(first: 3, filter: $f) { nodes { id } } }';
    const answer = await post(query, { traceparent: traceparent('a') }, { f: { actor: { in: [secret] } } });
    expect(answer.status).toBe(200);
    const trace = await traceOf('a', 'logs');
    const operation = trace.find(({ name }) => name === 'logs');
    expect(operation).toMatchObject({ parentSpanId: 'a'.repeat(16) });
    expect(attribute(operation, 'annals.transport')).toBe('http');
    expect(attribute(operation, 'annals.outcome')).toBe('OK');
    expect(attribute(operation, 'annals.request_id')).toBe(answer.headers['x-request-id']);
    const statements = trace.filter((span) => attribute(span, 'db.system.name') === 'postgresql');
    expect(statements.length).toBeGreaterThan(1);
    expect(statements.map((span) => attribute(span, 'db.query.text')).join('\n')).toMatch(/from log_entry e/);
    for (const { parentSpanId } of statements) {
      expect(trace.map(({ spanId }) => spanId)).toContain(parentSpanId);
    }
    expect(texts.join()).not.toContain(secret);
    expect(texts.join()).not.toContain(to.ownerToken);
    expect([...keys]).toEqual(['of the receiver']);
    expect([...resources]).toContain('service.name=annals');
  });

  it('of recording: the batch with its statement', async () => {
    const input = { entries: plainEntries(4).map((entry) => ({ ...entry, metadata: { password: secret } })) };
    await post(record, { traceparent: traceparent('b') }, { input });
    const trace = await traceOf('b', 'recordLogs');
    const operation = trace.find(({ name }) => name === 'recordLogs');
    const batch = trace.find(({ name }) => name === 'append batch');
    expect(batch).toMatchObject({ parentSpanId: operation?.spanId });
    expect(Number(attribute(batch, 'annals.batch.entries'))).toBe(4);
    const within = trace.filter(({ parentSpanId }) => parentSpanId === batch?.spanId);
    expect(within.map((span) => attribute(span, 'db.query.text')).join()).toContain('append_log_entries');
    expect(texts.join()).not.toContain(secret);
  });

  it('of requests that share a batch: the batch names the others', async () => {
    const input = { entries: plainEntries(1) };
    await Promise.all([...'456789'].map((digit) => post(record, { traceparent: traceparent(digit) }, { input })));
    for (const digit of '456789') await traceOf(digit, 'recordLogs');
    const batches = () =>
      spans.filter(({ name, traceId: id }) => name === 'append batch' && /^([4-9])\1{31}$/.test(id));
    const told = () => batches().reduce((sum, span) => sum + Number(attribute(span, 'annals.batch.requests')), 0);
    await until(() => told() === 6);
    for (const span of batches()) expect(span.links).toHaveLength(Number(attribute(span, 'annals.batch.requests')) - 1);
  });

  it('over a WebSocket, and of what fails', async () => {
    const before = spans.length;
    await transports.WebSocket?.(http.port, { query: '{ viewer { name } }', token: to.ownerToken });
    await post('{ nothing }', { traceparent: traceparent('c') });
    await post('{ logs(after: "x") { nodes { id } } }', { traceparent: traceparent('d') });
    const socket = await until(() =>
      spans.slice(before).find((span) => span.name === 'viewer' && attribute(span, 'annals.transport') === 'websocket'),
    );
    expect(socket?.parentSpanId).toBeFalsy();
    const invalid = (await traceOf('c', 'none')).find(({ name }) => name === 'none');
    expect(invalid?.status).toEqual({ code: 2, message: 'BAD_INPUT' });
    const failed = (await traceOf('d', 'logs')).find(({ name }) => name === 'logs');
    expect(failed?.status).toEqual({ code: 2, message: 'BAD_CURSOR' });
  });

  it('not where the caller says so, nor of what runs in the background or is no operation', async () => {
    await post('{ viewer { name } }', { traceparent: traceparent('e', '00') });
    await send(http.port, { path: '/health/ready', headers: { traceparent: traceparent('f') } });
    await send(http.port, { path: '/metrics', headers: { traceparent: traceparent('f') } });
    await app.services.log.append(to, plainEntries(1));
    await post('{ viewer { name } }', { traceparent: traceparent('1') });
    await traceOf('1', 'viewer');
    expect(spans.filter((span) => [traceId('e'), traceId('f')].includes(span.traceId))).toEqual([]);
    // Everything belongs to an operation.
    const ids = new Set(spans.map(({ spanId }) => spanId));
    const orphans = spans.filter(({ parentSpanId, traceId: id, name }) => {
      const remote = /^(.)\1{31}$/.test(id) && parentSpanId === id.slice(0, 16);
      return !remote && !(parentSpanId && ids.has(parentSpanId)) && !['viewer', 'none'].includes(name);
    });
    expect(orphans.map(({ name }) => name)).toEqual([]);
  });
});

it.each([
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 1],
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00', 0],
  ['cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more', 1],
  ['ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', null],
  ['00-00000000000000000000000000000000-00f067aa0ba902b7-01', null],
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01', null],
  ['00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01', null],
  ['00-4bf92f-00f067aa0ba902b7-01', null],
  [undefined, null],
])('traceparent %s', (header, flags) => {
  expect(parseTraceparent(header)?.traceFlags ?? null).toBe(flags);
});

it('a receiver that is away is a fault that is told once, and holds up nothing', async () => {
  await using database = await createDatabase();
  const lines: Record<string, unknown>[] = [];
  const keep = (fields: Record<string, unknown>) => void lines.push(fields);
  const log = { debug() {}, info: keep, warn: keep, error: keep };
  await using one = await openTestApp(database, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }, { log });
  await using served = await one.listen();
  const organization = await newOrganization(one);
  const ask = () => transports.HTTP?.(served.port, { query: '{ viewer { name } }', token: organization.ownerToken });
  expect(await ask()).toMatchObject({ status: 200 });
  await until(() => lines.some(({ where }) => where === 'traces'), 20_000);
  expect(await ask()).toMatchObject({ status: 200 });
});

describe('switched off', () => {
  it.each([
    ['nothing of OpenTelemetry’s SDK is loaded', {}, false],
    ['and it is when switched on, so that this looks at the right thing', { on: true }, true],
  ])('%s', async (_, { on }: { on?: boolean }, loaded) => {
    await using data = await newDataDirectory();
    const hook = `import { registerHooks } from 'node:module'; registerHooks({ resolve(specifier, context, next) {
      const found = next(specifier, context);
      if (/@opentelemetry.(sdk-trace|exporter)/.test(found.url)) process.stderr.write('loaded ' + found.url + '\\n');
      return found;
    } });`;
    const words = [
      '--import',
      `data:text/javascript,${encodeURIComponent(hook)}`,
      join(checkout, 'src/main.ts'),
      'serve',
    ];
    const program = startCommand(process.execPath, words, {
      ...{ DATA_DIRECTORY: data.path, DEMO: 'off', PORT: '0' },
      ...(on ? { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } : {}),
    });
    await untilPrinted(program, () => (program.output.stdout.includes('Annals is running') ? true : null));
    expect(program.output.stderr.includes('loaded ')).toBe(loaded);
    program.child.kill('SIGTERM');
    await program.ended;
  });
});
