import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { ownerRole, serverRole, socketUrl } from '../../src/store/embedded.ts';
import { templateDatabase, testDatabasePrefix } from './postgres.ts';

/** A database of its own for one test file. Disposing drops it, and fails when a connection to it was left open. */
export interface TestDatabase extends AsyncDisposable {
  readonly name: string;
  /** The server’s role. */
  readonly url: string;
  /** The role that owns and migrates. */
  readonly ownerUrl: string;
  /** The superuser, on this database. */
  readonly adminUrl: string;
}

/** Clones the migrated template; with `empty`, makes a database without any tables. */
export async function createDatabase(options: { readonly empty?: boolean } = {}): Promise<TestDatabase> {
  const { adminUrl, socketDirectory } = inject('postgres');
  const name = `${testDatabasePrefix}${randomBytes(6).toString('hex')}`;
  const template = options.empty ? 'template1' : templateDatabase;
  await asAdmin(adminUrl, (client) => client.query(`create database ${name} template ${template} owner ${ownerRole}`));
  return {
    name,
    url: socketUrl(serverRole, name, socketDirectory),
    ownerUrl: socketUrl(ownerRole, name, socketDirectory),
    adminUrl: socketUrl('postgres', name, socketDirectory),
    [Symbol.asyncDispose]: () => asAdmin(adminUrl, (client) => drop(client, name)),
  };
}

async function drop(client: pg.Client, name: string): Promise<void> {
  try {
    // PostgreSQL waits five seconds for sessions that are just ending.
    await client.query(`drop database ${name}`);
  } catch (cause) {
    const { rows } = await client.query<{ query: string }>('select query from pg_stat_activity where datname = $1', [
      name,
    ]);
    await client.query(`drop database if exists ${name} with (force)`);
    const queries = rows.map((row) => `“${row.query}”`).join(', ');
    throw new Error(`A connection to the test database was left open; its last statement: ${queries}`, { cause });
  }
}

async function asAdmin(adminUrl: string, use: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}
