/** The real program at its most talkative, given secrets in every place and made to fail in every way. */
import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { transports } from '../http/support.ts';
import { asAdmin, until } from '../support/app.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { newDataDirectory, type Server, startServer } from '../support/program.ts';
import { createOrganization, type Tokens } from '../support/world.ts';

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const unsigned = `${base64({ alg: 'HS256', kid: 'k1' })}.${base64({ sub: 'mara', org: 'Test' })}`;
const jwt = `${unsigned}.${createHmac('sha256', 'guess').update(unsigned).digest('base64url')}`;

const secrets = {
  jwt,
  neverAToken: 'annals_5Zb0qLm2Xr9PfTn4VuJc8WdKe6YhGa1S',
  basic: Buffer.from('admin:pa55-of-basic').toString('base64'),
  databasePassword: 'pa55-of-the-database',
  metricsToken: 'pa55-of-the-metrics',
  inDocument: 'pa55-in-a-document',
  inVariables: 'pa55-in-variables',
  inBody: 'pa55-in-a-broken-body',
  inQuery: 'pa55-in-the-address',
  inInit: 'pa55-in-connection-init',
  inEntry: 'pa55-in-an-entry',
  inCookie: 'pa55-in-a-cookie',
};

let database: TestDatabase;
let tokens: Tokens;
let server: Server;
const undo = new AsyncDisposableStack();
beforeAll(async () => {
  database = undo.use(await createDatabase());
  const data = undo.use(await newDataDirectory());
  const withPassword = (url: string) => url.replace('@', `:${secrets.databasePassword}@`);
  const env = {
    DATABASE_URL: withPassword(database.url),
    MIGRATION_DATABASE_URL: withPassword(database.ownerUrl),
    DATA_DIRECTORY: data.path,
    METRICS_TOKEN: secrets.metricsToken,
    ACCESS_LOG: 'closed',
    LOG_LEVEL: 'debug',
    STATEMENT_TIMEOUT_MS: '2000',
  };
  tokens = await createOrganization(env);
  server = await startServer(env);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await undo.disposeAsync();
});

const port = () => Number(new URL(server.url).port);

/** Asks the same over every transport. */
async function everywhere(query: string, token?: string, more: Record<string, unknown> = {}): Promise<void> {
  for (const ask of Object.values(transports)) {
    await ask(port(), { query, ...(token === undefined ? {} : { token }), ...more });
  }
}

/** Bytes as they are, without a client library. */
async function raw(bytes: string): Promise<void> {
  const socket = connect(port(), '127.0.0.1');
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('data', () => socket.destroy());
  socket.write(bytes);
  await closed;
}

