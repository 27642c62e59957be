/** A database that lets everybody in and then says nothing more. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';

/** AuthenticationOk and ReadyForQuery, of PostgreSQL’s protocol. */
const welcome = Buffer.from('520000000800000000' + '5a0000000549', 'hex');
const silent = createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', () => socket.write(welcome));
});
const statementTimeoutMs = 50;

beforeAll(async () => {
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
});
afterAll(() => silent.close());

test.each([
  ['with connections of our own', false],
  ['with connections that a pooler lends', true],
])(
  '%s every statement fails in time, one of a transaction too, and the next is not kept waiting',
  async (_, pooled) => {
    const { port } = silent.address() as AddressInfo;
    await using database = openDatabase({
      url: `postgresql://annals@127.0.0.1:${port}/annals`,
      connections: 1,
      statementTimeoutMs,
      applicationName: 'test',
      pooled,
    });
    const lost = { code: 'UNAVAILABLE' };
    await Promise.all([
      expect(database.rows('select 1', [])).rejects.toMatchObject(lost),
      expect(database.transaction((runner) => runner.rows('select 2', []))).rejects.toMatchObject(lost),
    ]);
  },
);
