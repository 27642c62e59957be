/** Every metric of the table, moved by what it measures, over a real server. */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Http } from '../../src/http/http.ts';
import { serverRole } from '../../src/store/embedded.ts';
import { type MetricInfo, metricTable, openFaults, openMetrics } from '../../src/telemetry/telemetry.ts';
import { openTestHttp, send, transports } from '../http/support.ts';
import { watch } from '../live/watch.ts';
import { headLock, hold, waitingSessions } from '../log/locks.ts';
import { asAdmin, newOrganization, plainEntries, type TestOrganization, until, useTestApps } from '../support/app.ts';

type Samples = ReadonlyMap<string, number>;

/** `name{labels}` to value. */
function parse(text: string): Samples {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

const scrape = async (port: number): Promise<string> => (await send(port, { path: '/metrics' })).body;

describe('a server that works', () => {
  const test = useTestApps({ APPEND_QUEUE_ENTRIES: '1000', ACCESS_LOG: 'open' });
  let http: Http;
  let to: TestOrganization;
  const samples = async () => parse(await scrape(http.port));
  beforeAll(async () => {
    http = await test.app.listen();
    to = await newOrganization(test.app);
  });
  afterAll(() => http[Symbol.asyncDispose]());

  const viewer = '{ viewer { name } }';
  const secret = 'annals_not_a_token_of_anybody';

  it('counts operations by root field, transport and outcome, whatever callers call them', async () => {
    for (const ask of Object.values(transports)) {
      const query = 'query Whatever { x: viewer { name } }';
      expect((await ask(http.port, { query, token: to.ownerToken })).errors).toBeUndefined();
      await ask(http.port, { query: '{ unheardOf }', token: to.ownerToken });
      await ask(http.port, { query: viewer, token: secret });
      await ask(http.port, { query: viewer });
    }
    const query = 'subscription { logAdded { cursor } }';
    await transports.WebSocket?.(http.port, { query, token: to.ownerToken });
    const found = await samples();
    const at = (operation: string, transport: string, outcome: string) =>
      found.get(`annals_operations_total{operation="${operation}",transport="${transport}",outcome="${outcome}"}`);
    for (const transport of ['http', 'sse', 'websocket']) {
      expect(at('viewer', transport, 'OK'), transport).toBe(1);
      expect(at('none', transport, 'BAD_INPUT'), transport).toBe(1);
      expect(at('viewer', transport, 'UNAUTHENTICATED'), transport).toBe(1);
    }
    for (const transport of ['http', 'sse']) expect(at('none', transport, 'UNAUTHENTICATED')).toBe(1);
    expect(at('logAdded', 'websocket', 'OK')).toBe(1);
    expect(found.get('annals_operation_duration_seconds_count{operation="viewer"}')).toBe(6);
    const text = await scrape(http.port);
    for (const theirs of ['Whatever', 'unheardOf', secret, to.organizationUid]) expect(text).not.toContain(theirs);
  });

  it('counts what is recorded, repeated, queued and refused', async () => {
    const before = await samples();
    const grown = async (name: string) => ((await samples()).get(name) ?? 0) - (before.get(name) ?? 0);
    const { log } = test.app.services;
    const keyed = plainEntries(3).map((entry, index) => ({ ...entry, idempotencyKey: `k${index}` }));
    await log.append(to, keyed);
    await log.append(to, keyed);
    expect(await grown('annals_entries_appended_total')).toBe(3);
    expect(await grown('annals_entries_repeated_total')).toBe(3);
    expect(await grown('annals_append_batch_entries_count')).toBe(2);
    expect(await grown('annals_append_batch_entries_sum')).toBe(3);
    expect(await grown('annals_append_batch_duration_seconds_count')).toBe(2);

    // While the log is locked, one batch is under way and what follows waits, until there is no room.
    const lock = await hold(test.database, headLock(to.organization));
    const underWay = log.append(to, plainEntries(1));
    await waitingSessions(test.database, 1);
    const waiting = log.append(to, plainEntries(100));
    const refused = expect(log.append(to, plainEntries(1000))).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(await grown('annals_append_queue_entries')).toBe(100);
    await lock[Symbol.asyncDispose]();
    await Promise.all([underWay, waiting, refused]);
    expect(await grown('annals_append_overloads_total')).toBe(1);
    expect(await grown('annals_append_queue_entries')).toBe(0);
  });

  it('counts streams, what they deliver and how late', async () => {
    const before = await samples();
    const grown = async (name: string) => ((await samples()).get(name) ?? 0) - (before.get(name) ?? 0);
    {
      await using watched = await watch(test.app, to.owner);
      expect(await grown('annals_live_streams')).toBe(1);
      await test.app.services.log.append(to, plainEntries(2));
      await watched.received(2);
      expect(await grown('annals_live_entries_total')).toBe(2);
      expect(await grown('annals_live_batches_total')).toBe(watched.batches.length);
      expect(await grown('annals_live_lag_seconds_count')).toBeGreaterThan(0);
      expect((await samples()).get('annals_tail_age_seconds')).toBeGreaterThan(0);
    }
    expect(await grown('annals_live_streams')).toBe(0);
    expect((await samples()).get('annals_tail_age_seconds')).toBe(0);
  });

  it('knows its connections, statements, version and process', async () => {
    const found = await samples();
    expect(found.get('annals_database_connections')).toBeGreaterThan(0);
    expect(found.get('annals_database_waiting')).toBe(0);
    expect(found.get('annals_statement_duration_seconds_count')).toBeGreaterThan(0);
    await until(async () => (await samples()).get('annals_database_listening') === 1);
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(found.get(`annals_info{version="${version}"}`)).toBe(1);
    expect(found.get('process_start_time_seconds')).toBeCloseTo(Date.now() / 1000 - process.uptime(), 0);
    for (const name of [
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'nodejs_heap_size_used_bytes',
      'nodejs_heap_size_total_bytes',
    ])
      expect(found.get(name), name).toBeGreaterThan(0);
    // Reading begins a new period, whose first tick only sets its beginning.
    const blocked = await until(async () => {
      await delay(30);
      const end = performance.now() + 50;
      while (performance.now() < end);
      await delay(15);
      return (await samples()).get('annals_event_loop_delay_max_seconds');
    });
    expect(blocked).toBeGreaterThan(0.03);
    const opened = await Promise.all([1, 2, 3].map(() => watchSocket(http.port)));
    expect((await samples()).get('annals_sockets')).toBe(3);
    for (const socket of opened) socket.terminate();
    await until(async () => (await samples()).get('annals_sockets') === 0);
  });

  it('says what fails, counts it, and says when it works again', async () => {
    const { log } = test.app.services;
    const { name } = test.database;
    await asAdmin(test.database, `alter role ${serverRole} in database ${name} set default_transaction_read_only = on`);
    await asAdmin(
      test.database,
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and pid <> pg_backend_pid()`,
    );
    await expect(log.append(to, plainEntries(1))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const failing = await samples();
    expect(failing.get('annals_failing{where="append"}')).toBe(1);
    expect(failing.get('annals_faults_total{where="append"}')).toBeGreaterThan(0);
    expect(failing.get('annals_append_batches_failed_total')).toBeGreaterThan(0);
    expect(failing.get('annals_statements_failed_total')).toBeGreaterThan(0);
    // A read that cannot be recorded is answered, and waits.
    await test.app.services.query.logs(to.owner, { first: 1 });
    expect((await samples()).get('annals_access_waiting_entries')).toBeGreaterThan(0);

    await asAdmin(test.database, `alter role ${serverRole} in database ${name} reset default_transaction_read_only`);
    await asAdmin(
      test.database,
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and pid <> pg_backend_pid()`,
    );
    await until(() =>
      log.append(to, plainEntries(1)).then(
        () => true,
        () => false,
      ),
    );
    expect((await samples()).get('annals_failing{where="append"}')).toBe(0);
    await until(async () => (await samples()).get('annals_access_waiting_entries') === 0);
  });

  it('answers every metric of the table, with its type, and no other', async () => {
    const text = await scrape(http.port);
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]);
    const expected = Object.entries<MetricInfo>(metricTable).map(([name, { type }]) => [name, type]);
    expect(types).toEqual(expected);
    for (const [, labels] of text.matchAll(/^\w+\{([^}]*)\}/gm)) {
      const values = [...(labels ?? '').matchAll(/(\w+)="([^"]*)"/g)].filter(([, name]) => name !== 'le');
      for (const [, , value] of values) expect(value).toMatch(/^[\w. ]{1,40}$/);
    }
  });
});

