import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AnnalsError } from '../../errors.ts';
import { identity } from './account.ts';
import type { Binaries } from './binaries.ts';
import { cannotRun } from './cluster.ts';
import type { Place } from './place.ts';
import { settingArguments } from './settings.ts';

/** How a server process ended. */
export interface PostmasterExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A PostgreSQL server that accepts connections. */
export interface Postmaster {
  readonly pid: number;
  readonly exited: Promise<PostmasterExit>;
  /** Fast shutdown: sessions end, what is committed is flushed. Immediate after a minute. */
  stop(): Promise<void>;
}

export interface LaunchOptions {
  readonly place: Place;
  readonly binaries: Binaries;
  /** Holds the socket and the link `data`. */
  readonly runDirectory: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Aborting ends a server that is still starting. */
  readonly signal: AbortSignal;
}

/** Beyond this size postgres.log becomes postgres.log.1 when a server starts. */
const logBytes = 16 * 1024 * 1024;

/** Starts the server and waits until it accepts connections. Throws EMBEDDED_FAILED with the server’s own words. */
export async function launch(options: LaunchOptions): Promise<Postmaster> {
  const { place, binaries, runDirectory } = options;
  options.signal.throwIfAborted();
  const logFile = join(place.dataDirectory, 'postgres.log');
  const written = await stat(logFile).then(
    (stats) => stats.size,
    () => 0,
  );
  if (written > logBytes) await rename(logFile, `${logFile}.1`);
  const logStart = written > logBytes ? 0 : written;
  // The server writes to the file itself: its words outlive Annals.
  await using logHandle = await open(logFile, 'a', 0o600);
  const args = ['-D', join(runDirectory, 'data'), ...settingArguments(runDirectory, options.settings)];
  const child = spawn(join(binaries.native, 'bin', 'postgres'), args, {
    cwd: '/',
    env: { LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', logHandle.fd, logHandle.fd],
    // A session of its own: Ctrl-C in the terminal reaches Annals, which ends its work before it ends the database.
    detached: true,
    ...identity(place.account),
  });
  const exited = new Promise<PostmasterExit>((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  );
  await once(child, 'spawn').catch((cause: unknown) => {
    throw cannotRun(binaries, cause);
  });
  const pid = child.pid ?? 0;
  const watcher = watch(options, pid);
  exited.then(() => watcher.kill('SIGKILL'));
  const stop = (): Promise<void> => stopPostmaster(child, exited);
  const onAbort = (): void => {
    child.kill('SIGINT');
  };
  options.signal.addEventListener('abort', onAbort, { once: true });
  try {
    await untilReady(place, pid, exited);
  } catch {
    throw new AnnalsError('EMBEDDED_FAILED', { message: await lastWords(logFile, logStart) });
  } finally {
    options.signal.removeEventListener('abort', onAbort);
  }
  return { pid, exited, stop };
}

/** postmaster.pid says `ready` in its eighth line once recovery is over; no connection needed, so none can be refused. */
async function untilReady(place: Place, pid: number, exited: Promise<PostmasterExit>): Promise<void> {
  let ended = false;
  exited.then(() => {
    ended = true;
  });
  for (;;) {
    const text = await readFile(join(place.cluster, 'postmaster.pid'), 'utf8').catch(() => '');
    const lines = text.split('\n');
    if (lines[0] === String(pid) && lines[7]?.trim() === 'ready') return;
    if (ended) throw new Error('the server ended');
    await Promise.race([exited, delay(10)]);
  }
}

/**
 * A shell that waits for Annals’ end of a pipe to close, which happens however Annals ends, `kill -9` included; then it
 * shuts the server down, so that no server stays behind without its Annals. It checks that the server is still that one.
 */
function watch(options: LaunchOptions, pid: number): ChildProcess {
  const script = 'read -r _; read -r p < "$2/postmaster.pid" && [ "$p" = "$1" ] && kill -INT "$1"';
  const watcher = spawn('/bin/sh', ['-c', script, 'annals-watcher', String(pid), join(options.runDirectory, 'data')], {
    cwd: '/',
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    ...identity(options.place.account),
  });
  // Without it the next start still takes over; nothing is lost.
  watcher.on('error', () => {});
  watcher.unref();
  return watcher;
}

async function stopPostmaster(child: ChildProcess, exited: Promise<PostmasterExit>): Promise<void> {
  for (const [signal, patience] of [
    ['SIGINT', 60_000],
    ['SIGQUIT', 10_000],
  ] as const) {
    // Node signals a child only as long as it has not reaped it, so never a stranger with the same number.
    child.kill(signal);
    const timer = new AbortController();
    const late = delay(patience, 'late', { signal: timer.signal }).catch(() => 'late');
    const first = await Promise.race([exited, late]);
    timer.abort();
    if (first !== 'late') return;
  }
  child.kill('SIGKILL');
  await exited;
}

/** The server’s fatal lines since `start`, or its last ones. */
async function lastWords(logFile: string, start: number): Promise<string> {
  const text = (await readFile(logFile).catch(() => Buffer.alloc(0))).subarray(start).toString();
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const fatal = lines.filter((line) => /FATAL|PANIC|could not/.test(line));
  const words = (fatal.length > 0 ? fatal : lines).slice(-4).join('\n');
  return `The embedded PostgreSQL did not start${words === '' ? '; it said nothing.' : `:\n${words}`}`;
}
