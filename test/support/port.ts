import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port that somebody else listens on. */
export async function takePort(): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP address');
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

/** A port that nobody listens on now, for a program that cannot be asked which one it took. */
export async function freePort(): Promise<number> {
  await using taken = await takePort();
  return taken.port;
}
