import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findBinaries, stage } from './embedded/binaries.ts';
import { clearOrphans, prepareCluster } from './embedded/cluster.ts';
import { claim, findPlace, makeRunDirectory, readRecord, removeRunDirectory, writeRecord } from './embedded/place.ts';
import { type LaunchOptions, launch, type Postmaster, type PostmasterExit } from './embedded/postmaster.ts';
import { ensureRoles, type SocketUrls, socketUrls } from './embedded/roles.ts';

export type { PostmasterExit } from './embedded/postmaster.ts';
export { ownerRole, type SocketUrls, serverRole, socketUrl, socketUrls } from './embedded/roles.ts';

export interface EmbeddedOptions {
  /** Created where missing. One server at a time; may lie under any path that the user may write to. */
  readonly dataDirectory: string;
  /** Gets one line per event worth an operator’s notice. */
  readonly log?: (line: string) => void;
  /** PostgreSQL settings that replace the defaults. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A running PostgreSQL server that belongs to this process. Disposing it stops the server and frees the data. */
export interface Embedded extends AsyncDisposable {
  /** Role `annals`, database `annals`. */
  readonly url: string;
  /** Role `annals_owner`, which owns the database. */
  readonly ownerUrl: string;
  /** The superuser, on database `postgres`. */
  readonly adminUrl: string;
  /** The same for the life of this object, also when the server had to be started again. */
  readonly socketDirectory: string;
  /** Process id of the server that runs now. */
  readonly pid: number;
  /** Calls back whenever the server ends by itself; it is being started again. Returns a function that ends this. */
  onExit(listener: (exit: PostmasterExit) => void): () => void;
}

/**
 * Starts the PostgreSQL that npm carries on a data directory, on a Unix socket only, and keeps it running.
 *
 * Errors: EMBEDDED_UNSUPPORTED (no binaries for this system), EMBEDDED_IN_USE (another live Annals has the data),
 * EMBEDDED_VERSION (another major version wrote them), EMBEDDED_FAILED (anything else, with PostgreSQL’s words).
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const log = options.log ?? ((): void => {});
  const binaries = await findBinaries();
  const place = await findPlace(options.dataDirectory);
  // Released in reverse order, also when a later step fails.
  await using undo = new AsyncDisposableStack();
  undo.use(await claim(place));
  // From here on nobody else starts, stops or removes anything of this database.
  const earlier = (await readRecord(place.dataDirectory))?.socketDirectory ?? null;
  await clearOrphans(place, earlier, log);
  await removeRunDirectory(earlier, place.account);

  const runDirectory = await makeRunDirectory(place.account);
  undo.defer(() => rm(runDirectory, { recursive: true, force: true }));
  const record = { dataDirectory: place.dataDirectory, base: place.base, socketDirectory: runDirectory };
  await writeRecord(record);
  undo.defer(() => writeRecord({ ...record, socketDirectory: null }));
  if (place.base !== place.dataDirectory)
    log(`the database is in ${place.base}: PostgreSQL cannot reach ${place.dataDirectory}`);

  const settings = options.settings ?? {};
  const staged = await stage(binaries, place.account, runDirectory);
  await prepareCluster(place, staged, runDirectory, { sync: settings.fsync !== 'off' });
  const urls = socketUrls(runDirectory);
  const server = await supervise({ place, binaries: staged, runDirectory, settings }, log);
  undo.use(server);
  await ensureRoles(urls.adminUrl);

  const acquired = undo.move();
  let stopped: Promise<void> | undefined;
  return {
    ...urls,
    socketDirectory: runDirectory,
    get pid() {
      return server.pid();
    },
    onExit: server.onExit,
    [Symbol.asyncDispose]() {
      stopped ??= acquired.disposeAsync();
      return stopped;
    },
  };
}

/**
 * The addresses of the server that another process keeps on a data directory, for who is let into its private directory:
 * the same user, and root. Null where the last one was stopped; a server that was killed has an address that nobody answers.
 */
export async function runningEmbedded(dataDirectory: string): Promise<SocketUrls | null> {
  const socketDirectory = (await readRecord(dataDirectory))?.socketDirectory ?? null;
  return socketDirectory === null ? null : socketUrls(socketDirectory);
}

/** The directory of the database of a data directory; null where none was made yet. */
export async function embeddedPlace(dataDirectory: string): Promise<string | null> {
  const base = (await readRecord(dataDirectory))?.base ?? null;
  return base === null || !existsSync(join(base, 'cluster')) ? null : join(base, 'cluster');
}

interface Supervised extends AsyncDisposable {
  pid(): number;
  onExit(listener: (exit: PostmasterExit) => void): () => void;
}

/** The longest pause between two attempts to start again, in milliseconds. */
const longestPauseMs = 5_000;

/** Keeps one server running: one that ends by itself is started again, for as long as it takes (a full disk, say). */
async function supervise(options: Omit<LaunchOptions, 'signal'>, log: (line: string) => void): Promise<Supervised> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const listeners = new Set<(exit: PostmasterExit) => void>();
  let current: Postmaster = await launch({ ...options, signal });

  const keepRunning = async (): Promise<void> => {
    for (;;) {
      const exit = await current.exited;
      if (signal.aborted) return;
      log(`the embedded PostgreSQL ended (${exit.signal ?? `exit code ${exit.code}`}); starting it again`);
      for (const listener of listeners) listener(exit);
      const next = await relaunch(options, signal, log);
      if (next === undefined) return;
      current = next;
      if (signal.aborted) await current.stop();
    }
  };
  const guard = keepRunning();

  return {
    pid: () => current.pid,
    onExit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await current.stop();
      await guard;
    },
  };
}

/** Tries until the server runs; undefined when Annals stops first. */
async function relaunch(
  options: Omit<LaunchOptions, 'signal'>,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<Postmaster | undefined> {
  for (let pauseMs = 50; !signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      // Backends of a killed server may still write to its shared memory.
      await clearOrphans(options.place, options.runDirectory, () => {}, 1_000);
      return await launch({ ...options, signal });
    } catch (error) {
      if (signal.aborted) return undefined;
      log(error instanceof Error ? error.message : String(error));
      await delay(pauseMs, undefined, { signal }).catch(() => {});
    }
  }
  return undefined;
}
