/** The real server, started as `npm start` starts it, in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { type BenchDatabase, withClient } from './postgres.ts';

export interface Endpoint {
  readonly url: string;
  /** Of an owner, who may record and sees everything. */
  readonly token: string;
}

/** An organization in a migrated database. */
export interface Organization {
  readonly organization: number;
  readonly organizationUid: string;
  readonly token: string;
}

/** Settings of a server on the database. */
export const environment = ({ url, ownerUrl }: BenchDatabase) => ({
  DATABASE_URL: url,
  MIGRATION_DATABASE_URL: ownerUrl,
  PORT: '0',
  LOG_LEVEL: 'warn',
});

/** Migrates the database and creates an organization in it. */
export async function createOrganization(database: BenchDatabase): Promise<Organization> {
  await using app = await openApp(readConfig(environment(database)));
  const { organization, organizationUid, ownerToken } = await app.administration.createOrganization({ name: 'Bench' });
  return { organization, organizationUid, token: ownerToken };
}

export type Server = { readonly url: string } & AsyncDisposable;

/** A log of which a follower, or the blocks of texts, are not at the end. */
const behind = `select from log_head h cross join lateral (
    select e.position from log_entry e where e.organization_id = h.organization_id
    order by e.recorded_at desc, e.position desc limit 1) n
  where (n.position + 1) / 128 > (select count(*) from search_block b where b.organization_id = h.organization_id)
    or ($1 and n.position > coalesce((select f.position from follower f
      where f.organization_id = h.organization_id and f.name = 'statistics'), -1))`;

/** Resolves when what a server does behind the log is done: filled logs give it minutes of work that no log gives it in use. */
async function settled(database: BenchDatabase, rollUps: boolean): Promise<void> {
  await withClient(database.ownerUrl, async (client) => {
    while ((await client.query(behind, [rollUps])).rows.length > 0) await delay(200);
  });
}

/**
 * Resolves when the server has printed its address, and has nothing left to do behind the log. `nodeArguments`: such as
 * `--cpu-prof`; `settings` by name.
 */
export async function startServer(
  database: BenchDatabase,
  nodeArguments: readonly string[] = [],
  settings: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const server = await startProcess([...nodeArguments, main, 'serve'], {
    PATH: '',
    ...environment(database),
    ...settings,
  });
  await settled(database, settings.STATISTICS_ROLL_UPS !== 'off');
  return server;
}

/** The same server with a `recordLogs` that does nothing: see append/empty.ts. */
export async function startEmptyServer(database: BenchDatabase): Promise<Server> {
  const script = fileURLToPath(new URL('../append/empty.ts', import.meta.url));
  return startProcess([script], { PATH: '', ...environment(database) });
}

/** A program that prints an http:// address once it serves, and ends on SIGTERM. */
export async function startProcess(words: readonly string[], env: Record<string, string>): Promise<Server> {
  const child = spawn(process.execPath, ['--no-warnings', ...words], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    const address = /http:\/\/\S+\/graphql(?=\s)/.exec(printed);
    if (address !== null) resolve(address[0]);
  });
  exited.then(([code]) => reject(new Error(`${words.join(' ')} ended with ${code}`)), reject);
  const url = await promise;
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
