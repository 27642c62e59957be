/** `annals backup` and `annals restore`, as an operator runs them: beside a busy server, interrupted, and on damaged files. */
import { existsSync } from 'node:fs';
import { cp, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openClient } from '../../src/cli/client.ts';
import { compareFacts, compareManifest } from '../../src/store/backup/description.ts';
import { restore } from '../../src/store/backup.ts';
import { PageDocument } from '../generated/graphql.ts';
import { until } from '../support/app.ts';
import { annals, type DataDirectory, newDataDirectory, startProgram, startServer } from '../support/program.ts';
import { headCursor, readLog, startWriters } from '../support/traffic.ts';
import { createOrganization, type Tokens } from '../support/world.ts';

let directory: string;
let data: DataDirectory;
let tokens: Tokens;
/** A backup that was made under load, and what the log surely held before it and surely not after it. */
let whole: string;
let before: readonly { readonly id: string; readonly position: string | null }[];
let after: typeof before;
/** Of the entry that was the newest before the backup. */
let cursor: string;

const patient = { timeout: 60_000, interval: 20 };
const settings = ({ path }: Pick<DataDirectory, 'path'>) => ({ DATA_DIRECTORY: path, DEMO: 'off' });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'annals-backup-'));
  data = await newDataDirectory();
  tokens = await createOrganization(settings(data));
  await using server = await startServer(settings(data));
  const entry = (caller: number) => ({ action: 'passwork.item_viewed', actor: { id: `user-${caller}` } });
  await using writers = startWriters(() => server.url, tokens.integration, { callers: 4, entry });
  await until(() => writers.acknowledged.size > 200, 60_000);
  before = await readLog(server.url, tokens.owner);
  cursor = await headCursor(server.url, tokens.owner);
  whole = join(directory, 'whole');
  const made = await annals(['backup', whole], settings(data));
  expect(made, made.stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(/ 1 logs with at least \d+/) });
  const acknowledged = writers.acknowledged.size;
  await until(() => writers.acknowledged.size > acknowledged + 50, 60_000);
  await writers.stop();
  after = await readLog(server.url, tokens.owner);
}, 120_000);
afterAll(async () => {
  await data?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

/** What a server on the data shows. */
async function served<T>(of: DataDirectory, ask: (url: string) => Promise<T>): Promise<T> {
  await using server = await startServer(settings(of));
  return await ask(server.url);
}
const page = (url: string, from: string) =>
  openClient({ url, token: tokens.owner }).request(PageDocument, { first: 5, after: from });

describe('a backup of a server that is written to', () => {
  it('is private, and leaves nothing else', async () => {
    expect((await readdir(whole)).sort()).toEqual(['backup.json', 'base.tar.gz', 'manifest.json']);
    for (const name of await readdir(whole)) expect((await stat(join(whole, name))).mode & 0o077).toBe(0);
    expect((await stat(whole)).mode & 0o077).toBe(0);
    expect((await readdir(directory)).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  it('restores to a prefix of the log that holds all that was acknowledged before; the same history goes on', async () => {
    await using fresh = await newDataDirectory();
    const done = await annals(['restore', '--same-history', whole], settings(fresh));
    expect(done, done.stderr).toMatchObject({ code: 0 });
    await served(fresh, async (url) => {
      const log = await readLog(url, tokens.owner);
      expect(log.length).toBeGreaterThanOrEqual(before.length);
      expect(log.length).toBeLessThan(after.length);
      expect(log).toEqual(after.slice(0, log.length));
      expect((await page(url, cursor)).logs.edges).toBeDefined();
      // It records, from the next position on.
      await using writers = startWriters(() => url, tokens.integration, {
        callers: 1,
        entry: () => ({ action: 'passwork.item_viewed' }),
      });
      await expect.poll(() => writers.acknowledged.size, patient).toBeGreaterThan(5);
      await writers.stop();
      const grown = await readLog(url, tokens.owner);
      expect(grown.map(({ position }) => Number(position))).toEqual(grown.map((_, index) => index));
    });
  }, 90_000);

  it('tells readers of the history before that it forked, where the operator says so', async () => {
    let cursorOfFork = '';
    await using fresh = await newDataDirectory();
    expect(await annals(['restore', '--accept-fork', whole], settings(fresh))).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('LOG_RESTORED'),
    });
    await served(fresh, async (url) => {
      await expect(page(url, cursor)).rejects.toMatchObject({ code: 'LOG_RESTORED' });
      const now = await headCursor(url, tokens.owner);
      expect((await page(url, now)).logs).toBeDefined();
      cursorOfFork = now;
    });
    // Also later, of the database in place.
    expect(await annals(['restore', '--accept-fork'], settings(fresh))).toMatchObject({ code: 0 });
    await served(fresh, async (url) => {
      await expect(page(url, cursorOfFork)).rejects.toMatchObject({ code: 'LOG_RESTORED' });
    });
  }, 90_000);

  it('wants the operator’s decision', async () => {
    await using fresh = await newDataDirectory();
    for (const words of [[], ['--accept-fork', '--same-history']]) {
      const { code, stderr } = await annals(['restore', ...words, whole], settings(fresh));
      expect(code).toBe(2);
      expect(stderr).toMatch(/USAGE[\s\S]*--accept-fork[\s\S]*--same-history/);
    }
    expect(await readdir(fresh.path)).toEqual([]);
  });
});

describe('interrupted', () => {
  it('a backup leaves nothing that passes for one, and says what to do the next time', async () => {
    const to = join(directory, 'killed');
    const program = startProgram(['backup', to], settings(data));
    await expect.poll(() => existsSync(`${to}.partial/base.tar.gz`), { timeout: 30_000, interval: 1 }).toBe(true);
    program.child.kill('SIGKILL');
    await program.ended;
    expect(existsSync(to)).toBe(false);
    const restored = await annals(['restore', '--same-history', `${to}.partial`], settings(data));
    expect(restored).toMatchObject({ code: 2, stderr: expect.stringContaining('BACKUP_INVALID') });
    // The PostgreSQL that it had started may still be ending; who comes next waits for it.
    const again = await annals(['backup', to], settings(data));
    expect(again).toMatchObject({ code: 2, stderr: expect.stringMatching(/DATA_EXISTS[\s\S]*interrupted/) });
    await rm(`${to}.partial`, { recursive: true });
    const offline = await annals(['backup', to], settings(data));
    expect(offline, offline.stderr).toMatchObject({ code: 0 });
    const log = JSON.parse(await readFile(join(to, 'backup.json'), 'utf8')).logs[0];
    expect(log).toMatchObject({ oldest: 0, newest: after.length - 1, entries: after.length });
  }, 90_000);

  it('a restore leaves nothing that a server starts on, and can be repeated', async () => {
    await using fresh = await newDataDirectory();
    const program = startProgram(['restore', '--same-history', whole], settings(fresh));
    const restoring = async () => (await readdir(fresh.path)).includes('cluster.restoring');
    await expect.poll(restoring, { timeout: 30_000, interval: 1 }).toBe(true);
    program.child.kill('SIGKILL');
    await program.ended;
    const refused = await annals(['serve'], { ...settings(fresh), PORT: '0' });
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringMatching(/EMBEDDED_FAILED.*interrupted/) });
    expect(await annals(['restore', '--same-history', whole], settings(fresh))).toMatchObject({ code: 0 });
    await served(fresh, async (url) => {
      expect((await readLog(url, tokens.owner)).length).toBeGreaterThanOrEqual(before.length);
    });
  }, 90_000);
});

async function flip(path: string, at: number): Promise<void> {
  await using file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  byte[0] = (byte[0] ?? 0) ^ 0xff;
  await file.write(byte, 0, 1, at);
}

describe('refused', () => {
  const damages: readonly [what: string, damage: (copy: string) => Promise<void>, code: string][] = [
    ['one changed byte', async (copy) => flip(join(copy, 'base.tar.gz'), 100_000), 'BACKUP_INVALID'],
    [
      'a shorter archive',
      async (copy) => {
        await using file = await open(join(copy, 'base.tar.gz'), 'r+');
        await file.truncate(50_000);
      },
      'BACKUP_INVALID',
    ],
    ['no archive', async (copy) => rm(join(copy, 'base.tar.gz')), 'BACKUP_INVALID'],
    ['another manifest', async (copy) => flip(join(copy, 'manifest.json'), 500), 'BACKUP_INVALID'],
    ['no description', async (copy) => rm(join(copy, 'backup.json')), 'BACKUP_INVALID'],
    ['half a description', async (copy) => writeFile(join(copy, 'backup.json'), '{"format": 1,'), 'BACKUP_INVALID'],
    [
      'another PostgreSQL',
      async (copy) => edit(copy, (text) => text.replace('"postgres": 18', '"postgres": 12')),
      'EMBEDDED_VERSION',
    ],
    [
      'a newer Annals',
      async (copy) => edit(copy, (text) => text.replace('"migrations": [', '"migrations": ["29990101000000_later",')),
      'SCHEMA_NEWER',
    ],
  ];
  const edit = async (copy: string, change: (text: string) => string) => {
    const path = join(copy, 'backup.json');
    await writeFile(path, change(await readFile(path, 'utf8')));
  };

  it.each(damages)('%s: before anything is put in place', async (_, damage, code) => {
    const copy = await mkdtemp(join(directory, 'damaged-'));
    await cp(whole, copy, { recursive: true });
    await damage(copy);
    await using fresh = await newDataDirectory();
    const options = { dataDirectory: fresh.path, from: copy, acceptFork: false, log: () => {} };
    await expect(restore(options)).rejects.toMatchObject({ code });
    expect(existsSync(join(fresh.path, 'cluster'))).toBe(false);
  });

  it('logs that are not what they were', async () => {
    const copy = await mkdtemp(join(directory, 'other-'));
    await cp(whole, copy, { recursive: true });
    await edit(copy, (text) =>
      text.replace(/"entries": (\d+)/, (_all, count: string) => `"entries": ${Number(count) + 1}`),
    );
    await using fresh = await newDataDirectory();
    const options = { dataDirectory: fresh.path, from: copy, acceptFork: false, log: () => {} };
    const message = expect.stringMatching(/^The restored database is not what was backed up: the log of/);
    await expect(restore(options)).rejects.toMatchObject({ code: 'BACKUP_INVALID', message });
  });

  it('a place where data are', async () => {
    expect(await annals(['restore', '--same-history', whole], settings(data))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('DATA_EXISTS'),
    });
    expect(await annals(['backup', whole], settings(data))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('DATA_EXISTS'),
    });
    await using server = await startServer(settings(data));
    expect(server.url).toBeTruthy();
    expect((await annals(['restore', '--same-history', whole], settings(data))).stderr).toMatch(/EMBEDDED_IN_USE/);
  }, 90_000);

  it('a database whose pages are damaged: the backup fails, and leaves nothing', async () => {
    await using broken = await newDataDirectory();
    expect(await annals(['restore', '--same-history', whole], settings(broken))).toMatchObject({ code: 0 });
    const home = join(broken.path, 'cluster', 'base');
    const tables = await Promise.all(
      (await readdir(home)).map(async (one) => {
        const names = (await readdir(join(home, one))).filter((name) => /^\d+$/.test(name));
        const sizes = await Promise.all(names.map(async (name) => (await stat(join(home, one, name))).size));
        return names.map((name, index) => ({ path: join(home, one, name), size: sizes[index] ?? 0 }));
      }),
    );
    const largest = tables.flat().sort((one, other) => other.size - one.size)[0];
    await flip(largest?.path ?? '', 8192 + 4000);
    const to = join(directory, 'of-broken');
    const { code, stderr } = await annals(['backup', to], settings(broken));
    expect(stderr).toMatch(/BACKUP_FAILED: .*checksum/);
    expect(code).toBe(4);
    expect((await readdir(directory)).filter((name) => name.startsWith('of-broken'))).toEqual([]);
  }, 90_000);

  it('an outside database', async () => {
    const env = { ...settings(data), DATABASE_URL: 'postgresql://a@localhost/b' };
    for (const words of [
      ['backup', join(directory, 'x')],
      ['restore', '--same-history', whole],
    ]) {
      expect(await annals(words, env)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/DATABASE_URL[\s\S]*pg_dump/),
      });
    }
  });
});

