import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, chown, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AnnalsError } from '../../errors.ts';
import { identity } from './account.ts';
import type { Binaries } from './binaries.ts';
import type { Place } from './place.ts';
import { postgresProcesses } from './processes.ts';

/** The bootstrap superuser of every embedded cluster. */
export const superuser = 'postgres';

/**
 * Makes the cluster ready to be started and linked as `<runDirectory>/data`: checks its version, or creates it.
 * Throws EMBEDDED_VERSION for data of another major version.
 */
export async function prepareCluster(
  place: Place,
  binaries: Binaries,
  runDirectory: string,
  options: { readonly sync: boolean },
): Promise<void> {
  const text = await readFile(join(place.cluster, 'PG_VERSION'), 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw new AnnalsError('EMBEDDED_FAILED', {
      message: `${place.cluster} cannot be read.`,
      cure: 'Start as the user who created the data directory.',
      cause,
    });
  });
  if (text === undefined) await refuseInterrupted(place);
  if (text === undefined) await createCluster(place, binaries, runDirectory, options);
  else if (Number.parseInt(text, 10) !== binaries.major) {
    throw new AnnalsError('EMBEDDED_VERSION', {
      message: `${place.cluster} was written by PostgreSQL ${text.trim()}; this Annals carries PostgreSQL ${binaries.major}.`,
    });
  }
  await symlink(place.cluster, join(runDirectory, 'data'));
}

/** A restore that was interrupted must not be answered with an empty database. */
async function refuseInterrupted(place: Place): Promise<void> {
  const left = `${place.cluster}.restoring`;
  const found = await access(left).then(
    () => true,
    () => false,
  );
  if (!found) return;
  throw new AnnalsError('EMBEDDED_FAILED', {
    message: `A restore into ${place.dataDirectory} was interrupted.`,
    cure: `Run it again; or remove ${left} to start with an empty database.`,
  });
}

/** initdb into a side directory, then one rename: a cluster that has the name `cluster` is complete. */
async function createCluster(
  place: Place,
  binaries: Binaries,
  runDirectory: string,
  options: { readonly sync: boolean },
): Promise<void> {
  const fresh = join(place.base, 'cluster.new');
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  await chmod(fresh, 0o700);
  if (place.account !== null) await chown(fresh, place.account.uid, place.account.gid);
  const link = join(runDirectory, 'init');
  await symlink(fresh, link);
  // `trust` on a socket in a directory of mode 0700: the file system decides who may enter, and there is no password
  // that could leak. `reject` over TCP, should anybody ever switch that on.
  const settings = ['--encoding=UTF8', '--locale=C', '--auth-local=trust', '--auth-host=reject', '--data-checksums'];
  const sync = options.sync ? [] : ['--no-sync'];
  await runInitdb(place, binaries, [`--pgdata=${link}`, `--username=${superuser}`, ...settings, ...sync]);
  await rename(fresh, place.cluster);
  await rm(link);
}

async function runInitdb(place: Place, binaries: Binaries, args: readonly string[]): Promise<void> {
  const child = spawn(join(binaries.native, 'bin', 'initdb'), args, {
    cwd: '/',
    env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...identity(place.account),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = await once(child, 'close').catch((cause: unknown) => {
    throw cannotRun(binaries, cause);
  });
  if (code === 0) return;
  if (output.includes('could not look up effective user ID')) {
    throw new AnnalsError('EMBEDDED_UNSUPPORTED', {
      message: `PostgreSQL’s initdb refuses user id ${process.getuid?.()}, which /etc/passwd does not name.`,
      cure: 'Run as a user that /etc/passwd names, or set DATABASE_URL to a PostgreSQL server.',
    });
  }
  throw new AnnalsError('EMBEDDED_FAILED', {
    message: `initdb failed: ${output.trim().split('\n').slice(-5).join('\n')}`,
  });
}

/** A program that exists but cannot be executed: most often a C library other than glibc (Alpine), or `noexec`. */
export function cannotRun(binaries: Binaries, cause: unknown): AnnalsError {
  return new AnnalsError('EMBEDDED_UNSUPPORTED', {
    message: `The programs in ${binaries.native} cannot be run here: ${cause instanceof Error ? cause.message : cause}.`,
    cure: 'They need glibc (Debian, not Alpine) and a file system without noexec; or set DATABASE_URL to a PostgreSQL server.',
    cause,
  });
}

/**
 * Ends what a killed Annals left running on this cluster, without losing a commit: a fast shutdown, and after
 * `patienceMs` an immediate one, from which PostgreSQL recovers by its log. The caller holds the claim, so whatever
 * still runs here has no Annals any more. `earlierRun` is the run directory of the run that left it.
 */
export async function clearOrphans(
  place: Place,
  earlierRun: string | null,
  log: (line: string) => void,
  patienceMs = 30_000,
): Promise<void> {
  const find = (): Promise<number[]> => postgresProcesses(place.cluster, earlierRun);
  if ((await find()).length > 0) {
    log(`shutting down the PostgreSQL that an earlier run left on ${place.cluster}`);
    await endAll(find, await postmasterPid(place.cluster), patienceMs);
  }
  const running = await find();
  if (running.length > 0) {
    throw new AnnalsError('EMBEDDED_FAILED', {
      message: `An earlier PostgreSQL on ${place.cluster} does not stop (process ${running.join(', ')}).`,
      cure: 'Stop it by hand, then start again.',
    });
  }
  // Nobody runs here, so a lock file that is left names a dead process, or a stranger who has its number now, for whom
  // PostgreSQL would refuse to start. Only where backends without a server would have been found, though: elsewhere the
  // file leads PostgreSQL to the shared memory that they still use.
  if (process.platform === 'linux') await rm(join(place.cluster, 'postmaster.pid'), { force: true });
}

async function endAll(find: () => Promise<number[]>, server: number | undefined, patienceMs: number): Promise<void> {
  const running = await find();
  // A server ends its backends itself. Without one they are told one by one; SIGINT would only cancel their statements.
  if (server !== undefined && running.includes(server)) {
    send(server, 'SIGINT');
    if (await untilNone(find, patienceMs)) return;
    send(server, 'SIGQUIT');
  } else for (const pid of running) send(pid, 'SIGQUIT');
  if (await untilNone(find, 5_000)) return;
  for (const pid of await find()) send(pid, 'SIGKILL');
  await untilNone(find, 5_000);
}

async function untilNone(find: () => Promise<number[]>, patienceMs: number): Promise<boolean> {
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    if ((await find()).length === 0) return true;
    await delay(20);
  }
  return false;
}

/** The first line of postmaster.pid; undefined when there is no such file. */
export async function postmasterPid(cluster: string): Promise<number | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => undefined);
  const pid = Number.parseInt(text ?? '', 10);
  return Number.isNaN(pid) ? undefined : pid;
}

/** Sends a signal to a process that may be gone already. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
