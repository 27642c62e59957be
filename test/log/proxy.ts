/** Stands between the app and PostgreSQL, to lose a reply on the way back. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ReplyProxy extends AsyncDisposable {
  /** The database’s address through this proxy. */
  through(url: string): string;
  /**
   * The next request whose bytes contain the text reaches the server; what the server answers is swallowed up to its
   * end (ReadyForQuery: the transaction is over), and then the connection breaks.
   */
  loseReplyTo(text: string): void;
  /** How many replies were lost. */
  readonly lost: number;
}

const socketName = '.s.PGSQL.5432';
/** ReadyForQuery, outside a transaction. */
const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

export async function openProxy(socketDirectory: string): Promise<ReplyProxy> {
  const directory = await mkdtemp(join(tmpdir(), 'annals-proxy-'));
  await chmod(directory, 0o700);
  const sockets = new Set<Socket>();
  let marker: string | null = null;
  let lost = 0;

  const server = createServer((near) => {
    const far = createConnection(join(socketDirectory, socketName));
    let losing = false;
    const end = () => {
      near.destroy();
      far.destroy();
      sockets.delete(near);
    };
    sockets.add(near);
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
    near.on('data', (bytes) => {
      if (marker !== null && bytes.includes(marker)) {
        losing = true;
        marker = null;
      }
      far.write(bytes);
    });
    far.on('data', (bytes) => {
      if (!losing) {
        near.write(bytes);
      } else if (bytes.includes(ready)) {
        lost++;
        end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(join(directory, socketName), resolve));

  return {
    through(url) {
      const address = new URL(url);
      address.searchParams.set('host', directory);
      return address.href;
    },
    loseReplyTo(text) {
      marker = text;
    },
    get lost() {
      return lost;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
}
