import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DataDirectory, newDataDirectory, type Server, startServer } from '../support/program.ts';
import { headCursor, readLog, startWatcher, startWriters, type Writers } from '../support/traffic.ts';
import { createOrganization, type Tokens, vaults } from '../support/world.ts';

let data: DataDirectory;
let env: { DATA_DIRECTORY: string; DEMO: string };
let tokens: Tokens;
let server: Server;

beforeAll(async () => {
  data = await newDataDirectory();
  env = { DATA_DIRECTORY: data.path, DEMO: 'off' };
  tokens = await createOrganization(env);
  server = await startServer(env);
});
afterAll(async () => {
  await server.kill('SIGTERM');
  await data[Symbol.asyncDispose]();
});

const address = () => server.url;
const patient = { timeout: 60_000, interval: 20 };

/** Waits until so many more entries were acknowledged. */
async function acknowledge(writers: Writers, more: number): Promise<void> {
  const goal = writers.acknowledged.size + more;
  await expect.poll(() => writers.acknowledged.size, patient).toBeGreaterThanOrEqual(goal);
}

/** The codes of faults that tell the caller to try again. */
const passing = ['OVERLOADED', 'SERVER_STOPPING', 'STATEMENT_TIMEOUT', 'UNAVAILABLE'];

/** Lets writers write and watchers watch through the faults, and then compares what each was told. */
async function survive(faults: readonly (() => Promise<void>)[]): Promise<void> {
  const before = await readLog(server.url, tokens.owner);
  const memberBefore = await readLog(server.url, tokens.member);
  await using everything = startWatcher(address, tokens.owner, await headCursor(server.url, tokens.owner));
  await using oneVault = startWatcher(address, tokens.member, await headCursor(server.url, tokens.member));
  await using writers = startWriters(address, tokens.integration, {
    callers: 6,
    entry: (caller, index) => ({
      action: 'passwork.item_viewed',
      actor: { id: `user-${caller}` },
      vault: { id: vaults[index % vaults.length] ?? vaults[0] },
      metadata: { index },
    }),
  });
  for (const fault of faults) {
    await acknowledge(writers, randomInt(50, 300));
    await fault();
    await acknowledge(writers, 50);
  }
  await writers.stop();

  const log = await readLog(server.url, tokens.owner);
  expect(log.map(({ position }) => Number(position))).toEqual(log.map((_, index) => index));
  const written = log.slice(before.length).map(({ id }) => id);
  expect(written.toSorted()).toEqual([...writers.acknowledged.values()].toSorted());
  for (const code of writers.errors.keys()) expect(passing).toContain(code);

  await expect.poll(() => everything.seen.length, patient).toBeGreaterThanOrEqual(written.length);
  expect(everything.seen).toEqual(written);
  const visible = (await readLog(server.url, tokens.member)).slice(memberBefore.length).map(({ id }) => id);
  await expect.poll(() => oneVault.seen.length, patient).toBeGreaterThanOrEqual(visible.length);
  expect(oneVault.seen).toEqual(visible);
  expect(visible.length).toBeGreaterThan(0);
  expect(visible.length).toBeLessThan(written.length);
}

describe('under writing load, with two subscribers that resume from their cursors', () => {
  it('a server that is killed loses nothing it acknowledged, and tells everyone everything once', async () => {
    const killServer = async () => {
      expect(await server.kill('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
      server = await startServer(env);
    };
    await survive([killServer, killServer]);
  }, 90_000);

  it('a PostgreSQL that is killed loses nothing either, and the server recovers by itself', async () => {
    const { pid } = server;
    const killPostgres = async () => {
      const [first = 0] = await data.postgres();
      process.kill(first, 'SIGKILL');
      await expect.poll(async () => (await data.postgres()).filter((one) => one === first), patient).toEqual([]);
    };
    const killBackend = async () => {
      // PostgreSQL answers the loss of any of its processes by ending all of them and recovering.
      process.kill((await data.postgres()).at(-1) ?? 0, 'SIGKILL');
    };
    await survive([killPostgres, killBackend, killPostgres]);
    expect(server.pid).toBe(pid);
    expect(server.child.exitCode).toBe(null);
  }, 90_000);
});
