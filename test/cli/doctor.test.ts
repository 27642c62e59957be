/** `annals doctor` against installations that are broken, each in its own way, on a real PostgreSQL of its own. */
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeClock, judgeConnections, judgeFollowers, judgePooler, judgeServer } from '../../src/doctor/database.ts';
import { judgeRoom } from '../../src/doctor/embedded.ts';
import { type Embedded, ownerRole, serverRole, socketUrl, startEmbedded } from '../../src/store/embedded.ts';
import type { ServerFacts } from '../../src/store/inspect.ts';
import { migrate } from '../../src/store/migrate.ts';
import { run } from '../store/embedded-support.ts';
import { removeData } from '../support/embedded.ts';
import { annals, type Environment, launcher, newDataDirectory, startCommand, startServer } from '../support/program.ts';
import { objectsOf } from './support.ts';

let postgres: Embedded;
let directory: string;
const template = 'doctor_template';
const url = (role: string, database: string) => socketUrl(role, database, postgres.socketDirectory);
/** A role with a password that it must state. */
const secretRole = 'annals_secret';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'annals-doctor-'));
  // When root runs the tests, PostgreSQL runs under another account, which must pass through.
  await chmod(directory, 0o755);
  const hba = join(directory, 'hba.conf');
  await writeFile(hba, `local all ${secretRole} scram-sha-256\nlocal all all trust\n`, { mode: 0o644 });
  postgres = await startEmbedded({ dataDirectory: join(directory, 'data'), settings: { hba_file: hba } });
  await run(postgres.adminUrl, `create database ${template} owner ${ownerRole}`);
  await run(postgres.adminUrl, `create role ${secretRole} login password 'right one'`);
  await migrate(url(ownerRole, template), { serverRole });
  // As a server that started has left it.
  await run(url(serverRole, template), "select ensure_log_partitions(now(), now() + interval '62 days')");
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
  await removeData(join(directory, 'data'));
  await rm(directory, { recursive: true, force: true });
});

let databases = 0;
interface Installation {
  readonly name: string;
  readonly env: Environment;
  /** Runs statements as the superuser, as the owner. */
  readonly admin: string;
  readonly owner: string;
}

/** A healthy installation, but for the server, which does not run. */
async function install(): Promise<Installation> {
  const name = `doctor_${++databases}`;
  await run(postgres.adminUrl, `create database ${name} template ${template} owner ${ownerRole}`);
  return {
    name,
    admin: url('postgres', name),
    owner: url(ownerRole, name),
    env: { DATABASE_URL: url(serverRole, name), MIGRATION_DATABASE_URL: url(ownerRole, name), PORT: '9' },
  };
}

interface Said {
  readonly check: string;
  readonly status: string;
  readonly message: string;
  readonly cure: string | null;
}

/** What is not well, with the exit status. */
async function ask(env: Environment, ...words: string[]) {
  const { code, stdout, stderr } = await annals(['doctor', '--json', ...words], env);
  expect(stderr).toBe('');
  const findings = objectsOf(stdout) as unknown as Said[];
  for (const { status, cure } of findings) expect(cure === null).toBe(status === 'ok');
  return { code, findings, ill: findings.filter(({ status }) => status !== 'ok') };
}

const month = new Date().toISOString().slice(0, 7).replace('-', '_');

/** Statements that make a log which was recorded so long ago, a millisecond an entry, and which nothing has followed. */
const grownLog = (name: string, entries: number, ago: string): string[] => [
  `select ensure_log_partitions(now() - interval '1 hour', now())`,
  `insert into organization (uid, name) values (gen_random_uuid(), '${name}')`,
  `insert into log_head (organization_id) select id from organization where name = '${name}'`,
  `insert into log_entry (organization_id, position, recorded_at, occurred_at, id, action_id, outcome, severity, actor_type,
      target_ids, search, salts, digest, leaf)
    select o.id, n, t.at, t.at, gen_random_uuid(), 1, 0, 1, 0, '{}', '', '', '', '' from organization o,
      generate_series(0, ${entries - 1}) n,
      lateral (select now() - interval '${ago}' + n * interval '1 millisecond' as at) t where o.name = '${name}'`,
];