async function watchSocket(port: number) {
  const { WebSocket } = await import('ws');
  const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws');
  await new Promise((resolve) => socket.once('open', resolve));
  return socket;
}

describe('who may read /metrics', () => {
  const token = 'a-token-of-the-operator';
  const get = (port: number, headers: Record<string, string> = {}, host = '127.0.0.1') =>
    send(port, { host, path: '/metrics', headers });
  const codeOf = (body: string) => JSON.parse(body).errors[0].extensions.code;

  it('without a token: programs on this machine, unless a proxy passed them on', async () => {
    await using server = await openTestHttp();
    const answer = await get(server.http.port);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toContain('text/plain; version=0.0.4');
    for (const name of ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via']) {
      const proxied = await get(server.http.port, { [name]: '127.0.0.1' });
      expect(proxied.status).toBe(403);
      expect(codeOf(proxied.body)).toBe('FORBIDDEN');
    }
    // The token of a principal is not the operator’s.
    const principal = await get(server.http.port, { authorization: 'Bearer reader-token', via: '1.1 proxy' });
    expect(principal.status).toBe(403);
  });

  it('without a token, nobody from elsewhere', async () => {
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((one) => one?.internal === false && one.family === 'IPv4');
    expect(outside, 'this machine has a network').toBeDefined();
    await using server = await openTestHttp({ host: '0.0.0.0' });
    expect((await get(server.http.port, {}, outside?.address)).status).toBe(403);
  });

  it('with a token: whoever sends it, and nobody else', async () => {
    await using server = await openTestHttp({ metricsToken: token });
    const { port } = server.http;
    expect((await get(port, { authorization: `Bearer ${token}`, 'x-forwarded-for': '192.0.2.1' })).status).toBe(200);
    for (const headers of [{}, { authorization: 'Bearer reader-token' }, { authorization: `Bearer ${token}x` }]) {
      const answer = await get(port, { ...headers });
      expect(answer.status).toBe(401);
      expect(answer.body).not.toContain(token);
    }
  });

  it('nobody when they are off', async () => {
    await using server = await openTestHttp({ metrics: 'off', metricsToken: token });
    expect((await get(server.http.port, { authorization: `Bearer ${token}` })).status).toBe(404);
  });
});

