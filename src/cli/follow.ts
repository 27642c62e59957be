/** A live stream that goes on from its last cursor whenever the connection, or the server, was away. */
import { setTimeout as delay } from 'node:timers/promises';
import { createClient, type Client as SocketClient } from 'graphql-ws/client';
import { AnnalsError, type ErrorCode, errorTable } from '../errors.ts';
import { isPassing, type ReplyError, replyError, type ServerAddress } from './client.ts';
import { type Entry, selectionOf } from './fields.ts';
import type { LogFilter } from './generated/graphql.ts';

export interface Batch {
  readonly entries: readonly Entry[];
  readonly cursor: string;
  readonly caughtUp: boolean;
  readonly notice: { readonly code: string; readonly message: string } | null;
}

export interface FollowRequest {
  readonly after: string;
  readonly filter: LogFilter | null;
  readonly fields: readonly string[];
}

export interface FollowEvents {
  /** The connection is lost, or could not be had again; told at each attempt. */
  onAway(error: AnnalsError): void;
  onBack(): void;
}

/** First and longest wait between attempts, in milliseconds. */
const pauseMs = { first: 250, longest: 10_000 } as const;
/** How long the server may take to accept, and to answer a ping; and how often it is asked. In milliseconds. */
const answerMs = 10_000;
const pingMs = 10_000;

/**
 * Batches in the order of the log, from `after` on, each once, until aborted, or until the server ends the stream for good:
 * the last batch then says why in its notice. Throws what waiting does not cure, such as BAD_CURSOR.
 */
export async function* follow(
  server: ServerAddress,
  request: FollowRequest,
  signal: AbortSignal,
  events: FollowEvents,
): AsyncGenerator<Batch, void, void> {
  let { after } = request;
  let away = false;
  let pause: number = pauseMs.first;
  while (!signal.aborted) {
    try {
      for await (const batch of connection(server, { ...request, after }, signal)) {
        if (away) events.onBack();
        away = false;
        pause = pauseMs.first;
        after = batch.cursor;
        if (batch.notice?.code === 'SERVER_STOPPING') throw new AnnalsError('SERVER_STOPPING');
        yield batch;
      }
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (!isPassing(error)) throw error;
      away = true;
      events.onAway(error);
      // Not all at once: those that a server lost would all come back in the same moment.
      const wait = Math.max(pause * (0.5 + Math.random() / 2), error.retryAfterMs ?? 0);
      await delay(wait, undefined, { signal }).catch(() => {});
    }
    pause = Math.min(pause * 2, pauseMs.longest);
  }
}

interface BatchResult {
  readonly data?: { readonly logAdded: Batch } | null;
  readonly errors?: readonly ReplyError[];
}

/** One connection’s batches; ends where the server completes the stream, and throws where the connection breaks. */
async function* connection(
  server: ServerAddress,
  { after, filter, fields }: FollowRequest,
  signal: AbortSignal,
): AsyncGenerator<Batch, void, void> {
  const query =
    'subscription ($after: String, $filter: LogFilter) { logAdded(after: $after, filter: $filter) { ' +
    `entries { ${selectionOf(fields)} } cursor caughtUp notice { code message } } }`;
  const { client, release } = openSocket(server);
  const results = client.iterate<BatchResult['data'] & object>({ query, variables: { after, filter } });
  const end = () => void results.return?.();
  signal.addEventListener('abort', end);
  const aborted = new Promise<null>((resolve) => {
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
  try {
    while (!signal.aborted) {
      // The library’s iterator does not wake from waiting when it is returned.
      const next = await Promise.race([results.next(), aborted]);
      if (next === null || next.done === true) return;
      const { data, errors } = next.value as BatchResult;
      const [error] = errors ?? [];
      if (error !== undefined) throw replyError(error);
      if (!data) throw new AnnalsError('INTERNAL', { message: 'The server delivered neither entries nor an error.' });
      yield data.logAdded;
    }
  } catch (error) {
    throw faultOf(error, server.url);
  } finally {
    signal.removeEventListener('abort', end);
    end();
    release();
  }
}

/** A socket that is given up when it is silent, which the operating system notices much later or never. */
function openSocket({ url, token }: ServerAddress): { client: SocketClient; release: () => void } {
  let patience: NodeJS.Timeout | undefined;
  const wait = () => {
    clearTimeout(patience);
    patience = setTimeout(() => client.terminate(), answerMs);
  };
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
    lazyCloseTimeout: 0,
    keepAlive: pingMs,
    on: {
      connecting: wait,
      connected: () => clearTimeout(patience),
      ping: (received) => (received ? undefined : wait()),
      pong: () => clearTimeout(patience),
    },
  });
  const release = () => {
    clearTimeout(patience);
    void client.dispose();
  };
  return { client, release };
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

/** What broke a stream: errors of the operation, the reason that a server closed the socket with, or a lost connection. */
function faultOf(fault: unknown, url: string): AnnalsError {
  if (fault instanceof AnnalsError) return fault;
  if (Array.isArray(fault)) {
    const [first] = fault as ReplyError[];
    if (first !== undefined) return replyError(first);
  }
  const [, code = '', message] = /^([A-Z_]+): (.*)$/s.exec(String(memberOf(fault, 'reason') ?? '')) ?? [];
  if (code in errorTable) return new AnnalsError(code as ErrorCode, message === undefined ? {} : { message });
  // A close event has a code, and an error event of Node’s WebSocket mostly says nothing.
  const [closed, said] = [memberOf(fault, 'code'), memberOf(fault, 'message')];
  const why = typeof closed === 'number' ? ` (closed with ${closed})` : said ? ` (${String(said)})` : '';
  return new AnnalsError('UNAVAILABLE', {
    message: `There is no WebSocket to ${url}${why}.`,
    cure: 'Start the server, or let what stands before it pass WebSockets at /graphql.',
    cause: fault,
  });
}
