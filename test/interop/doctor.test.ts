/** `annals doctor` through a real pooler. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { chooseAccount, identity } from '../../src/store/embedded/account.ts';
import { serverRole, startEmbedded } from '../../src/store/embedded.ts';
import { migrate } from '../../src/store/migrate.ts';
import { objectsOf } from '../cli/support.ts';
import { annals, type Environment, newDataDirectory } from '../support/program.ts';

/** A pgbouncer on a socket of its own, in front of the database at `url`. */
async function startPooler(url: string, mode: string): Promise<AsyncDisposable & { readonly directory: string }> {
  const address = new URL(url);
  const directory = await mkdtemp(join(tmpdir(), 'annals-bouncer-'));
  // pgbouncer refuses root, as PostgreSQL does.
  const account = await chooseAccount(undefined);
  if (account !== null) await chown(directory, account.uid, account.gid);
  await chmod(directory, 0o755);
  const settings = [
    '[databases]',
    `* = host=${address.searchParams.get('host')} port=5432`,
    '[pgbouncer]',
    `pool_mode = ${mode}`,
    'listen_addr =',
    'listen_port = 5432',
    `unix_socket_dir = ${directory}`,
    'auth_type = any',
    'ignore_startup_parameters = extra_float_digits',
  ];
  // With auth_type any, everybody is this user.
  settings[1] += ` user=${address.username}`;
  await writeFile(join(directory, 'pgbouncer.ini'), `${settings.join('\n')}\n`, { mode: 0o644 });
  const child: ChildProcess = spawn('/usr/sbin/pgbouncer', [join(directory, 'pgbouncer.ini')], {
    stdio: 'ignore',
    ...identity(account),
  });
  const ended = once(child, 'exit');
  while (!existsSync(join(directory, '.s.PGSQL.5432'))) {
    if (child.exitCode !== null) throw new Error(`pgbouncer ended with ${child.exitCode}`);
    await delay(10);
  }
  return {
    directory,
    async [Symbol.asyncDispose]() {
      child.kill('SIGINT');
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

it.each([
  ['transaction', 'fail', /pooler in transaction mode: prepared statements/],
  ['session', 'ok', /pooler in session mode, which works/],
])('tells a pooler in %s mode', async (mode, status, says) => {
  await using data = await newDataDirectory();
  await using database = await startEmbedded({ dataDirectory: data.path });
  await migrate(database.ownerUrl, { serverRole });
  await using pooler = await startPooler(database.url, mode);
  const through = new URL(database.url);
  through.searchParams.set('host', pooler.directory);
  const env = { DATABASE_URL: through.href, MIGRATION_DATABASE_URL: database.ownerUrl, PORT: '9' };
  const ask = async (more: Environment) => objectsOf((await annals(['doctor', '--json'], { ...env, ...more })).stdout);
  const found = (await ask({})).find(({ check }) => check === 'pooler');
  expect(found).toMatchObject({ status, message: expect.stringMatching(says) });
  if (mode === 'session') return;
  // Configured as docs/operations.md says, all is well but that no server runs.
  const stated = await ask({ DATABASE_POOLER: 'transaction', DATABASE_LISTEN_URL: database.url });
  expect(stated.filter((one) => one.status !== 'ok').map(({ check }) => check)).toEqual(['server']);
});
