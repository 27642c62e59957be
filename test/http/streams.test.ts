/** Streams over server-sent events and WebSocket: order, back-pressure, ends. Tests wait for what the streams counted. */
import { connect, type Socket } from 'node:net';
import { createClient } from 'graphql-ws';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { openTestHttp, send, type TestHttp } from './support.ts';

let server: TestHttp;
afterEach(() => server[Symbol.asyncDispose]());

const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 10 });
const json = { 'content-type': 'application/json', accept: 'text/event-stream' };
const body = (query: string) => JSON.stringify({ query });
const events = (query: string) =>
  send(server.http.port, { method: 'POST', path: '/graphql', headers: json }, body(query));

function client(options: Record<string, unknown> = {}) {
  const url = `ws://127.0.0.1:${server.http.port}/graphql`;
  return createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, lazy: true, ...options });
}

/** A raw event stream that the test reads, or does not. */
function openRawEvents(query: string): Socket {
  const socket = connect(server.http.port, '127.0.0.1');
  const text = body(query);
  socket.on('error', () => {});
  socket.write(
    `POST /graphql HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\ncontent-type: application/json\r\n` +
      `content-length: ${text.length}\r\n\r\n${text}`,
  );
  return socket;
}

/** A text frame from a client: masked, here with zeros, and of less than 126 bytes. */
function frame(message: object): Buffer {
  const text = JSON.stringify(message);
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}

/** A raw WebSocket that is acknowledged, sends the messages, and reads no more. */
function openRawSocket(...messages: object[]): Socket {
  const socket = connect(server.http.port, '127.0.0.1');
  let read = '';
  socket.on('error', () => {});
  socket.write(
    'GET /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n' +
      'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n',
  );
  socket.once('data', () => socket.write(frame({ type: 'connection_init' })));
  const onData = (chunk: Buffer) => {
    read += chunk.toString('latin1');
    if (!read.includes('connection_ack')) return;
    socket.off('data', onData);
    socket.pause();
    for (const message of messages) socket.write(frame(message));
  };
  socket.on('data', onData);
  return socket;
}

const subscribe = (query: string, id = 'a') => ({ type: 'subscribe', id, payload: { query } });

test('server-sent events come in order and end', async () => {
  server = await openTestHttp();
  const answer = await events('subscription { ticks(count: 3) }');
  const got = [...answer.body.matchAll(/^data: (.+)$/gm)].map(([, data]) => JSON.parse(data ?? '').data.ticks);
  expect(got).toEqual(['1', '2', '3']);
  expect(answer.body.endsWith('event: complete\ndata:\n\n')).toBe(true);
  expect(server.counters.open).toBe(0);
});

test('messages over WebSocket come in order and end', async () => {
  server = await openTestHttp();
  const got: unknown[] = [];
  for await (const { data } of client().iterate({ query: 'subscription { ticks(count: 3) }' })) got.push(data?.ticks);
  expect(got).toEqual(['1', '2', '3']);
  expect(server.counters.open).toBe(0);
});

describe.each(['SSE', 'WebSocket'])('over %s', (transport) => {
  const ask = async (query: string): Promise<{ errors?: { message: string; extensions: { code: string } }[] }[]> => {
    if (transport === 'SSE') {
      const answer = await events(query);
      const parts = [...answer.body.matchAll(/^data: (.+)$/gm)].map(([, data]) => JSON.parse(data ?? ''));
      return parts.length > 0 ? parts : [JSON.parse(answer.body)];
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const got: { errors?: { message: string; extensions: { code: string } }[] }[] = [];
    client().subscribe(
      { query },
      {
        next: (result) => void got.push(result as (typeof got)[number]),
        error: (errors) => {
          got.push({ errors: errors as { message: string; extensions: { code: string } }[] });
          resolve();
        },
        complete: resolve,
      },
    );
    await promise;
    return got;
  };

  test('a stream that is refused says why', async () => {
    server = await openTestHttp();
    const [answer] = await ask('subscription { refused }');
    expect(answer?.errors?.[0]).toMatchObject({
      message: 'The cursor is not one of ours.',
      extensions: { code: 'BAD_CURSOR' },
    });
  });

  test('a stream that breaks ends with a masked error', async () => {
    server = await openTestHttp();
    const answers = await ask('subscription { failing }');
    expect(answers).toHaveLength(2);
    expect(answers[1]?.errors?.[0]?.extensions.code).toBe('INTERNAL');
    expect(JSON.stringify(answers)).not.toContain('hunter2');
  });

  test('a client that does not read stops the source, and is disconnected in the end', async () => {
    server = await openTestHttp({ bounds: { stallMs: 1500, bufferBytes: 100_000 } });
    const size = 50_000;
    const query = `subscription { ticks(count: 100000, size: ${size}) }`;
    const socket = transport === 'SSE' ? openRawEvents(query) : openRawSocket(subscribe(query));
    if (transport === 'SSE') socket.pause();
    await until(() => expect(server.counters.pulls).toBeGreaterThan(2));
    // The kernel’s buffers for a local connection are some megabytes; the source would have produced five thousand.
    await until(() => expect(server.counters.open).toBe(0));
    expect(server.counters.pulls * size).toBeLessThan(40_000_000);
    socket.destroy();
  });

  test('a client that goes away frees the source', async () => {
    server = await openTestHttp();
    const query = 'subscription { ticks }';
    const socket = transport === 'SSE' ? openRawEvents(query) : openRawSocket(subscribe(query));
    await until(() => expect(server.counters).toMatchObject({ open: 1, pulls: 1 }));
    socket.destroy();
    await until(() => expect(server.counters.open).toBe(0));
  });
});

test('a client that reads slowly, but reads, gets every event', async () => {
  server = await openTestHttp({ bounds: { stallMs: 2000, bufferBytes: 100_000 } });
  const socket = openRawEvents('subscription { ticks(count: 400, size: 50000) }');
  let bytes = 0;
  let end = '';
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    end = chunk.toString().slice(-40);
    socket.pause();
    setImmediate(() => socket.resume());
  });
  await until(() => expect(end).toContain('event: complete'));
  expect(bytes).toBeGreaterThan(400 * 50_000);
  socket.destroy();
});