describe('the faults', () => {
  it('are logged where they begin and end, and counted each time', async () => {
    const lines: string[] = [];
    const line = ({ where }: Record<string, unknown>, message: string) => void lines.push(`${where} ${message}`);
    const metrics = openMetrics();
    const { report, failing } = openFaults({ info: line, warn: line }, metrics);
    report('upkeep', null);
    report('upkeep', new Error('full'));
    report('upkeep', new Error('full'));
    expect([...failing]).toEqual(['upkeep']);
    report('upkeep', null);
    expect(lines).toEqual(['upkeep fails; it is tried again until it works', 'upkeep works again']);
    const found = parse(await metrics.text());
    expect(found.get('annals_faults_total{where="upkeep"}')).toBe(2);
    expect(found.get('annals_failing{where="upkeep"}')).toBe(0);
  });
});

describe('alerts and dashboard', () => {
  const table: Readonly<Record<string, MetricInfo>> = metricTable;
  /** The row of a name in an expression, where histograms have suffixes. */
  const rowOf = (name: string): MetricInfo | undefined => {
    const stem = name.replace(/_(bucket|sum|count)$/, '');
    return table[name] ?? (table[stem]?.type === 'histogram' ? table[stem] : undefined);
  };
  const alerts = readFileSync('ops/alerts.yml', 'utf8');
  const dashboard = JSON.parse(readFileSync('ops/grafana-dashboard.json', 'utf8')) as {
    panels: { title: string; targets: { expr: string }[] }[];
    templating: { list: { query: string }[] };
  };
  const expressions: readonly (readonly [string, string])[] = [
    ...[...alerts.matchAll(/- alert: (\w+)\n\s+expr: (?:>-\n)?([\s\S]*?)\n\s+(?:for|labels):/g)].map(
      ([, name = '', expr = '']) => [name, expr] as const,
    ),
    ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
    ...dashboard.templating.list.map(({ query }) => ['templating', query] as const),
  ];
  const common = ['instance', 'job', 'le'];

  it('are there', () => {
    expect([...alerts.matchAll(/- alert:/g)].length).toBeGreaterThan(8);
    expect(expressions.filter(([name]) => /^Annals/.test(name))).toHaveLength([...alerts.matchAll(/- alert:/g)].length);
  });

  it.each(expressions)('%s names metrics and labels that exist: %s', (_, expression) => {
    const names = [...expression.matchAll(/\b(?:annals|process|nodejs)_\w+/g)].map(([name]) => name);
    expect(names.filter((name) => rowOf(name) === undefined)).toEqual([]);
    const known = [...common, ...names.flatMap((name) => Object.keys(rowOf(name)?.labels ?? {}))];
    const matched = [...expression.matchAll(/(\w+)\s*(?:=~|!=|!~|=)\s*"/g)].map(([, label = '']) => label);
    const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/));
    expect([...matched, ...grouped].filter((label) => !known.includes(label))).toEqual([]);
    // A rate of a gauge, or the bare value of a counter, is a mistake that Prometheus does not report.
    for (const [, name = ''] of expression.matchAll(/(?:rate|increase)\((\w+)/g))
      expect(rowOf(name)?.type).not.toBe('gauge');
  });

  it('say which outcomes exist', async () => {
    const { errorTable } = await import('../../src/errors.ts');
    for (const [, list = ''] of alerts.matchAll(/outcome=~"([^"]+)"/g)) {
      expect(list.split('|').filter((code) => !(code in errorTable))).toEqual([]);
    }
  });
});
