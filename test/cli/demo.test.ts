import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openClient } from '../../src/cli/client.ts';
import { createDemoWorld } from '../../src/demo/demo.ts';
import { builtInRoles } from '../../src/model/role.ts';
import { serverRole, socketUrl } from '../../src/store/embedded.ts';
import { CountDocument, WhoAmIDocument } from '../generated/graphql.ts';
import { run } from '../store/embedded-support.ts';
import { takePort } from '../support/port.ts';
import {
  annals,
  checkout,
  type DataDirectory,
  newDataDirectory,
  type Server,
  startProgram,
  startServer,
} from '../support/program.ts';
import { headCursor, readLog, startWatcher } from '../support/traffic.ts';
import { objectsOf } from './support.ts';

const patient = { timeout: 60_000, interval: 20 };

interface DemoFile {
  readonly url: string;
  readonly principals: readonly { readonly role: string; readonly name: string; readonly token: string }[];
}

const demoFile = (data: DataDirectory) => join(data.path, 'demo.json');
const readDemo = async (data: DataDirectory): Promise<DemoFile> => JSON.parse(await readFile(demoFile(data), 'utf8'));
const tokenOf = (demo: DemoFile, role: string) => demo.principals.find((one) => one.role === role)?.token ?? '';

/** A server must leave neither a process nor the directory of its socket. */
async function stopsCleanly(server: Server, data: DataDirectory, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  const socket = await data.socketDirectory();
  expect(existsSync(socket ?? '')).toBe(true);
  expect(await server.kill(signal)).toEqual({ code: 0, signal: null });
  expect(await data.postgres()).toEqual([]);
  expect(existsSync(socket ?? '')).toBe(false);
}

describe('the demo', () => {
  let data: DataDirectory;
  beforeAll(async () => {
    data = await newDataDirectory();
  });
  afterAll(() => data[Symbol.asyncDispose]());

  it('is served on the next free port, for every built-in role, and keeps everything over a second start', async () => {
    await using taken = await takePort();
    const env = { DATA_DIRECTORY: data.path, PORT: String(taken.port) };
    const first = await startServer(env);
    const demo = await readDemo(data);
    const port = Number(new URL(first.url).port);
    expect(port).toBeGreaterThan(taken.port);
    expect(port).toBeLessThanOrEqual(taken.port + 100);
    expect((await stat(demoFile(data))).mode & 0o777).toBe(0o600);
    expect(Object.keys(demo)).toEqual(['url', 'principals']);
    expect(demo.url).toBe(first.url);
    expect(demo.principals.map(({ role }) => role)).toEqual(builtInRoles.map(({ key }) => key));
    for (const { role, name, token } of demo.principals) {
      expect(first.output.stdout).toContain(`{"authorization": "Bearer ${token}"}`);
      const { viewer } = await openClient({ url: first.url, token }).request(WhoAmIDocument, {});
      expect(viewer).toMatchObject({ name: role === 'INTEGRATION' ? expect.any(String) : name, role: { key: role } });
    }
    expect(first.output.stdout).toContain('npx annals organization create NAME');

    const owner = tokenOf(demo, 'OWNER');
    {
      await using watcher = startWatcher(() => first.url, owner, await headCursor(first.url, owner));
      await expect.poll(() => watcher.seen.length, patient).toBeGreaterThanOrEqual(2);
      // With a stream open.
      await stopsCleanly(first, data);
    }

    const second = await startServer(env);
    expect((await readDemo(data)).principals).toEqual(demo.principals);
    expect(second.output.stderr).not.toContain('Filling');
    const log = await readLog(second.url, owner);
    expect(log.map(({ position }) => Number(position))).toEqual(log.map((_, index) => index));
    expect(log.length).toBeGreaterThan(3000);
    await expect.poll(async () => (await readLog(second.url, owner)).length, patient).toBeGreaterThan(log.length);

    // Without ANNALS_URL the command line talks to the demo. Of somebody who has left, it knows what to rotate.
    const words = ['ask', 'opened', 'jonas.lindqvist', '--since', '60d', '--json'];
    const opened = objectsOf((await annals(words, { DATA_DIRECTORY: data.path })).stdout);
    expect(opened.filter(({ type, name }) => type === 'item' && name !== null).length).toBeGreaterThanOrEqual(27);
    const lines = await readFile(join(checkout, 'test/sources/fixtures/passwork-rfc5424.log'), 'utf8');
    const imported = await annals(['import', '--from', 'passwork', '-'], { DATA_DIRECTORY: data.path }, lines);
    expect(imported.stdout).toContain(`into Northwind Rail at ${second.url}`);
    await stopsCleanly(second, data, 'SIGINT');
  }, 90_000);

  it('is refused to a second server on the same data', async () => {
    const env = { DATA_DIRECTORY: data.path };
    await using _server = await startServer(env);
    const { code, stderr } = await annals(['serve'], { PORT: '0', ...env });
    expect(code).toBe(2);
    expect(stderr).toMatch(/EMBEDDED_IN_USE: Another Annals is using .*\nStop it, or set DATA_DIRECTORY/);
  }, 60_000);
});

it('a fill that was killed half-way is completed by the next start, without doubles', async () => {
  await using data = await newDataDirectory();
  const env = { DATA_DIRECTORY: data.path };
  const killed = startProgram(['serve'], { PORT: '0', ...env });
  const entries = async (): Promise<number> => {
    const directory = await data.socketDirectory().catch(() => null);
    if (directory === null) return 0;
    const url = socketUrl(serverRole, 'annals', directory);
    const [row] = await run(url, 'select count(*)::int as count from log_entry').catch(() => []);
    return (row as { count: number } | undefined)?.count ?? 0;
  };
  await expect.poll(entries, patient).toBeGreaterThan(100);
  killed.child.kill('SIGKILL');
  await killed.ended;
  expect(killed.output.stdout).toBe('');
  const { now }: { now: number } = JSON.parse(await readFile(join(data.path, 'demo.started.json'), 'utf8'));

  await using server = await startServer(env);
  expect(existsSync(join(data.path, 'demo.started.json'))).toBe(false);
  const owner = tokenOf(await readDemo(data), 'OWNER');
  const before = { filter: { recordedAt: { lt: new Date(now).toISOString() } } };
  const { logs } = await openClient({ url: server.url, token: owner }).request(CountDocument, before);
  expect(logs.totalCount).toBe(createDemoWorld({ now: new Date(now) }).entries.length);
  const log = await readLog(server.url, owner);
  expect(log.map(({ position }) => Number(position))).toEqual(log.map((_, index) => index));
}, 90_000);

it('two checkouts side by side do not collide, and DEMO=off means none', async () => {
  await using one = await newDataDirectory();
  await using other = await newDataDirectory();
  await using taken = await takePort();
  const env = { PORT: String(taken.port), DEMO: 'off' };
  await annals(['organization', 'create', 'One'], { ...env, DATA_DIRECTORY: one.path });
  const servers = await Promise.all([one, other].map((data) => startServer({ ...env, DATA_DIRECTORY: data.path })));
  expect(new Set(servers.map((server) => server.url)).size).toBe(2);
  expect(await one.socketDirectory()).not.toBe(await other.socketDirectory());
  for (const data of [one, other]) expect(existsSync(demoFile(data))).toBe(false);
  for (const server of servers) expect(server.output.stdout).toContain('No demo');
  await Promise.all(servers.map((server) => server.kill('SIGTERM')));
}, 90_000);