test('a socket that is always behind, but reads, outlives the limit for those that do not', async () => {
  server = await openTestHttp({ bounds: { stallMs: 300, bufferBytes: 100_000 } });
  const socket = new WebSocket(`ws://127.0.0.1:${server.http.port}/graphql`, 'graphql-transport-ws');
  const closed = Promise.withResolvers<number>();
  const began = performance.now();
  let received = 0;
  socket.on('close', closed.resolve);
  socket.on('open', () => {
    socket.send(JSON.stringify({ type: 'connection_init' }));
  });
  socket.once('message', () => {
    socket.send(JSON.stringify(subscribe('subscription { ticks(count: 1000000, size: 50000) }')));
  });
  socket.on('message', () => {
    received += 1;
    // Behind for five times the limit, then gone.
    if (performance.now() - began > 1500) socket.close(1000);
    socket.pause();
    setImmediate(() => socket.resume());
  });
  expect(await closed.promise).toBe(1000);
  expect(received).toBeGreaterThan(100);
  await until(() => expect(server.counters.open).toBe(0));
});

test('a client that asks on and on without reading its answers is disconnected', async () => {
  server = await openTestHttp({ bounds: { closeMs: 100 } });
  const socket = openRawSocket();
  const closed = Promise.withResolvers<void>();
  let asked = 0;
  socket.once('close', () => closed.resolve());
  const more = (error?: Error | null) => {
    if (error || socket.destroyed) return;
    const asks = Array.from({ length: 1000 }, () => frame(subscribe('{ no_such_field }', String(asked++))));
    socket.write(Buffer.concat(asks), more);
  };
  await until(() => expect(socket.isPaused()).toBe(true));
  more();
  await closed.promise;
  expect(asked).toBeLessThan(200_000);
});

test('completing an operation frees its source and leaves the socket open', async () => {
  server = await openTestHttp();
  const one = client();
  const stream = one.iterate({ query: 'subscription { ticks }' });
  const pending = stream.next();
  await until(() => expect(server.counters.open).toBe(1));
  await stream.return?.();
  await pending;
  await until(() => expect(server.counters.open).toBe(0));
  await one.dispose();
});

test('one operation too many on a socket is refused, the others go on', async () => {
  server = await openTestHttp({ subscriptionsPerSocket: 3 });
  const one = client();
  const codes: unknown[] = [];
  const error = (errors: unknown) => {
    if (Array.isArray(errors)) codes.push(errors[0].extensions.code);
  };
  for (let i = 0; i < 4; i++) {
    one.subscribe({ query: 'subscription { ticks }' }, { next: () => {}, error, complete: () => {} });
  }
  await until(() => expect(codes).toEqual(['OVERLOADED']));
  expect(server.counters.open).toBe(3);
  await one.dispose();
});

test('the credential may come as a header of the upgrade or in connection_init, in either case', async () => {
  server = await openTestHttp();
  const url = `ws://127.0.0.1:${server.http.port}/graphql`;
  class WithHeader extends WebSocket {
    constructor(address: string, protocols: string) {
      super(address, protocols, { headers: { authorization: 'Bearer reader-token' } });
    }
  }
  const header = createClient({ url, webSocketImpl: WithHeader });
  const upper = client({ connectionParams: { Authorization: 'Bearer reader-token' } });
  for (const one of [header, upper]) {
    const { value } = await one.iterate({ query: '{ who }' }).next();
    expect(value).toEqual({ data: { who: 'reader' } });
    await one.dispose();
  }
});

