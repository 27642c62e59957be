/** The real program in a process of its own, as a shell would start it. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readRecord } from '../../src/store/embedded/place.ts';
import { postgresProcesses } from '../../src/store/embedded/processes.ts';
import { removeData } from './embedded.ts';

/** The checkout under test. */
export const checkout = fileURLToPath(new URL('../..', import.meta.url));
/** What `annals` on the command line is. */
export const launcher = join(checkout, 'bin', 'annals.mjs');

export type Environment = Readonly<Record<string, string>>;

/**
 * What a bare login gives a program, and nothing of the environment that the tests happen to run in. It does not watch who
 * reads, unless told: tests know every entry of a log.
 */
const bare: Environment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: homedir(),
  TMPDIR: tmpdir(),
  LANG: 'C.UTF-8',
  ACCESS_LOG: 'off',
};

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Outcome extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

/** A running `annals`, and what it has printed so far. */
export interface Program {
  readonly child: ChildProcessWithoutNullStreams;
  readonly output: { stdout: string; stderr: string };
  readonly ended: Promise<Exit>;
}

/** Starts `annals` with these words. Its standard input is open and empty. */
export function startProgram(words: readonly string[], env: Environment, program = launcher): Program {
  return startCommand(process.execPath, [program, ...words], env);
}

/** The same for any other program. */
export function startCommand(
  command: string,
  words: readonly string[],
  env: Environment,
  options: { readonly cwd?: string; readonly uid?: number; readonly gid?: number } = {},
): Program {
  const child = spawn(command, words, { cwd: '/', env: { ...bare, ...env }, ...options });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  // A program that refuses its arguments does not read its input.
  child.stdin.on('error', () => {});
  const ended = once(child, 'close').then(([code, signal]: (Exit['code'] & Exit['signal'])[]) => ({
    code: code ?? null,
    signal: signal ?? null,
  }));
  return { child, output, ended };
}

/** Runs one command to its end. */
export async function annals(words: readonly string[], env: Environment, stdin = ''): Promise<Outcome> {
  const { child, output, ended } = startProgram(words, env);
  child.stdin.end(stdin);
  return { ...(await ended), ...output };
}

/** `annals serve` that has printed its address. Disposing stops it as an operator would. */
export interface Server extends AsyncDisposable, Program {
  /** Of GraphQL and GraphiQL. */
  readonly url: string;
  readonly pid: number;
  /** Sends the signal and waits for the end. */
  kill(signal: NodeJS.Signals): Promise<Exit>;
}

const addressLine = /^ {2}(https?:\S+\/graphql)$/m;

/** Resolves when `condition` gives something, which is asked whenever the program prints; rejects when it ends first. */
export async function untilPrinted<T>(program: Program, condition: () => T | null): Promise<T> {
  const { child, output, ended } = program;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const look = () => {
    const found = condition();
    if (found !== null) resolve(found);
  };
  child.stdout.on('data', look);
  child.stderr.on('data', look);
  ended.then(
    ({ code, signal }) => reject(new Error(`ended (${signal ?? code}):\n${output.stdout}\n${output.stderr}`)),
    reject,
  );
  look();
  return promise.finally(() => {
    child.stdout.off('data', look);
    child.stderr.off('data', look);
  });
}

/** `launched`: the launcher of another checkout. */
export async function startServer(env: Environment, launched = launcher): Promise<Server> {
  const program = startProgram(['serve'], { PORT: '0', ...env }, launched);
  const url = await untilPrinted(program, () => addressLine.exec(program.output.stdout)?.[1] ?? null);
  const kill = (signal: NodeJS.Signals) => {
    program.child.kill(signal);
    return program.ended;
  };
  return {
    ...program,
    url,
    pid: program.child.pid ?? 0,
    kill,
    async [Symbol.asyncDispose]() {
      await kill('SIGTERM');
    },
  };
}

/** A data directory of its own. Disposing waits until no PostgreSQL works there, and removes what a killed server left. */
export interface DataDirectory extends AsyncDisposable {
  readonly path: string;
  /** Process ids of PostgreSQL on this data; its first process comes first. */
  postgres(): Promise<number[]>;
  /** The directory of the database’s socket; null when no server has recorded one. */
  socketDirectory(): Promise<string | null>;
}

export async function newDataDirectory(): Promise<DataDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'annals-cli-'));
  // When root runs the tests, PostgreSQL runs under another account, which must pass through.
  await chmod(path, 0o755);
  const cluster = async () => join((await readRecord(path))?.base ?? path, 'cluster');
  const socketDirectory = async () => (await readRecord(path))?.socketDirectory ?? null;
  const postgres = async () => {
    const at = await cluster();
    const text = await readFile(join(at, 'postmaster.pid'), 'utf8').catch(() => '');
    const first = Number.parseInt(text, 10);
    const all = await postgresProcesses(at, await socketDirectory());
    return all.includes(first) ? [first, ...all.filter((pid) => pid !== first)] : all;
  };
  return {
    path,
    postgres,
    socketDirectory,
    async [Symbol.asyncDispose]() {
      const left = await socketDirectory();
      while ((await postgres()).length > 0) await delay(20);
      if (left !== null) await rm(left, { recursive: true, force: true });
      await removeData(path);
    },
  };
}
