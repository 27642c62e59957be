import { createHash } from 'node:crypto';
import {
  access,
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { AnnalsError } from '../../errors.ts';
import { type Account, canReach, chooseAccount } from './account.ts';

/** Where one embedded database keeps what. */
export interface Place {
  /** The caller’s data directory, resolved. Holds embedded.json and postgres.log. */
  readonly dataDirectory: string;
  /** Holds `cluster` (PGDATA) and `lock`: the data directory, or a place that PostgreSQL’s account can reach. */
  readonly base: string;
  readonly cluster: string;
  readonly account: Account | null;
}

/** embedded.json: what the next start must know. */
const recordShape = z.object({
  dataDirectory: z.string(),
  base: z.string(),
  socketDirectory: z.string().nullable(),
});
export type PlaceRecord = z.infer<typeof recordShape>;

const recordFile = (dataDirectory: string): string => join(dataDirectory, 'embedded.json');

export async function readRecord(dataDirectory: string): Promise<PlaceRecord | undefined> {
  const text = await readFile(recordFile(dataDirectory), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return recordShape.parse(JSON.parse(text));
  } catch (cause) {
    throw new AnnalsError('EMBEDDED_FAILED', {
      message: `${recordFile(dataDirectory)} is damaged.`,
      cure: 'Restore it from a backup; it names the directory (`base`) that holds the database.',
      cause,
    });
  }
}

/** Replaces embedded.json in one step, so that a crash leaves the old or the new one. */
export async function writeRecord(record: PlaceRecord): Promise<void> {
  const file = recordFile(record.dataDirectory);
  await writeFile(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
}

/** Finds the database of a data directory, or decides where a new one goes. Creates directories, changes no data. */
export async function findPlace(directory: string): Promise<Place> {
  const created = await mkdir(directory, { recursive: true });
  const dataDirectory = await realpath(directory);
  // Another account must pass through it; the cluster itself and the demo’s credentials are private by their own modes.
  if (created !== undefined && process.getuid?.() === 0) await chmod(dataDirectory, 0o755);
  const record = await readRecord(dataDirectory);
  const base = record === undefined ? dataDirectory : await followRecord(record, dataDirectory);
  const account = await chooseAccount(await ownerOf(join(base, 'cluster')));
  const place = (at: string): Place => ({ dataDirectory, base: at, cluster: join(at, 'cluster'), account });
  if (await canReach(base, account)) return place(base);
  if ((await ownerOf(join(base, 'cluster'))) !== undefined) {
    throw new AnnalsError('EMBEDDED_FAILED', {
      message: `${account?.name ?? 'The current user'} owns the database in ${base} but cannot reach that directory.`,
      cure: `Let that account pass through every directory above ${base} (chmod o+x).`,
    });
  }
  return place(await outsideBase(dataDirectory, account));
}

/** The recorded base, unless the data directory was moved (then it moves along or is adopted) or copied (refused). */
async function followRecord(record: PlaceRecord, dataDirectory: string): Promise<string> {
  if (record.base === record.dataDirectory) return dataDirectory;
  if (record.dataDirectory !== dataDirectory) {
    const original = await readRecord(record.dataDirectory).catch(() => undefined);
    if (original?.base === record.base) {
      throw new AnnalsError('EMBEDDED_IN_USE', {
        message: `${dataDirectory} is a copy of ${record.dataDirectory}; both name the one database in ${record.base}.`,
        cure: `Remove ${recordFile(dataDirectory)} to start with an empty database here.`,
      });
    }
  }
  await access(record.base).catch((cause: unknown) => {
    throw new AnnalsError('EMBEDDED_FAILED', {
      message: `The database of ${dataDirectory} lies in ${record.base}, which cannot be read.`,
      cure: 'Start as the user who created it, or restore that directory from a backup.',
      cause,
    });
  });
  return record.base;
}

async function ownerOf(path: string): Promise<number | undefined> {
  return lstat(path).then(
    (stats) => stats.uid,
    () => undefined,
  );
}

/**
 * A lasting place outside a closed project, recorded in embedded.json; root only. A new one each time: whoever removes a
 * data directory expects to start with nothing.
 */
async function outsideBase(dataDirectory: string, account: Account | null): Promise<string> {
  const name = createHash('sha256').update(dataDirectory).digest('hex').slice(0, 16);
  for (const root of ['/var/lib/annals', '/var/db/annals', '/var/tmp/annals']) {
    await mkdir(root, { recursive: true, mode: 0o755 }).catch(() => {});
    // In a directory that everyone may write to, somebody else may have been first.
    const stats = await lstat(root).catch(() => undefined);
    if (stats?.isDirectory() !== true || stats.uid !== 0 || (stats.mode & 0o022) !== 0) continue;
    const base = await mkdtemp(join(root, `${name}-`)).catch(() => undefined);
    if (base === undefined) continue;
    for (const path of [root, base]) await chmod(path, 0o755);
    if (await canReach(base, account)) return base;
    await rm(base, { recursive: true });
  }
  throw new AnnalsError('EMBEDDED_FAILED', {
    message: `${account?.name ?? 'PostgreSQL'} can reach neither ${dataDirectory} nor /var/lib or /var/tmp.`,
    cure: 'Set DATA_DIRECTORY to a directory that other accounts can pass into, or run Annals as an ordinary user.',
  });
}

/** SQLite takes paths of up to 512 bytes and adds a suffix. */
const longestLockPath = 480;

/**
 * Where the lock lies: beside the cluster, or, where that path is too long, in the system’s temporary directory under
 * the name of the directory’s identity.
 */
async function lockFile(base: string): Promise<string> {
  const beside = join(base, 'lock');
  if (Buffer.byteLength(beside) <= longestLockPath) return beside;
  const { dev, ino } = await lstat(base);
  return join('/tmp', `annals-lock-${dev}-${ino}`);
}

/**
 * Claims the database for this process. The lock is SQLite’s lock on an empty file, the one file lock that Node can
 * take: the kernel frees it when the process ends in whatever way, so there is no stale lock and no process id to guess.
 * Throws EMBEDDED_IN_USE while another process, or another server in this one, holds it.
 */
export async function claim(place: Place): Promise<Disposable> {
  const file = await lockFile(place.base);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database?.close();
    // SQLITE_BUSY
    if (cause instanceof Error && 'errcode' in cause && cause.errcode === 5) {
      throw new AnnalsError('EMBEDDED_IN_USE', { message: `Another Annals is using ${place.dataDirectory}.`, cause });
    }
    throw new AnnalsError('EMBEDDED_FAILED', {
      message: `The lock file ${file} cannot be opened.`,
      cure: 'Start as the user who created the data directory, or make it writable for this user.',
      cause,
    });
  }
  const held = database;
  return { [Symbol.dispose]: () => held.close() };
}

/** The longest directory whose socket path `/.s.PGSQL.5432` still fits (107 bytes on Linux, 103 on macOS). */
const longestSocketDirectory = 103 - '/.s.PGSQL.5432'.length;

/**
 * Makes the private directory of one run, mode 0700 and owned by PostgreSQL’s account: it holds the socket, so whoever
 * can enter it is let in without a password, and a link `data` to the cluster, whose own path may be longer than
 * PostgreSQL can take.
 */
export async function makeRunDirectory(account: Account | null): Promise<string> {
  for (const parent of [tmpdir(), '/tmp', '/var/tmp']) {
    // The name goes into a PostgreSQL list setting and a URL.
    if (!/^[\w./-]+$/.test(parent) || Buffer.byteLength(parent) > longestSocketDirectory - '/annals-xxxxxx'.length)
      continue;
    const directory = await mkdtemp(join(parent, 'annals-')).catch(() => undefined);
    if (directory === undefined) continue;
    if (account !== null) await chown(directory, account.uid, account.gid);
    if (await canReach(directory, account)) return directory;
    await rm(directory, { recursive: true });
  }
  throw new AnnalsError('EMBEDDED_FAILED', {
    message: 'There is no short temporary directory for the database’s socket.',
    cure: 'Make /tmp writable, or set TMPDIR to a writable directory of at most 70 characters.',
  });
}

/** Removes the run directory that a killed run left; only one of that name and owner. */
export async function removeRunDirectory(directory: string | null, account: Account | null): Promise<void> {
  if (directory === null || !/\/annals-[^/]+$/.test(directory)) return;
  const stats = await lstat(directory).catch(() => undefined);
  if (stats?.isDirectory() !== true || stats.uid !== (account?.uid ?? process.getuid?.())) return;
  await rm(directory, { recursive: true, force: true });
}
