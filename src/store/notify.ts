import { Socket } from 'node:net';
import pg from 'pg';

/** The one channel: an empty notification says that some log or some rights changed. A hint only; the tables are the truth. */
const channel = 'annals';

export interface Hints extends AsyncDisposable {
  /** Whether hints of other processes arrive now. */
  readonly listening: boolean;
  /** Calls back after every hint, from this process or another, and whenever the connection was lost in between. */
  onHint(listener: () => void): Disposable;
  /** Tells every process. Never waits and never fails: what it may lose costs latency only. */
  send(): void;
}

/**
 * Between two hints, in milliseconds: while batches follow each other, one hint stands for several. This process’s own
 * readers are woken without it.
 */
const restMs = 5;
/** How long the server may take to say goodbye, in milliseconds. */
const goodbyeMs = 1000;
/** First and longest wait between attempts to listen again, in milliseconds. */
const retryMs = [100, 200, 500, 1000] as const;

/**
 * One listening connection per process, kept open; hints go out through the pool, one at a time. Without an address this
 * process hears nothing.
 */
export function openHints(url: string | null, pool: pg.Pool): Hints {
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  let client: pg.Client | null = null;
  let drop = () => {};
  let attempts = 0;
  let timer: NodeJS.Timeout | null = null;
  let closed = false;
  let listening = false;

  const again = () => {
    client = null;
    listening = false;
    if (closed || timer !== null) return;
    timer = setTimeout(
      () => {
        timer = null;
        void listen();
      },
      retryMs[Math.min(attempts++, retryMs.length - 1)],
    );
  };

  const listen = async () => {
    const socket = new Socket();
    const fresh = new pg.Client({
      connectionString: url ?? '',
      application_name: 'annals listen',
      keepAlive: true,
      connectionTimeoutMillis: 5000,
      stream: () => socket,
    });
    client = fresh;
    drop = () => socket.destroy();
    fresh.on('notification', tell);
    fresh.on('error', () => {});
    fresh.once('end', again);
    try {
      await fresh.connect();
      await fresh.query(`listen ${channel}`);
      attempts = 0;
      listening = true;
      tell();
    } catch {
      fresh.removeListener('end', again);
      await fresh.end().catch(() => {});
      again();
    }
  };
  if (url !== null) void listen();

  let rest: NodeJS.Timeout | undefined;
  let sending = false;
  let pending = false;
  const send = () => {
    pending = true;
    if (sending || closed) return;
    sending = true;
    pending = false;
    pool
      .query(`notify ${channel}`)
      .catch(() => {})
      .finally(() => {
        rest = setTimeout(() => {
          sending = false;
          if (pending) send();
        }, restMs);
      });
  };

  return {
    get listening() {
      return listening;
    },
    onHint(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => listeners.delete(listener) };
    },
    send,
    async [Symbol.asyncDispose]() {
      closed = true;
      listeners.clear();
      if (timer !== null) clearTimeout(timer);
      clearTimeout(rest);
      // A server that accepts connections and does not answer must not keep the process from ending.
      const bound = setTimeout(() => drop(), goodbyeMs);
      await client?.end().catch(() => {});
      clearTimeout(bound);
    },
  };
}