test('a token revoked while the socket is open is refused at the next operation', async () => {
  server = await openTestHttp();
  const closed = Promise.withResolvers<unknown>();
  const one = client({
    lazy: false,
    connectionParams: { authorization: 'Bearer reader-token' },
    onNonLazyError: () => {},
  });
  one.on('closed', closed.resolve);
  expect((await one.iterate({ query: '{ who }' }).next()).value).toEqual({ data: { who: 'reader' } });
  server.revoked.add('reader-token');
  await expect(one.iterate({ query: '{ who }' }).next()).rejects.toMatchObject({ code: 4401 });
  expect(await closed.promise).toMatchObject({ code: 4401, reason: expect.stringContaining('UNAUTHENTICATED') });
});

test('a socket that never introduces itself is closed', async () => {
  server = await openTestHttp({ bounds: { connectionInitMs: 50 } });
  const socket = new WebSocket(`ws://127.0.0.1:${server.http.port}/graphql`, 'graphql-transport-ws');
  const closed = Promise.withResolvers<number>();
  socket.on('close', closed.resolve);
  expect(await closed.promise).toBe(4408);
});

test('a message that is not finished is held up to the caller’s limit only', async () => {
  server = await openTestHttp({ bodyBytes: 1000, recordBodyBytes: 10_000_000, bounds: { closeMs: 100 } });
  const socket = new WebSocket(`ws://127.0.0.1:${server.http.port}/graphql`, 'graphql-transport-ws');
  const closed = Promise.withResolvers<number>();
  socket.on('close', closed.resolve);
  socket.on('error', () => {});
  socket.on('open', () => {
    socket.send('x'.repeat(500_000), { fin: false });
  });
  expect(await closed.promise).toBe(1009);
});

describe('stopping', () => {
  test('ends every stream with SERVER_STOPPING and frees it', async () => {
    server = await openTestHttp();
    const closed = Promise.withResolvers<unknown>();
    const one = client({ lazy: false, onNonLazyError: () => {} });
    one.on('closed', closed.resolve);
    one.subscribe({ query: 'subscription { ticks }' }, { next: () => {}, error: () => {}, complete: () => {} });
    const stream = events('subscription { ticks }');
    await until(() => expect(server.counters.pulls).toBe(2));
    await server.http[Symbol.asyncDispose]();
    expect((await stream).body).toMatch(/event: next\ndata: .*SERVER_STOPPING.*\n\nevent: complete\ndata:\n\n$/);
    expect(await closed.promise).toMatchObject({ code: 1012 });
    expect(server.counters.open).toBe(0);
  });

  test('lets what is under way answer, over HTTP and WebSocket, and takes nothing new', async () => {
    server = await openTestHttp();
    const { port } = server.http;
    const headers = { 'content-type': 'application/json' };
    const over = send(port, { method: 'POST', path: '/graphql', headers }, body('mutation { held }'));
    const socket = client().iterate({ query: 'mutation { held }' }).next();
    await until(() => expect(server.gate.entered).toBe(2));
    const disposed = server.http[Symbol.asyncDispose]();
    await expect(send(port, { path: '/health/live' })).rejects.toThrow('ECONNREFUSED');
    server.gate.open();
    expect((await over).body).toBe('{"data":{"held":"released"}}');
    expect((await socket).value).toEqual({ data: { held: 'released' } });
    await disposed;
  });

  test('takes no longer than its bound, whatever hangs', async () => {
    server = await openTestHttp({ bounds: { stopMs: 300 } });
    const headers = { 'content-type': 'application/json' };
    const over = send(server.http.port, { method: 'POST', path: '/graphql', headers }, body('mutation { held }'));
    const stuck = openRawSocket(subscribe('subscription { ticks }'));
    await until(() => expect(server.gate.entered + server.counters.open).toBe(2));
    await server.http[Symbol.asyncDispose]();
    await expect(over).rejects.toThrow();
    await until(() => expect(server.counters.open).toBe(0));
    stuck.destroy();
  });

  test('leaves no handle behind', async () => {
    const count = () => process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout|Immediate/.test(kind)).length;
    const before = count();
    server = await openTestHttp({ bounds: { closeMs: 100 } });
    await events('subscription { ticks(count: 2) }');
    const socket = openRawSocket(subscribe('subscription { ticks }'));
    await until(() => expect(server.counters.open).toBe(1));
    await server.http[Symbol.asyncDispose]();
    socket.destroy();
    await until(() => expect(count()).toBeLessThanOrEqual(before));
  });
});
