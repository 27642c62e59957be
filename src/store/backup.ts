/** Backing up and restoring the embedded database. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, chown, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import pg from 'pg';
import { AnnalsError } from '../errors.ts';
import {
  compareFacts,
  compareManifest,
  type Description,
  files,
  type LogFacts,
  raiseGenerations,
  readDescription,
  readEnds,
  readFacts,
  readMigrationNames,
  sha256,
} from './backup/description.ts';
import { startBaseBackup } from './backup/stream.ts';
import { type Extracted, extract } from './backup/tar.ts';
import { findBinaries } from './embedded/binaries.ts';
import { claim, findPlace, type Place, readRecord } from './embedded/place.ts';
import { type Embedded, socketUrls, startEmbedded } from './embedded.ts';
import { knownMigrations } from './migrate.ts';

export type { Description as BackupDescription } from './backup/description.ts';
export { raiseGenerations } from './backup/description.ts';

export interface BackupOptions {
  readonly dataDirectory: string;
  /** Made by the backup; nothing may be there. */
  readonly to: string;
  /** Of this Annals. */
  readonly version: string;
  readonly log: (line: string) => void;
}

export interface RestoreOptions {
  /** Must not hold a database. */
  readonly dataDirectory: string;
  readonly from: string;
  /** Whether entries were recorded after the backup that are given up: begins a new generation of every log. */
  readonly acceptFork: boolean;
  readonly log: (line: string) => void;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Flushes a directory’s own entries: what was made or renamed in it survives a power failure. */
async function syncDirectory(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}

/** The server that runs on the data, whoever started it; else one that is started for this. */
async function openServer(
  dataDirectory: string,
  log: (line: string) => void,
): Promise<AsyncDisposable & Pick<Embedded, 'adminUrl' | 'ownerUrl'>> {
  const socket = (await readRecord(dataDirectory))?.socketDirectory ?? null;
  if (socket !== null) {
    const urls = socketUrls(socket);
    const client = new pg.Client({ connectionString: urls.adminUrl, connectionTimeoutMillis: 5000 });
    client.on('error', () => {});
    const runs = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end().catch(() => {});
    if (runs) return { ...urls, async [Symbol.asyncDispose]() {} };
  }
  return startEmbedded({ dataDirectory, log });
}

/** The annals database under the superuser, who may read whatever comes. */
const databaseUrl = (adminUrl: string): string => adminUrl.replace('/postgres?', '/annals?');

/**
 * Copies the embedded database, consistently and while it is used, into a directory that appears under its name only when
 * it is whole and on disk. Errors: BACKUP_FAILED, DATA_EXISTS, EMBEDDED_*.
 */
export async function backup(options: BackupOptions): Promise<Description> {
  const to = resolve(options.to);
  const partial = `${to}.partial`;
  if (!(await exists(join(options.dataDirectory, 'embedded.json')))) throw noDatabase(options.dataDirectory);
  for (const path of [to, partial]) {
    if (!(await exists(path))) continue;
    throw new AnnalsError('DATA_EXISTS', {
      message: `There is something at ${path} already.`,
      cure:
        path === to
          ? 'Name a directory that does not exist.'
          : 'Another backup is being written there, or one was interrupted: then remove it.',
    });
  }
  await mkdir(partial, { mode: 0o700 });
  try {
    const description = await write(options, partial);
    // Whole and on disk from here on, under a name that says otherwise; the rename makes it a backup.
    await rename(partial, to);
    await syncDirectory(dirname(to));
    return description;
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw asFailure(error);
  }
}

function asFailure(error: unknown): unknown {
  if (error instanceof AnnalsError) return error;
  const message = `The backup failed: ${error instanceof Error ? error.message : error}.`;
  return new AnnalsError('BACKUP_FAILED', { message, cause: error });
}

async function write({ dataDirectory, version, log }: BackupOptions, into: string): Promise<Description> {
  await using server = await openServer(dataDirectory, log);
  const url = databaseUrl(server.adminUrl);
  const { major } = await findBinaries();
  // Before the copy: every log reaches at least so far in it.
  const ends = await readEnds(url);
  await using base = await startBaseBackup(server.adminUrl);
  const hash = createHash('sha256');
  let bytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const archive = join(into, files.archive);
  await pipeline(
    base.archive,
    createGzip({ level: 1 }),
    measure,
    createWriteStream(archive, { mode: 0o600, flags: 'wx', flush: true }),
  );
  const manifest = await base.manifest;
  const description: Description = {
    format: 1,
    annals: version,
    postgres: major,
    madeAt: new Date().toISOString(),
    migrations: await readMigrationNames(url),
    archive: { bytes, sha256: hash.digest('hex') },
    manifest: { sha256: sha256(manifest) },
    // After the copy: what is still there now, and lies before the ends, was there all the while.
    logs: await readFacts(url, ends),
  };
  const flags = { mode: 0o600, flag: 'wx', flush: true };
  await writeFile(join(into, files.manifest), manifest, flags);
  await writeFile(join(into, files.description), `${JSON.stringify(description, null, 2)}\n`, flags);
  await syncDirectory(into);
  return description;
}

/** What of the backup does not fit its description, or this Annals. */
async function checkBackup(from: string, description: Description): Promise<Buffer> {
  const { major } = await findBinaries();
  if (description.postgres !== major) {
    throw new AnnalsError('EMBEDDED_VERSION', {
      message: `The backup is of PostgreSQL ${description.postgres}; this Annals carries PostgreSQL ${major}.`,
      cure: `Restore it with Annals ${description.annals}, which made it.`,
    });
  }
  const known = await knownMigrations();
  const unknown = description.migrations.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new AnnalsError('SCHEMA_NEWER', {
      message: `The backup has migrations that this Annals does not know: ${unknown.join(', ')}.`,
    });
  }
  const path = join(from, files.archive);
  const hash = createHash('sha256');
  const { size } = await stat(path).catch(() => ({ size: -1 }));
  if (size === description.archive.bytes) for await (const chunk of createReadStream(path)) hash.update(chunk);
  if (size !== description.archive.bytes || hash.digest('hex') !== description.archive.sha256) {
    throw new AnnalsError('BACKUP_INVALID', { message: `${path} is not what was written.` });
  }
  const manifest = await readFile(join(from, files.manifest)).catch(() => Buffer.alloc(0));
  if (sha256(manifest) !== description.manifest.sha256) {
    throw new AnnalsError('BACKUP_INVALID', { message: `${join(from, files.manifest)} is not what was written.` });
  }
  return manifest;
}

