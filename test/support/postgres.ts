import { existsSync } from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { ownerRole, serverRole, socketUrl, startEmbedded } from '../../src/store/embedded.ts';
import { migrate } from '../../src/store/migrate.ts';
import { removeData } from './embedded.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The server that all test files of this run share. */
    readonly postgres: { readonly adminUrl: string; readonly socketDirectory: string };
  }
}

/** Migrated once; `createDatabase` clones it. */
export const templateDatabase = 'annals_template';
/** How the names of cloned databases begin. */
export const testDatabasePrefix = 'annals_test_';

/** No test asks what survives a power failure on this server, and clones are twice as fast without the disk. */
const settings = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', shared_buffers: '128MB' };

/**
 * Vitest’s global set-up: one embedded server for the run, with the template database. The returned tear-down fails the
 * run when a test file left a database behind, or the server left a process or a directory.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await using undo = new AsyncDisposableStack();
  const dataDirectory = await mkdtemp(join(tmpdir(), 'annals-test-'));
  // When root runs the tests, PostgreSQL runs under another account, which must pass through.
  await chmod(dataDirectory, 0o755);
  undo.defer(() => removeData(dataDirectory));
  const embedded = await startEmbedded({ dataDirectory, settings });
  undo.use(embedded);
  await createTemplate(embedded.adminUrl, embedded.socketDirectory);
  project.provide('postgres', { adminUrl: embedded.adminUrl, socketDirectory: embedded.socketDirectory });

  const acquired = undo.move();
  return async () => {
    const left = await leftDatabases(embedded.adminUrl);
    const { pid, socketDirectory } = embedded;
    await acquired.disposeAsync();
    if (left.length > 0) throw new Error(`Test files left databases behind: ${left.join(', ')}`);
    if (isRunning(pid)) throw new Error(`The database server ${pid} still runs after it was stopped.`);
    if (existsSync(socketDirectory)) throw new Error(`${socketDirectory} is left after the server was stopped.`);
  };
}

async function createTemplate(adminUrl: string, socketDirectory: string): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await admin.query(`create database ${templateDatabase} owner ${ownerRole}`);
    await migrate(socketUrl(ownerRole, templateDatabase, socketDirectory), { serverRole });
    await admin.query(`alter database ${templateDatabase} with is_template true allow_connections false`);
  } finally {
    await admin.end();
  }
}

async function leftDatabases(adminUrl: string): Promise<string[]> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    const { rows } = await admin.query<{ name: string }>(
      'select datname as name from pg_database where starts_with(datname, $1) order by 1',
      [testDatabasePrefix],
    );
    return rows.map((row) => row.name);
  } finally {
    await admin.end();
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
