/** One WebSocket as graphql-ws sees it: bounded in both directions, and closed when its client stops reading. */
import type { Duplex } from 'node:stream';
import type { WebSocket as ProtocolSocket } from 'graphql-ws';
import type { RawData, WebSocket } from 'ws';
import { AnnalsError, errorInfo } from '../errors.ts';
import type { Bounds } from './options.ts';

/** Unanswered pings after which a client counts as gone. */
const missedPings = 3;

/** For how long a client may take to answer a close. */
const closeMs = 2000;

export interface SocketOptions {
  readonly bounds: Pick<Bounds, 'bufferBytes' | 'stallMs'>;
  /** Bytes that a message may have now; it depends on who the caller turned out to be. */
  messageLimit(): number;
  /** An error that a message caused and that no result can carry. */
  onFailure(error: unknown): void;
}

/** Closes with the error’s code and, as the reason, its code and message in at most 123 bytes. */
export function closeWith(socket: WebSocket, error: AnnalsError): void {
  const reason = Buffer.from(`${error.code}: ${error.message}`)
    .subarray(0, 123)
    .toString('utf8')
    .replace(/\ufffd+$/, '');
  socket.close(errorInfo(error.code).ws ?? 4400, reason);
  const impatient = setTimeout(() => socket.terminate(), closeMs);
  socket.once('close', () => clearTimeout(impatient));
}

/**
 * `send` resolves at once while little waits in the socket, else when the client has taken what waited: graphql-ws asks a
 * stream for its next result only then. Nothing is read from the client meanwhile, so it cannot make answers pile up either.
 */
export function openProtocolSocket(socket: WebSocket, stream: Duplex, options: SocketOptions): ProtocolSocket {
  const { bufferBytes, stallMs } = options.bounds;
  let messages: (data: string) => Promise<void> = async () => {};

  const write = (put: (done: (error?: Error | null) => void) => void): Promise<void> => {
    if (socket.readyState !== socket.OPEN) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    // The callback comes when these bytes and all before them have left, or never will; a broken socket closes by itself.
    put(() => {
      if (socket.isPaused && socket.bufferedAmount <= bufferBytes) socket.resume();
      resolve();
    });
    if (socket.bufferedAmount <= bufferBytes) return Promise.resolve();
    socket.pause();
    return promise;
  };

  const receive = (data: RawData, binary: boolean) => {
    const bytes = sizeOf(data);
    const limit = options.messageLimit();
    if (binary || bytes > limit) {
      const message = `A message has more than ${limit} bytes.`;
      closeWith(socket, binary ? notText() : new AnnalsError('BODY_TOO_LARGE', { message }));
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
    send: (data) => write((done) => socket.send(data, done)),
    close: (code, reason) => socket.close(code, reason),
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
    closeWith(socket, new AnnalsError('BODY_TOO_LARGE'));
    socket.pause();
  });
}
