/** The embedded PostgreSQL with its production settings, on a temporary directory. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { readRecord } from '../../src/store/embedded/place.ts';
import { ownerRole, serverRole, socketUrl, startEmbedded } from '../../src/store/embedded.ts';

export interface BenchDatabase {
  /** The server’s role. */
  readonly url: string;
  readonly ownerUrl: string;
}

export interface BenchPostgres extends AsyncDisposable {
  /** A new empty database. */
  createDatabase(name: string): Promise<BenchDatabase>;
}

export async function startPostgres(): Promise<BenchPostgres> {
  await using undo = new AsyncDisposableStack();
  const dataDirectory = await mkdtemp(join(tmpdir(), 'annals-bench-'));
  // When root runs the benchmark, PostgreSQL runs under another account, which must pass through.
  await chmod(dataDirectory, 0o755);
  undo.defer(async () => {
    const record = await readRecord(dataDirectory);
    if (record !== undefined) await rm(record.base, { recursive: true, force: true });
    await rm(dataDirectory, { recursive: true, force: true });
  });
  // Commit timestamps are the one clock that the live benchmark’s two sides share.
  const embedded = undo.use(await startEmbedded({ dataDirectory, settings: { track_commit_timestamp: 'on' } }));
  const owned = undo.move();
  return {
    async createDatabase(name) {
      await withClient(embedded.adminUrl, (client) => client.query(`create database ${name} owner ${ownerRole}`));
      const { socketDirectory } = embedded;
      return {
        url: socketUrl(serverRole, name, socketDirectory),
        ownerUrl: socketUrl(ownerRole, name, socketDirectory),
      };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
