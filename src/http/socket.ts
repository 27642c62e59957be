/** One WebSocket as graphql-ws sees it: bounded in both directions, and closed when its client stops reading. */
import type { Duplex } from 'node:stream';
import type { WebSocket as ProtocolSocket } from 'graphql-ws';
import type { RawData, WebSocket } from 'ws';
import { AnnalsError, type ErrorCode, type ErrorInfo, errorInfo } from '../errors.ts';
import type { Bounds } from './options.ts';
import { openTurns } from './turns.ts';

/** Unanswered pings after which a client counts as gone. */
const missedPings = 3;

export interface SocketOptions {
  readonly bounds: Pick<Bounds, 'bufferBytes' | 'stallMs' | 'closeMs'>;
  /** Answers that may wait to be taken. */
  readonly answers: number;
  /** Bytes that a message may have now; it depends on who the caller turned out to be. */
  messageLimit(): number;
  /** What the pong to a ping with this payload carries; null for nothing. */
  answerPing(payload: unknown): Promise<Readonly<Record<string, unknown>> | null>;
  /** An error that a message caused and that no result can carry. */
  onFailure(error: unknown): void;
}

/** Closes with the error’s code and, as the reason, its code and message in at most 123 bytes. */
export function closeWith(socket: WebSocket, error: AnnalsError, closeMs: number): void {
  const reason = Buffer.from(`${error.code}: ${error.message}`)
    .subarray(0, 123)
    .toString('utf8')
    .replace(/\ufffd+$/, '');
  close(socket, closeMs, closeCode(error.code), reason);
}

/** A client that does not answer the close within `closeMs` is dropped. */
function close(socket: WebSocket, closeMs: number, code?: number, reason?: string): void {
  socket.close(code, reason);
  const impatient = setTimeout(() => socket.terminate(), closeMs);
  socket.once('close', () => clearTimeout(impatient));
}

/** Clients of graphql-ws connect again after 1013, and give up after 4400 and 4500. */
function closeCode(code: ErrorCode): number {
  const { ws, http }: ErrorInfo = errorInfo(code);
  if (ws !== undefined) return ws;
  if (http === 503) return 1013;
  return http >= 500 ? 4500 : 4400;
}

/**
 * `send` resolves at once while little waits in the socket, else when the client has taken what waited: graphql-ws asks a
 * stream for its next result only then. Reading goes on meanwhile, for the pongs that prove that a slow client is alive; one
 * that asks on and on without taking its answers is disconnected.
 */
export function openProtocolSocket(socket: WebSocket, stream: Duplex, options: SocketOptions): ProtocolSocket {
  const { bufferBytes, stallMs, closeMs } = options.bounds;
  const gone = Promise.withResolvers<void>();
  const turn = openTurns(bufferBytes);
  socket.once('close', () => gone.resolve());
  let messages: (data: string) => Promise<void> = async () => {};
  let waiting = 0;

  const write = (put: (done: () => void) => void): Promise<void> => {
    // Not at once: a source that always has more would never let the event loop get to the closing of the socket.
    if (socket.readyState !== socket.OPEN) return gone.promise;
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting += 1;
    if (waiting > options.answers) {
      socket.terminate();
      return gone.promise;
    }
    // The callback comes when these bytes and all before them have left, or never will; a broken socket closes by itself.
    put(() => {
      waiting -= 1;
      resolve();
    });
    return socket.bufferedAmount <= bufferBytes ? Promise.resolve() : promise;
  };

  const receive = (data: RawData, binary: boolean) => {
    const bytes = sizeOf(data);
    const limit = options.messageLimit();
    if (binary || bytes > limit) {
      const message = `A message has more than ${limit} bytes.`;
      closeWith(socket, binary ? notText() : new AnnalsError('BODY_TOO_LARGE', { message }), closeMs);
      return;
    }
    messages(data.toString()).catch((error: unknown) => options.onFailure(error));
  };

  watchPings(socket, stallMs);
  watchSize(socket, stream, options);
  socket.on('message', receive);
  socket.on('ping', (data) => void write((done) => socket.pong(data, false, done)));
  return {
    protocol: socket.protocol,
    send: async (data) => {
      await write((done) => socket.send(data, done));
      await turn(data.length);
    },
    // Never what the ping carried: an answer is not larger than it has to be.
    onPing: async (ping) => {
      const payload = await options.answerPing(ping);
      await write((done) => socket.send(JSON.stringify({ type: 'pong', ...(payload && { payload }) }), done));
    },
    close: (code, reason) => close(socket, closeMs, code, reason),
    onMessage: (callback) => {
      messages = callback;
    },
  };
}

const notText = () => new AnnalsError('BAD_INPUT', { message: 'Binary messages are not accepted; send text.' });

const sizeOf = (data: RawData): number =>
  Array.isArray(data) ? data.reduce((sum, part) => sum + part.length, 0) : data.byteLength;

/** A pong proves that the client read everything sent before the ping; without one for `stallMs` the client is gone. */
function watchPings(socket: WebSocket, stallMs: number): void {
  let unanswered = 0;
  const timer = setInterval(() => {
    if (unanswered >= missedPings) {
      socket.terminate();
      return;
    }
    unanswered += 1;
    if (socket.readyState === socket.OPEN) socket.ping();
  }, stallMs / missedPings);
  socket.on('pong', () => {
    unanswered = 0;
  });
  socket.once('close', () => clearInterval(timer));
}

/** Counts what arrives of a message before it is complete, so that a stranger’s large one is never held in whole. */
function watchSize(socket: WebSocket, stream: Duplex, options: SocketOptions): void {
  let pending = 0;
  const control = (data: Buffer) => {
    pending -= data.length + 6;
  };
  socket.on('message', () => {
    pending = 0;
  });
  socket.on('ping', control);
  socket.on('pong', control);
  // After ws has read the chunk and reported what it completed.
  stream.on('data', (chunk: Buffer) => {
    pending += chunk.length;
    // A completed message and the start of the next may share a chunk, hence the allowance of one chunk.
    if (pending <= options.messageLimit() + 65_536 || socket.readyState !== socket.OPEN) return;
    closeWith(socket, new AnnalsError('BODY_TOO_LARGE'), options.bounds.closeMs);
    socket.pause();
  });
}
