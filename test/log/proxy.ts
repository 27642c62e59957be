/** Stands between the app and PostgreSQL: loses a request, or a reply on the way back, holds back notifications, or goes silent. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface DatabaseProxy extends AsyncDisposable {
  /** The database’s address through this proxy. */
  through(url: string): string;
  /**
   * The next request whose bytes contain the text reaches the server; what the server answers is swallowed up to its
   * end (ReadyForQuery), and then the connection breaks.
   */
  loseReplyTo(text: string): void;
  /** The next request whose bytes contain the text does not reach the server: the connection breaks before. */
  loseRequest(text: string): void;
  /** How many requests and replies were lost. */
  readonly lost: number;
  /** How many notifications were held back. */
  readonly notifications: number;
  /** From now on nothing passes in either direction, and nothing breaks: as a network that went away, or a stopped server. */
  freeze(): void;
  /** Freezes as soon as a request whose bytes contain the text has come; it does not pass. */
  freezeAt(text: string): void;
  readonly frozen: boolean;
  /** Lets through what was held back, and what follows. */
  thaw(): void;
}

const socketName = '.s.PGSQL.5432';
/** ReadyForQuery, whether outside a transaction or inside one. */
const ready = Buffer.from([0x5a, 0, 0, 0, 5]);
/** NotificationResponse. */
const notification = 'A'.charCodeAt(0);

/** Takes the notifications out of what a server sends: messages of a letter and a length that counts itself. */
function withoutNotifications(onNotification: () => void): (bytes: Buffer) => Buffer {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const passed: Buffer[] = [];
    while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
      const end = 1 + rest.readUInt32BE(1);
      if (rest[0] === notification) onNotification();
      else passed.push(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    return Buffer.concat(passed);
  };
}

export async function openProxy(
  socketDirectory: string,
  options: { readonly notifications?: boolean } = {},
): Promise<DatabaseProxy> {
  const directory = await mkdtemp(join(tmpdir(), 'annals-proxy-'));
  await chmod(directory, 0o700);
  const sockets = new Set<Socket>();
  let marker: string | null = null;
  let requests: string | null = null;
  let lost = 0;
  let notifications = 0;
  let frozen = false;
  let freezer: string | null = null;
  let held: (() => void)[] = [];
  const pass = (deliver: () => void) => {
    if (frozen) held.push(deliver);
    else deliver();
  };

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
      if (requests !== null && bytes.includes(requests)) {
        requests = null;
        lost++;
        return end();
      }
      if (marker !== null && bytes.includes(marker)) {
        losing = true;
        marker = null;
      }
      if (freezer !== null && bytes.includes(freezer)) {
        frozen = true;
        freezer = null;
      }
      pass(() => far.write(bytes));
    });
    const filter =
      options.notifications === false ? withoutNotifications(() => notifications++) : (bytes: Buffer) => bytes;
    far.on('data', (bytes) => {
      if (!losing) {
        const kept = filter(bytes);
        pass(() => near.write(kept));
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
    loseRequest(text) {
      requests = text;
    },
    get lost() {
      return lost;
    },
    get notifications() {
      return notifications;
    },
    freeze() {
      frozen = true;
    },
    freezeAt(text) {
      freezer = text;
    },
    get frozen() {
      return frozen;
    },
    thaw() {
      frozen = false;
      const waiting = held;
      held = [];
      for (const deliver of waiting) deliver();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
}
