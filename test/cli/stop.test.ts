/** The real program, asked to stop while everybody writes and watches. */
import { request } from 'node:http';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { socketUrl } from '../../src/store/embedded.ts';
import { type DataDirectory, newDataDirectory, type Server, startServer } from '../support/program.ts';
import { headCursor, readLog, startWriters } from '../support/traffic.ts';
import { createOrganization, type Tokens } from '../support/world.ts';

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
const patient = { timeout: 30_000, interval: 10 };
const entry = (caller: number) => ({ action: 'passwork.item_viewed', actor: { id: `user-${caller}` } });
const query = 'subscription ($after: String) { logAdded(after: $after) { entries { id } cursor notice { code } } }';

interface Batch {
  readonly entries: readonly { readonly id: string }[];
  readonly cursor: string;
  readonly notice: { readonly code: string } | null;
}

/** One stream without a client library that would connect again, and how it ended. */
interface Stream {
  readonly batches: Batch[];
  readonly ended: Promise<string>;
}

function overWebSocket(after: string): Stream {
  const batches: Batch[] = [];
  const types: string[] = [];
  const socket = new WebSocket(server.url.replace('http', 'ws'), 'graphql-transport-ws');
  socket.on('error', () => {});
  socket.on('open', () => {
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${tokens.owner}` } }));
  });
  socket.on('message', (data) => {
    const { type, payload } = JSON.parse(data.toString());
    types.push(type);
    if (type === 'connection_ack')
      socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query, variables: { after } } }));
    if (type === 'next') batches.push(payload.data.logAdded);
  });
  const ended = new Promise<string>((resolve) => {
    socket.on('close', (code) => resolve(types.includes('complete') ? 'complete' : `closed ${code}`));
  });
  return { batches, ended };
}

function overEvents(after: string): Stream {
  const batches: Batch[] = [];
  const ended = new Promise<string>((resolve) => {
    const headers = {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: `Bearer ${tokens.owner}`,
    };
    const call = request(server.url, { method: 'POST', headers }, (response) => {
      let text = '';
      let code = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const events = text.split('\n\n');
        text = events.pop() ?? '';
        for (const event of events) {
          const json = /^data: (\{.*)$/m.exec(event)?.[1];
          if (json === undefined) continue;
          const { data: result, errors } = JSON.parse(json);
          if (errors) code = errors[0].extensions.code;
          else batches.push(result.logAdded);
        }
      });
      response.on('end', () => resolve(code === '' ? 'end' : code));
      response.on('error', () => resolve('broken'));
    });
    call.on('error', () => resolve('broken'));
    call.end(JSON.stringify({ query, variables: { after } }));
  });
  return { batches, ended };
}

it('loses nothing that it acknowledged, and gives every stream its last cursor', async () => {
  const before = await readLog(server.url, tokens.owner);
  const from = await headCursor(server.url, tokens.owner);
  const streams = [...Array(6)].flatMap(() => [overWebSocket(from), overEvents(from)]);
  await using writers = startWriters(address, tokens.integration, { callers: 6, entry });
  await expect.poll(() => writers.acknowledged.size, patient).toBeGreaterThan(100);
  await expect.poll(() => Math.min(...streams.map(({ batches }) => batches.length)), patient).toBeGreaterThan(3);

  expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  const ends = await Promise.all(streams.map(({ ended }) => ended));
  expect(ends.filter((_, index) => index % 2 === 0)).toEqual(Array(6).fill('closed 1012'));
  expect(ends.filter((_, index) => index % 2 === 1)).toEqual(Array(6).fill('SERVER_STOPPING'));
  for (const { batches } of streams) {
    expect(batches.at(-1)).toMatchObject({
      entries: [],
      cursor: expect.any(String),
      notice: { code: 'SERVER_STOPPING' },
    });
  }

  server = await startServer(env);
  await expect.poll(() => writers.acknowledged.size, patient).toBeGreaterThan(200);
  await writers.stop();
  const log = (await readLog(server.url, tokens.owner)).slice(before.length).map(({ id }) => id);
  expect(log.toSorted()).toEqual([...writers.acknowledged.values()].toSorted());
  for (const code of writers.errors.keys()) expect(['UNAVAILABLE', 'SERVER_STOPPING']).toContain(code);

  // What each stream got, and what follows its last cursor, is the log: no gap, no repeat.
  for (const { batches } of streams) {
    const resumed = overWebSocket(batches.at(-1)?.cursor ?? '');
    const got = () => [...batches, ...resumed.batches].flatMap(({ entries }) => entries.map(({ id }) => id));
    await expect.poll(() => got().length, patient).toBeGreaterThanOrEqual(log.length);
    expect(got()).toEqual(log);
  }
}, 90_000);

it('commits what is under way before it ends; a second signal ends it at once, and still nothing is lost', async () => {
  await using writers = startWriters(address, tokens.integration, { callers: 3, entry });
  await expect.poll(() => writers.acknowledged.size, patient).toBeGreaterThan(20);
  const socket = (await data.socketDirectory()) ?? '';
  const locking = new pg.Client({ connectionString: socketUrl('postgres', 'annals', socket) });
  locking.on('error', () => {});
  await locking.connect();
  await locking.query('begin');
  await locking.query('select from log_head for update');
  const waits = async () => {
    const { rows } = await locking.query("select 1 from pg_stat_activity where wait_event_type = 'Lock'");
    return rows.length;
  };
  await expect.poll(waits, patient).toBeGreaterThan(0);

  // The batch that waits for the lock keeps it from ending; the next signal does not wait.
  server.child.kill('SIGTERM');
  await expect.poll(() => server.output.stderr, patient).toContain('"stopping"');
  expect(await waits()).toBeGreaterThan(0);
  expect(server.child.exitCode).toBe(null);
  expect(await server.kill('SIGINT')).toEqual({ code: null, signal: 'SIGINT' });
  await locking.end().catch(() => {});

  server = await startServer(env);
  const goal = writers.acknowledged.size + 20;
  await expect.poll(() => writers.acknowledged.size, patient).toBeGreaterThan(goal);
  await writers.stop();
  const log = new Set((await readLog(server.url, tokens.owner)).map(({ id }) => id));
  expect([...writers.acknowledged.values()].filter((id) => !log.has(id))).toEqual([]);
}, 90_000);
