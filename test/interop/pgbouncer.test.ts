/** The real server behind Debian’s pgbouncer, which lends connections for one transaction at a time. */
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { chooseAccount } from '../../src/store/embedded/account.ts';
import { type Embedded, startEmbedded } from '../../src/store/embedded.ts';
import { freePort } from '../support/port.ts';
import { annals, type Environment, type Program, startCommand, startServer } from '../support/program.ts';
import { headCursor, readLog, startWatcher, startWriters } from '../support/traffic.ts';
import { createOrganization, type Tokens } from '../support/world.ts';

const patient = { timeout: 60_000, interval: 20 };
const undo = new AsyncDisposableStack();
let database: Embedded;
let pooler: Program;
let env: Environment;
let tokens: Tokens;

/** Fewer connections to PostgreSQL than one server alone opens to the pooler: every transaction may get another. */
const serverConnections = 3;

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'annals-pgbouncer-'));
  undo.defer(() => rm(directory, { recursive: true, force: true }));
  await chmod(directory, 0o755);
  database = undo.use(await startEmbedded({ dataDirectory: join(directory, 'data') }));
  // What sessions must not take over.
  await asAdmin(
    "alter database annals set timezone to 'Asia/Tokyo'; alter database annals set datestyle to 'German, DMY'",
  );
  const port = await freePort();
  await writeFile(
    join(directory, 'pgbouncer.ini'),
    [
      '[databases]',
      `annals = host=${database.socketDirectory} port=5432 dbname=annals`,
      '[pgbouncer]',
      `listen_addr = 127.0.0.1\nlisten_port = ${port}\nunix_socket_dir =`,
      `auth_type = trust\nauth_file = ${directory}/users`,
      `pool_mode = transaction\ndefault_pool_size = ${serverConnections}\nmax_client_conn = 200`,
    ].join('\n'),
  );
  await writeFile(join(directory, 'users'), '"annals" ""\n');
  // As who may enter the database’s private socket directory; pgbouncer refuses root, too.
  const account = await chooseAccount(undefined);
  if (account !== null) await chown(directory, account.uid, account.gid);
  const words = [...(account === null ? [] : ['-u', account.name]), join(directory, 'pgbouncer.ini')];
  pooler = startCommand('pgbouncer', words, {});
  const answers = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
  await vi.waitFor(async () => expect(await answers(), pooler.output.stderr).toBe(true), patient);
  env = {
    DATABASE_URL: `postgresql://annals@127.0.0.1:${port}/annals`,
    MIGRATION_DATABASE_URL: database.ownerUrl,
    DATABASE_LISTEN_URL: database.url,
    DATABASE_POOLER: 'transaction',
    DATA_DIRECTORY: join(directory, 'unused'),
    STATEMENT_TIMEOUT_MS: '7000',
    METRICS: 'on',
  };
  tokens = await createOrganization(env);
});
afterAll(async () => {
  pooler?.child.kill('SIGTERM');
  await pooler?.ended;
  await undo.disposeAsync();
});

async function asAdmin(text: string): Promise<unknown[]> {
  const admin = new pg.Client({ connectionString: database.adminUrl });
  await admin.connect();
  try {
    return (await admin.query(text)).rows;
  } finally {
    await admin.end();
  }
}

/** What the log’s writers and watchers agree on, through two servers. */
async function agree(one: Environment, other: Environment): Promise<void> {
  await using first = await startServer(one);
  await using second = await startServer(other);
  const before = (await readLog(first.url, tokens.owner)).length;
  const cursor = await headCursor(second.url, tokens.owner);
  await using watcher = startWatcher(() => second.url, tokens.owner, cursor);
  await using writers = startWriters(() => first.url, tokens.integration, {
    callers: 12,
    entry: (caller, index) => ({
      action: 'passwork.item_viewed',
      actor: { id: `user-${caller}-${index % 7}` },
      vault: { id: `vault-${index % 5}` },
      occurredAt: '2026-03-01T12:00:00.000Z',
    }),
  });
  await expect.poll(() => writers.acknowledged.size, patient).toBeGreaterThan(500);
  await writers.stop();
  expect([...writers.errors]).toEqual([]);
  const log = await readLog(second.url, tokens.owner);
  expect(log.map(({ position }) => Number(position))).toEqual(log.map((_, index) => index));
  expect(await someTime(second.url)).toBe('2026-03-01T12:00:00.000Z');
  const written = log.slice(before).map(({ id }) => id);
  expect(written.toSorted()).toEqual([...writers.acknowledged.values()].toSorted());
  await expect.poll(() => watcher.seen.length, patient).toBeGreaterThanOrEqual(written.length);
  expect(watcher.seen).toEqual(written);
}

async function someTime(url: string): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${tokens.owner}` },
    body: JSON.stringify({ query: '{ logs(first: 1) { nodes { occurredAt } } }' }),
  });
  const { data } = (await response.json()) as { data: { logs: { nodes: { occurredAt: string }[] } } };
  return data.logs.nodes[0]?.occurredAt ?? '';
}

const listening = async (url: string) => {
  const text = await (await fetch(url.replace('/graphql', '/metrics'))).text();
  return /^annals_database_listening (\d)$/m.exec(text)?.[1];
};

it('records, reads and watches, through two servers and fewer connections than either has', async () => {
  await agree(env, env);
  const rows = await asAdmin("select 1 from pg_stat_activity where usename = 'annals'");
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.length).toBeLessThanOrEqual(serverConnections);
});

it('hears of other servers past the pooler; without an address for that it looks once a second', async () => {
  const deaf = { ...env, DATABASE_LISTEN_URL: '' };
  await agree(env, deaf);
  await using hearing = await startServer(env);
  await using unhearing = await startServer(deaf);
  await expect.poll(() => listening(hearing.url), patient).toBe('1');
  expect(await listening(unhearing.url)).toBe('0');
});

it('gives the sessions what the statements rely on', async () => {
  // By a connection of the pooler’s that is new since the settings were stored.
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query(
    `select current_setting('statement_timeout') as timeout, current_setting('jit') as jit,
            current_setting('default_transaction_isolation') as isolation`,
  );
  await client.end();
  expect(rows).toEqual([{ timeout: '7s', jit: 'off', isolation: 'read committed' }]);
});

it('says what to set when it is not told of the pooler', async () => {
  const { DATABASE_POOLER: _, ...untold } = env;
  const { code, stderr } = await annals(['serve'], { ...untold, PORT: '0' });
  expect(code).toBe(2);
  expect(stderr).toMatch(/CONFIG_INVALID: A pooler stands before the database.*\nSet DATABASE_POOLER=transaction/);
});

it('wants an address of the database itself for its migrations', async () => {
  const { MIGRATION_DATABASE_URL: _, ...without } = env;
  const { code, stderr } = await annals(['serve'], without);
  expect(code).toBe(2);
  expect(stderr).toContain('DATABASE_POOLER needs MIGRATION_DATABASE_URL');
});