/** What breaks an installation, and what doctor must say of it: each of these, and nothing else. */
const broken: readonly (readonly [
  what: string,
  spoil: (installation: Installation) => Promise<Partial<Environment> | undefined>,
  says: readonly (readonly [check: string, status: string, message: RegExp, cure: RegExp])[],
])[] = [
  [
    'PostgreSQL is stopped',
    async () => ({ DATABASE_URL: 'postgresql://annals@127.0.0.1:9/annals' }),
    [['database', 'fail', /ECONNREFUSED/, /^Start PostgreSQL/]],
  ],
  [
    'the password is wrong',
    async ({ name }) => ({ DATABASE_URL: url(`${secretRole}:hunter2`, name) }),
    [['database', 'fail', /password authentication failed/, /^Correct the password/]],
  ],
  [
    'there is no such database',
    async () => ({ DATABASE_URL: url(serverRole, 'nowhere'), MIGRATION_DATABASE_URL: url(ownerRole, 'nowhere') }),
    [['database', 'fail', /"nowhere" does not exist/, /^Create the database/]],
  ],
  [
    'the owner’s address is wrong',
    async ({ name }) => ({ MIGRATION_DATABASE_URL: url('nobody_at_all', name) }),
    [['owner', 'fail', /"nobody_at_all" does not exist/, /pg_hba\.conf/]],
  ],
  [
    'the encoding is not UTF8',
    async () => {
      await run(postgres.adminUrl, "create database doctor_ascii encoding 'SQL_ASCII' template template0 locale 'C'");
      return { DATABASE_URL: url(serverRole, 'doctor_ascii'), MIGRATION_DATABASE_URL: url(ownerRole, 'doctor_ascii') };
    },
    [['database', 'fail', /encoding of doctor_ascii is SQL_ASCII/, /ENCODING 'UTF8' TEMPLATE template0/]],
  ],
  [
    'the database is read-only',
    async ({ name }) => {
      await run(postgres.adminUrl, `alter database ${name} set default_transaction_read_only = on`);
      return undefined;
    },
    [['database', 'fail', /is read-only/, /primary server/]],
  ],
  [
    'the server’s role owns a table',
    async ({ admin }) => {
      await run(admin, `alter table log_entry_${month} owner to ${serverRole}`);
      return undefined;
    },
    [['rights', 'fail', new RegExp(`owns log_entry_${month}`), /ALTER TABLE … OWNER TO annals_owner/]],
  ],
  [
    'the server’s role may delete entries',
    async ({ owner }) => {
      await run(owner, `grant delete, update (outcome) on log_entry to ${serverRole}`);
      return undefined;
    },
    [
      [
        'rights',
        'fail',
        /may do more than it should: DELETE on log_entry, UPDATE on log_entry/,
        /Start the server once/,
      ],
    ],
  ],
  [
    'rights were revoked',
    async ({ owner }) => {
      await run(
        owner,
        `revoke select on organization from ${serverRole}`,
        `revoke execute on all functions in schema public from ${serverRole}, public`,
      );
      return undefined;
    },
    [
      ['rights', 'fail', /lacks SELECT on organization, .*EXECUTE on append_log_entries/, /Start the server once/],
      ['followers', 'fail', /permission denied for table organization/, /findings before this one/],
    ],
  ],
  [
    'one role is both',
    async ({ owner }) => ({ DATABASE_URL: owner, MIGRATION_DATABASE_URL: owner }),
    [['rights', 'warn', /annals_owner owns the log/, /a role of its own/]],
  ],
  [
    'the server’s role is a superuser',
    async ({ admin }) => ({ DATABASE_URL: admin }),
    [['rights', 'fail', /postgres is a superuser/, /a role of its own/]],
  ],
  [
    'this month has no partition',
    async ({ owner }) => {
      await run(owner, `drop table log_entry_${month}`);
      return undefined;
    },
    [['partitions', 'fail', new RegExp(`no partition for ${month.replace('_', '-')}`), /Start the server/]],
  ],
  [
    'a migration is pending',
    async ({ owner }) => {
      await run(
        owner,
        'delete from _prisma_migrations where migration_name = (select max(migration_name) from _prisma_migrations)',
      );
      return undefined;
    },
    [['schema', 'warn', /1 of this Annals’ migrations are not applied/, /it migrates first/]],
  ],
  [
    'the schema is newer',
    async ({ owner }) => {
      await run(
        owner,
        `insert into _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count)
         values ('x', 'x', now(), '29990101000000_future', 1)`,
      );
      return undefined;
    },
    [['schema', 'fail', /newer Annals; not known here: 29990101000000_future/, /that version or a later one/]],
  ],
  [
    'a migration was edited',
    async ({ owner }) => {
      await run(owner, "update _prisma_migrations set checksum = 'x' where migration_name like '%_start'");
      return undefined;
    },
    [['schema', 'fail', /Changed after it was applied to this database: \d+_start/, /as they were released/]],
  ],
  [
    'commits are not waited for',
    async ({ name }) => {
      await run(postgres.adminUrl, `alter role ${serverRole} in database ${name} set synchronous_commit = off`);
      return undefined;
    },
    [['durability', 'fail', /^synchronous_commit is off: acknowledged entries/, /synchronous_commit = on/]],
  ],
  [
    'entries about changes wait for long',
    async ({ admin }) => {
      await run(
        admin,
        "insert into organization (uid, name) values (gen_random_uuid(), 'Stuck')",
        `insert into outbox (organization_id, entries, created_at)
         select id, '[]', now() - interval '1 hour' from organization`,
      );
      return undefined;
    },
    [['outbox', 'warn', /1 changes wait to be told in the log; the oldest for 60 minutes/, /Start the server/]],
  ],
  [
    'what follows the logs was left behind',
    async ({ admin }) => {
      await run(admin, ...grownLog('Behind', 300, '10 minutes'), ...grownLog('Fresh', 300, '1 second'));
      return undefined;
    },
    [
      [
        'followers',
        'warn',
        /^search is 300 entries behind the log of Behind since 10 minutes \(.*\), statistics is 300 entries behind the log of Behind since 10 minutes \(.*\)\.$/,
        /^Start the server: it goes on where it stood/,
      ],
    ],
  ],
  [
    'followers of one log stand where others have gone on, and texts are missing',
    async ({ admin }) => {
      await run(
        admin,
        ...grownLog('Behind', 300, '10 minutes'),
        `insert into follower (organization_id, name, position, recorded_at)
           select e.organization_id, f.name, f.position, e.recorded_at from log_entry e
           join (values ('statistics', 299), ('mirror', 100)) f(name, position) on f.position = e.position`,
        `insert into search_block (organization_id, number, recorded_from, recorded_to, grams)
           select e.organization_id, 0, e.recorded_at, e.recorded_at, '{}' from log_entry e where e.position = 127`,
        'update log_entry set search = null where position < 5',
      );
      return undefined;
    },
    [
      [
        'followers',
        'warn',
        /^mirror is 199 entries behind the log of Behind since 10 minutes, search is 172 entries behind .*, 5 entries of Behind lack their texts \(searching says TEXT_NOT_READY\)\.$/,
        /annals_follower_lag_entries/,
      ],
    ],
  ],
  [
    'a role has no connections left',
    async () => {
      await run(postgres.adminUrl, 'create role doctor_full login connection limit 0');
      return { DATABASE_URL: url('doctor_full', template) };
    },
    [['database', 'fail', /too many connections for role/, /CONNECTION LIMIT/]],
  ],
  [
    'a pooler is stated that is not there',
    async () => ({ DATABASE_POOLER: 'transaction' }),
    [
      ['pooler', 'warn', /none was met/, /Leave DATABASE_POOLER out/],
      ['notifications', 'warn', /does not listen/, /Set DATABASE_LISTEN_URL/],
    ],
  ],
];