describe('the comparison', () => {
  const manifest = Buffer.from(
    JSON.stringify({
      Files: [
        { Path: 'base/1', Size: 2, Checksum: 'aa' },
        { 'Encoded-Path': '6162', Size: 1, Checksum: 'bb' },
      ],
    }),
  );
  const right = new Map([
    ['base/1', { size: 2, checksum: 'aa' }],
    ['ab', { size: 1, checksum: 'bb' }],
    ['pg_wal/000000010000000000000001', { size: 3, checksum: 'cc' }],
  ]);
  it('names files that are missing, damaged or too many', () => {
    expect(compareManifest(manifest, right)).toEqual([]);
    const wrong = new Map([
      ['base/1', { size: 2, checksum: 'ab' }],
      ['global/9', { size: 0, checksum: '' }],
    ]);
    expect(compareManifest(manifest, wrong)).toEqual([
      'base/1 is damaged',
      'ab is missing',
      'global/9 does not belong there',
    ]);
  });

  const log = { organization: 'o', generation: 1, oldest: 10, newest: 20, entries: 11, leaf: 'ff' };
  it.each([
    ['the same', log, []],
    ['what was cleared before the end of the backup', { ...log, oldest: 5, entries: 16 }, []],
    ['a hole', { ...log, entries: 10 }, 1],
    ['another newest entry', { ...log, leaf: '00' }, 1],
    ['another generation', { ...log, generation: 2 }, 1],
    ['a shorter log', { ...log, entries: 9, leaf: null }, 1],
  ])('of logs: %s', (_, found, expected) => {
    expect(compareFacts([log], [found])).toHaveLength(Array.isArray(expected) ? 0 : expected);
  });
  it('of logs: none', () => {
    expect(compareFacts([log], [])).toHaveLength(1);
  });
});