/** A socket that sends these frames and waits for the server to close it, or for `answers`. */
async function frames(messages: readonly string[], answers = 0, headers: Record<string, string> = {}): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port()}/graphql`, 'graphql-transport-ws', { headers });
  let got = 0;
  const over = new Promise<void>((resolve) => {
    socket.on('close', resolve);
    socket.on('error', () => resolve());
    socket.on('message', () => {
      got += 1;
      if (answers > 0 && got >= answers) socket.terminate();
    });
  });
  socket.on('open', () => {
    for (const message of messages) socket.send(message);
  });
  await over;
}

const init = (payload: unknown) => JSON.stringify({ type: 'connection_init', payload });
const reads = '{ logs(first: 1) { nodes { id } } }';
const record = 'mutation ($input: RecordLogsInput!) { recordLogs(input: $input) { results { id error { code } } } }';
const entry = {
  action: 'passwork.item_viewed',
  metadata: { password: secrets.inEntry },
  actor: { name: secrets.inEntry },
};

it('writes none of them into its log, at debug level', async () => {
  // Credentials that are refused, of every form and place.
  for (const token of [secrets.jwt, secrets.neverAToken, tokens.integration]) await everywhere(reads, token);
  await everywhere(reads, undefined, { headers: { authorization: `Basic ${secrets.basic}` } });
  await everywhere(reads, undefined, {
    headers: { cookie: `session=${secrets.inCookie}`, 'x-api-key': secrets.inCookie },
  });
  await frames([init({ authorization: `Bearer ${secrets.neverAToken}`, password: secrets.inInit })]);
  await frames([init({ authorization: `Basic ${secrets.basic}`, password: secrets.inInit })]);
  await frames([
    init({ authorization: `Bearer ${tokens.owner}`, password: secrets.inInit }),
    `no JSON ${secrets.inBody}`,
  ]);
  await frames([init(secrets.inInit)]);
  await raw(`GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${secrets.metricsToken}\r\n\r\n`);
  await raw(`GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${tokens.owner}\r\n\r\n`);

  // Operations that are refused, with what they carry.
  await everywhere(`{ log(id: "${secrets.inDocument}") { nothing } }`, tokens.owner);
  await everywhere(`{ log(id: "${secrets.inDocument}`, tokens.owner);
  await everywhere('query ($id: Int!) { log(id: $id) { id } }', tokens.owner, {
    variables: { id: secrets.inVariables },
  });
  await everywhere(`{ logs(after: "${secrets.inDocument}") { nodes { id } } }`, tokens.owner);
  await everywhere(record, tokens.owner, {
    variables: { input: { entries: [{ ...entry, action: secrets.inEntry }] } },
  });
  await everywhere(record, tokens.integration, { variables: { input: { entries: [entry] } } });
  await everywhere(record, tokens.member, { variables: { input: { entries: [entry] } } });
  await everywhere(reads, tokens.owner, { payload: { query: reads, variables: secrets.inVariables } });
  await raw(
    `POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 30\r\n\r\n{"${secrets.inBody}`.padEnd(
      400,
    ),
  );
  await raw(`GET /${secrets.inQuery}/../?token=${secrets.inQuery}&query={logs} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`);
  await raw(`${secrets.inBody}\r\n\r\n`);

  // A database that refuses, and one that is gone.
  const { name } = database;
  const cut = (allowed: boolean) =>
    asAdmin(
      { adminUrl: database.adminUrl.replace(`/${name}`, '/postgres') },
      `alter database ${name} allow_connections ${allowed}`,
    );
  const terminate = () =>
    asAdmin(
      { adminUrl: database.adminUrl.replace(`/${name}`, '/postgres') },
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
    );
  await asAdmin(database, 'alter table actor rename to actor_elsewhere');
  await everywhere(record, tokens.integration, {
    variables: { input: { entries: [{ ...entry, actor: { id: secrets.inEntry } }] } },
  });
  await everywhere('{ actors { id } }', tokens.owner);
  await asAdmin(database, 'alter table actor_elsewhere rename to actor');
  await cut(false);
  await terminate();
  await everywhere(reads, tokens.owner);
  await everywhere(record, tokens.integration, { variables: { input: { entries: [entry] } } });
  await cut(true);
  const recorded = async () => {
    const variables = { input: { entries: [entry] } };
    return (
      (await transports.HTTP?.(port(), { query: record, variables, token: tokens.integration }))?.errors === undefined
    );
  };
  await until(recorded, 20_000);

  expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  const { stdout, stderr } = server.output;
  const lines = stderr.split('\n').filter((line) => line.startsWith('{'));
  const parsed = lines.map((line) => JSON.parse(line) as { msg: string; requestId?: string; codes?: string[] });
  for (const [what, secret] of Object.entries({ ...secrets, ...tokens })) {
    expect(stdout + stderr, what).not.toContain(secret);
  }
  expect(stdout + stderr).not.toContain('pa55');

  // It did talk: of each kind of failure, under an id.
  const codes = new Set(parsed.flatMap((line) => line.codes ?? []));
  for (const code of ['UNAUTHENTICATED', 'FORBIDDEN', 'BAD_INPUT', 'BAD_CURSOR', 'INTERNAL', 'UNAVAILABLE']) {
    expect([...codes]).toContain(code);
  }
  expect(parsed.filter(({ msg }) => msg === 'operation').length).toBeGreaterThan(20);
  expect(parsed.filter(({ msg, requestId }) => /request failed|operation/.test(msg) && !requestId)).toEqual([]);
});
