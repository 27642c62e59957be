import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { newDataDirectory } from '../support/program.ts';
import { headCursor, readLog, startWatcher, startWriters } from '../support/traffic.ts';
import { createOrganization, vaults } from '../support/world.ts';
import type { Measure } from './server.ts';

/** How long the load lasts, after a tenth of it to warm up. */
const seconds = 120;
const callers = 4;
/** Between two requests of a caller, in milliseconds. */
const paceMs = 30;
const visitors = 4;

const mebibyte = 1024 * 1024;
/** Looks at what the server holds while the load lasts. */
const looks = 12;
/** What a server may hold at the end beyond what it held when it was warm. The load itself passes ten times as much. */
const bounds = { held: 32 * mebibyte, rss: 128 * mebibyte };

async function measure(server: ChildProcess): Promise<Measure> {
  server.send('measure');
  const [answer] = await once(server, 'message');
  return answer;
}

function median(measures: readonly Measure[], name: 'rss'): number {
  const sorted = measures.map((one) => one[name]).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** A socket that subscribes to everything from `after` on and then never reads. */
async function startSleeper(url: string, token: string, after: string): Promise<AsyncDisposable> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
  socket.on('error', () => {});
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
  await once(socket, 'message');
  const query =
    'subscription ($after: String) { logAdded(after: $after) { entries { id metadata description } cursor } }';
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables: { after } } }));
  await once(socket, 'message');
  socket.pause();
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(socket, 'close');
      socket.resume();
      socket.terminate();
      await closed;
    },
  };
}

it('stays within its memory under steady load, with subscribers that come and go and one that never reads', async () => {
  await using data = await newDataDirectory();
  const settings = {
    DATA_DIRECTORY: data.path,
    DEMO: 'off',
    PORT: '0',
    LIVE_BUFFER_ENTRIES: '2000',
    ACCESS_LOG: 'off',
  };
  const tokens = await createOrganization(settings);
  const server = fork(join(import.meta.dirname, 'server.ts'), [JSON.stringify(settings)], {
    execArgv: ['--expose-gc'],
  });
  const ended = once(server, 'exit');
  await using undo = new AsyncDisposableStack();
  undo.defer(async () => {
    if (server.connected) server.disconnect();
    await ended;
  });
  const [url]: string[] = await once(server, 'message');
  if (url === undefined) throw new Error('the server did not say where it is');
  const address = () => url;
  const start = await headCursor(url, tokens.owner);
  const databaseLog = () => readFile(join(data.path, 'postgres.log'), 'utf8');
  // What migrating an empty database says is of no interest.
  const started = await databaseLog();

  const visits: { seen: readonly string[]; token: string }[] = [];
  let leaving = false;
  const visit = async (index: number) => {
    for (let count = 0; !leaving; count++) {
      const token = (index + count) % 2 === 0 ? tokens.owner : tokens.member;
      await using watcher = startWatcher(address, token, await headCursor(url, token));
      while (watcher.seen.length < 50 && !leaving) await delay(paceMs);
      await watcher.stop();
      visits.push({ seen: watcher.seen, token });
    }
  };

  const sleeper = await startSleeper(url, tokens.owner, start);
  const writers = startWriters(address, tokens.integration, {
    callers,
    pace: () => delay(paceMs),
    entry: (caller, index) => ({
      action: 'passwork.item_viewed',
      actor: { id: `user-${caller}`, name: `User ${caller}` },
      vault: { id: vaults[index % vaults.length] ?? vaults[0] },
      targets: [{ type: 'item', id: `item-${index % 500}`, name: `Item ${index % 500}` }],
      metadata: { index, filling: 'x'.repeat(500) },
    }),
  });
  const stay = startWatcher(address, tokens.owner, start);
  const coming = Promise.all(Array.from({ length: visitors }, (_, index) => visit(index)));
  // Reported where it is awaited.
  coming.catch(() => {});

  await delay((seconds / 10) * 1000);
  const warm = await measure(server);
  const steady: Measure[] = [];
  while (steady.length < looks) {
    await delay((seconds * 1000) / looks);
    steady.push(await measure(server));
  }
  leaving = true;
  await Promise.all([writers.stop(), coming]);
  const log = (await readLog(url, tokens.owner)).map(({ id, position }) => ({ id, position: Number(position) }));
  await expect.poll(() => stay.seen.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(log.length);
  await stay.stop();
  await sleeper[Symbol.asyncDispose]();
  const streams = async () => (await measure(server)).streams;
  await expect.poll(streams, { timeout: 60_000, interval: 200 }).toBe(0);
  const end = await measure(server);
  const visible = (await readLog(url, tokens.member)).map(({ id }) => id);
  const said = (await databaseLog()).slice(started.length);
  server.disconnect();
  expect(await ended).toEqual([0, null]);

  expect(log.map(({ position }) => position)).toEqual(log.map((_, index) => index));
  expect(log.map(({ id }) => id).toSorted()).toEqual([...writers.acknowledged.values()].toSorted());
  expect(log.length).toBeGreaterThan(seconds * 10);
  const all = log.map(({ id }) => id);
  expect(stay.seen).toEqual(all);
  expect(visits.length).toBeGreaterThan(visitors);
  for (const { seen, token } of visits) {
    const whole = token === tokens.owner ? all : visible;
    const from = whole.indexOf(seen[0] ?? '');
    expect(seen).toEqual(seen.length === 0 ? [] : whole.slice(from, from + seen.length));
  }
  expect([...writers.errors.keys()]).toEqual([]);
  expect(end.complaints).toEqual([]);
  expect(said).not.toMatch(/ (ERROR|FATAL|PANIC): /);
  const inMebibytes = (all: readonly Measure[], name: 'held' | 'rss') =>
    all.map((one) => Math.round(one[name] / mebibyte)).join(' ');
  console.log(
    `${log.length} entries, ${visits.length} visits; held ${inMebibytes([warm, ...steady, end], 'held')} MiB, ` +
      `resident ${inMebibytes([warm, ...steady], 'rss')} MiB`,
  );
  expect(end.held - warm.held).toBeLessThan(bounds.held);
  // While the load lasts: reading the whole log back at the end is another load.
  expect(median(steady.slice(-looks / 3), 'rss') - median(steady.slice(0, looks / 3), 'rss')).toBeLessThan(bounds.rss);
});