describe('annals doctor', () => {
  it('finds nothing wrong with an installation that is well', async () => {
    const { env } = await install();
    await using server = await startServer({ ...env, PORT: '0' });
    const { code, findings } = await ask({ ...env, ANNALS_URL: server.url }, '--strict');
    expect(findings.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(code).toBe(0);
    expect(findings.map(({ check }) => check)).toEqual([
      'database',
      'durability',
      'clock',
      'connections',
      'pooler',
      'notifications',
      'schema',
      'rights',
      'partitions',
      'outbox',
      'followers',
      'server',
    ]);
  });

  it.each(broken)('says it when %s', async (_what, spoil, says) => {
    const installation = await install();
    const changed = await spoil(installation);
    const { code, ill } = await ask({ ...installation.env, ...(changed as Environment) });
    // No server runs in these; that is said, too.
    const expected = [...says, ['server', 'warn', /No server answers/, /^Start it/] as const];
    expect(ill.map(({ check, status }) => `${check} ${status}`)).toEqual(
      expected.map(([check, status]) => `${check} ${status}`),
    );
    expected.forEach(([, , message, cure], index) => {
      expect(ill[index]?.message).toMatch(message);
      expect(ill[index]?.cure).toMatch(cure);
    });
    expect(code).toBe(says.some(([, status]) => status === 'fail') ? 2 : 0);
    expect(JSON.stringify(ill)).not.toContain('hunter2');
  });

  it('says it when a proxy swallows notifications', async () => {
    const { env, name } = await install();
    await using proxy = await startMute(postgres.socketDirectory);
    const through = socketUrl(serverRole, name, proxy.directory);
    const { ill } = await ask({ ...env, DATABASE_URL: through });
    expect(ill.map(({ check, status }) => `${check} ${status}`)).toEqual(['notifications warn', 'server warn']);
    expect(ill[0]?.cure).toMatch(/a proxy or a pooler in transaction mode swallows notifications/);
  });

  it('says it when this machine’s clock is wrong', async () => {
    const { env } = await install();
    // The clock of that process alone: ten minutes slow.
    const slow = 'const now = Date.now; Date.now = () => now() - 600_000;';
    const words = ['--import', `data:text/javascript,${encodeURIComponent(slow)}`, launcher, 'doctor', '--json'];
    const { child, output, ended } = startCommand(process.execPath, words, env);
    child.stdin.end();
    expect((await ended).code).toBe(2);
    const [clock] = (objectsOf(output.stdout) as unknown as Said[]).filter(({ check }) => check === 'clock');
    expect(clock).toMatchObject({ status: 'fail', cure: expect.stringMatching(/chrony/) });
    expect(clock?.message).toMatch(/(599|600|601)\.\d s ahead of this machine’s/);
  });

  it('says it when the embedded database is another version’s, or not there', async () => {
    await using data = await newDataDirectory();
    const env = { DATA_DIRECTORY: data.path, PORT: '9' };
    expect((await ask(env)).ill).toMatchObject([{ check: 'embedded', status: 'warn' }, { check: 'server' }]);
    await mkdir(join(data.path, 'cluster'));
    await writeFile(join(data.path, 'cluster', 'PG_VERSION'), '17\n');
    const record = { dataDirectory: data.path, base: data.path, socketDirectory: null };
    await writeFile(join(data.path, 'embedded.json'), JSON.stringify(record));
    const { code, ill } = await ask(env);
    expect(code).toBe(2);
    expect(ill[0]).toMatchObject({ check: 'embedded', status: 'fail' });
    expect(ill[0]?.message).toMatch(/^EMBEDDED_VERSION: .*PostgreSQL 17/);
  });

  it('says it when fsync is off, and when another program answers in the server’s place', async () => {
    await using data = await newDataDirectory();
    await using other = await startEmbedded({
      dataDirectory: data.path,
      settings: { fsync: 'off', full_page_writes: 'off' },
    });
    await migrate(other.ownerUrl, { serverRole });
    await using stranger = await startStranger();
    // It runs: doctor looks into the server that another process keeps.
    const { code, ill } = await ask({ DATA_DIRECTORY: data.path, ANNALS_URL: stranger.url });
    expect(code).toBe(2);
    expect(ill.map(({ check, status }) => `${check} ${status}`)).toEqual(['durability fail', 'server fail']);
    expect(ill[0]?.message).toMatch(/^fsync is off: .*; full_page_writes is off: /);
    expect(ill[0]?.cure).toMatch(/ALTER SYSTEM SET fsync = on; full_page_writes = on/);
    expect(ill[1]?.message).toMatch(/is not Annals/);
  });

  it('reads as words, with a sum at the end, and --strict takes warnings for failures', async () => {
    const { env } = await install();
    const words = await annals(['doctor'], env);
    expect(words).toMatchObject({ code: 0, stderr: '' });
    expect(words.stdout).toMatch(/^ok {4}database {7}PostgreSQL \d+\.\d+, UTF8; database doctor_\d+, role annals\.$/m);
    expect(words.stdout).toMatch(/^warn {2}server {9}No server answers at .*\n {21}→ Start it/m);
    expect(words.stdout).toMatch(/\n0 failed, 1 should be looked at\.\n$/);
    expect((await annals(['doctor', '--strict'], env)).code).toBe(2);
    expect((await annals(['doctor', '--color', 'always'], env)).stdout).toContain('\u001b[32mok');
  });
});

describe('what no test machine has', () => {
  const facts: ServerFacts = {
    role: 'annals',
    superuser: false,
    database: 'annals',
    version: 180_004,
    encoding: 'UTF8',
    readOnly: false,
    settings: { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' },
    clockAheadMs: 0,
    clockErrorMs: 5,
    connections: { most: 100, used: 10 },
  };

  it('is judged by its facts', () => {
    expect(judgeServer({ ...facts, version: 140_012 })).toMatchObject({
      status: 'fail',
      message: expect.stringMatching(/PostgreSQL 14/),
    });
    expect(judgeServer({ ...facts, version: 150_000 })).toMatchObject({ status: 'ok' });
    expect(judgeClock({ ...facts, clockAheadMs: -5000 })).toMatchObject({
      status: 'warn',
      message: expect.stringMatching(/5\.0 s behind/),
    });
    // A slow answer proves nothing about clocks.
    expect(judgeClock({ ...facts, clockAheadMs: -5000, clockErrorMs: 4000 })).toMatchObject({ status: 'ok' });
    expect(judgeConnections({ ...facts, connections: { most: 100, used: 95 } }, 10)).toMatchObject({ status: 'warn' });
    const late = { follower: 'statistics', organization: 'Acme', entries: 3, oldestMs: 120_000 };
    expect(judgeFollowers([late], true)).toMatchObject({ status: 'warn' });
    expect(judgeFollowers([{ ...late, oldestMs: 119_000 }], true)).toMatchObject({ status: 'ok' });
    // Where nothing is counted ahead, nothing is behind.
    expect(judgeFollowers([late], false)).toMatchObject({ status: 'ok' });
    expect(judgeFollowers([{ ...late, follower: 'mirror' }], false)).toMatchObject({
      status: 'warn',
      message: 'mirror is 3 entries behind the log of Acme since 2 minutes.',
    });
    expect(judgePooler('session', 'none')).toMatchObject({ status: 'ok' });
    expect(judgePooler('transaction', 'none')).toMatchObject({ status: 'fail' });
    expect(judgeRoom(100 * 2 ** 20, '/data')).toMatchObject({ status: 'fail' });
    expect(judgeRoom(2 ** 30, '/data')).toMatchObject({ status: 'warn' });
    expect(judgeRoom(2 ** 33, '/data')).toMatchObject({ status: 'ok' });
  });
});

/** Passes everything between clients and PostgreSQL but notifications. */
async function startMute(socketDirectory: string): Promise<AsyncDisposable & { readonly directory: string }> {
  const socketName = '.s.PGSQL.5432';
  const own = await mkdtemp(join(tmpdir(), 'annals-mute-'));
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = createConnection(join(socketDirectory, socketName));
    for (const [socket, other] of [[near, far] as const, [far, near] as const]) {
      sockets.add(socket);
      socket.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
    near.pipe(far);
    let pending = Buffer.alloc(0);
    far.on('data', (bytes) => {
      pending = Buffer.concat([pending, bytes]);
      // A message is a letter, and the length of what follows it.
      while (pending.length >= 5 && pending.length > pending.readInt32BE(1)) {
        const size = 1 + pending.readInt32BE(1);
        if (pending.toString('latin1', 0, 1) !== 'A') near.write(pending.subarray(0, size));
        pending = pending.subarray(size);
      }
    });
  });
  server.listen(join(own, socketName));
  await once(server, 'listening');
  return {
    directory: own,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await rm(own, { recursive: true, force: true });
    },
  };
}

/** A web server that is not Annals. */
async function startStranger(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createHttpServer((_request, response) => response.end('<h1>It works!</h1>'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