/** Gives everything to the account that PostgreSQL runs under; directories are flushed. */
async function handOver(directory: string, account: Place['account']): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await handOver(path, account);
    else if (account !== null) await chown(path, account.uid, account.gid);
  }
  if (account !== null) await chown(directory, account.uid, account.gid);
  await syncDirectory(directory);
}

/**
 * Puts a backup where no database is. Every byte is compared with what was written before anything takes the place of a
 * database, and then every log with what it held. Interrupted, it leaves nothing that a server would start on, and can be
 * repeated. Errors: BACKUP_INVALID, DATA_EXISTS, EMBEDDED_*, SCHEMA_NEWER.
 */
export async function restore({ dataDirectory, from, acceptFork, log }: RestoreOptions): Promise<readonly LogFacts[]> {
  const source = resolve(from);
  const description = await readDescription(source);
  const manifest = await checkBackup(source, description);
  const place = await findPlace(dataDirectory);
  {
    using _ = await claim(place);
    await putFiles(source, manifest, place);
  }
  await using server = await startEmbedded({ dataDirectory, log });
  const expected = description.logs;
  const ends = new Map(expected.map(({ organization, newest }) => [organization, newest]));
  const found = await readFacts(databaseUrl(server.adminUrl), ends);
  const wrong = compareFacts(expected, found);
  if (wrong.length > 0) {
    throw new AnnalsError('BACKUP_INVALID', {
      message: `The restored database is not what was backed up: ${wrong.join('; ')}.`,
      cure: `Remove ${place.cluster} and restore another backup.`,
    });
  }
  if (acceptFork) await raiseGenerations(server.ownerUrl);
  return found;
}

/** Begins a new generation of every log of an embedded database that no server runs on; how many there are. */
export async function raiseEmbedded(dataDirectory: string, log: (line: string) => void): Promise<number> {
  if (!(await exists(join(dataDirectory, 'embedded.json')))) throw noDatabase(dataDirectory);
  await using server = await startEmbedded({ dataDirectory, log });
  return await raiseGenerations(server.ownerUrl);
}

const noDatabase = (dataDirectory: string) =>
  new AnnalsError('BACKUP_FAILED', {
    message: `${dataDirectory} holds no embedded database.`,
    cure: 'Set DATA_DIRECTORY to the one that the server uses.',
  });

async function putFiles(source: string, manifest: Buffer, place: Place): Promise<void> {
  if (await exists(place.cluster)) {
    throw new AnnalsError('DATA_EXISTS', {
      message: `${place.dataDirectory} holds a database already.`,
      cure: 'Restore into an empty DATA_DIRECTORY; nothing is overwritten.',
    });
  }
  const fresh = join(place.base, `${basename(place.cluster)}.restoring`);
  // Of an earlier attempt.
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  let found: ReadonlyMap<string, Extracted> = new Map();
  await pipeline(createReadStream(join(source, files.archive)), createGunzip(), async (archive) => {
    found = await extract(archive, fresh);
  });
  const wrong = compareManifest(manifest, found);
  if (wrong.length > 0) {
    throw new AnnalsError('BACKUP_INVALID', { message: `The archive is damaged: ${wrong.slice(0, 5).join('; ')}.` });
  }
  await handOver(fresh, place.account);
  // Whole and on disk: from here on a server starts on it.
  await rename(fresh, place.cluster);
  await syncDirectory(place.base);
}
