/** Server-sent events, in the “distinct connections” form of the GraphQL over SSE protocol. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { GraphQLError } from 'graphql';
import { AnnalsError } from '../errors.ts';
import type { Result } from './engine.ts';
import type { Transport } from './options.ts';
import { type Exchange, logFailure, statusOf } from './reply.ts';
import { openTurns } from './turns.ts';

/** A comment at this interval keeps proxies from closing a quiet stream, and finds out that the client has gone. */
const keepAliveMs = 12_000;

/**
 * Sends every result as it comes. The next result is asked for only when the client has accepted what was sent, so a
 * client that does not read holds one result and the socket’s buffer; it is disconnected after `stallMs`.
 * Resolves when the stream has ended, however it ended; the iterator is returned then.
 */
export async function sendEvents(
  exchange: Exchange,
  results: AsyncIterable<Result>,
  transport: Transport,
  text = (result: Result) => stringify(formatResult(result, exchange, transport)),
): Promise<void> {
  const { response } = exchange;
  const iterator = results[Symbol.asyncIterator]();
  const leave = async () => {
    await iterator.return?.();
  };
  if (response.destroyed) return leave();
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  response.write(':\n\n');
  const ping = setInterval(() => {
    if (!response.writableNeedDrain) response.write(':\n\n');
  }, keepAliveMs);
  const ended = Promise.withResolvers<'closed' | 'stopping'>();
  const onClose = () => ended.resolve('closed');
  const onStop = () => ended.resolve('stopping');
  response.once('close', onClose);
  transport.ending.addEventListener('abort', onStop, { once: true });
  if (transport.ending.aborted) onStop();
  try {
    await Promise.race([
      pump(exchange, iterator, transport, text),
      ended.promise.then((why) => end(why, exchange, transport)),
    ]);
  } finally {
    clearInterval(ping);
    transport.ending.removeEventListener('abort', onStop);
    response.off('close', onClose);
    await leave();
    if (!response.writableEnded && !response.destroyed) response.end();
  }
}

/** One race per stream, not per result: a promise that outlives a race keeps what raced against it. */
async function end(why: 'closed' | 'stopping', exchange: Exchange, transport: Transport): Promise<void> {
  if (why === 'closed') return;
  const error = transport.deps.formatError(new AnnalsError('SERVER_STOPPING'), exchange.requestId);
  exchange.response.end(`event: next\ndata: ${JSON.stringify({ errors: [error] })}\n\nevent: complete\ndata:\n\n`);
}

async function pump(
  exchange: Exchange,
  iterator: AsyncIterator<Result>,
  transport: Transport,
  text: (result: Result) => string,
): Promise<void> {
  const { response } = exchange;
  const turn = openTurns(transport.bounds.bufferBytes);
  for (;;) {
    const next = await nextResult(iterator, exchange, transport);
    if (response.writableEnded || response.destroyed) return;
    if (next.done) {
      response.end('event: complete\ndata:\n\n');
      return;
    }
    const event = `event: next\ndata: ${text(next.value)}\n\n`;
    if (!response.write(event)) await drained(response, transport.bounds.stallMs);
    await turn(event.length);
    if (next.last) {
      response.end('event: complete\ndata:\n\n');
      return;
    }
  }
}

/** A source that fails ends the stream with a result that carries the error. */
async function nextResult(
  iterator: AsyncIterator<Result>,
  { requestId }: Exchange,
  transport: Transport,
): Promise<IteratorResult<Result> & { last?: true }> {
  try {
    return await iterator.next();
  } catch (error) {
    return { done: false, value: { errors: [transport.deps.formatError(error, requestId)] }, last: true };
  }
}

/** Resolves when the response accepts more, or is over. Disconnects a client that accepts nothing for `stallMs`. */
async function drained(response: ServerResponse, stallMs: number): Promise<void> {
  if (response.destroyed) return;
  const stalled = setTimeout(() => response.destroy(), stallMs);
  const waiting = new AbortController();
  try {
    await Promise.race([
      once(response, 'drain', { signal: waiting.signal }),
      once(response, 'close', { signal: waiting.signal }),
    ]);
  } finally {
    clearTimeout(stalled);
    waiting.abort();
  }
}

interface WithErrors {
  readonly data?: unknown;
  readonly errors?: readonly GraphQLError[] | undefined;
}

/** The result with formatted errors; failures are logged. */
export function formatResult<T extends WithErrors>(
  result: T,
  exchange: Pick<Exchange, 'requestId'> & Partial<Exchange>,
  transport: Transport,
  more?: Record<string, unknown>,
): T {
  if (result.errors === undefined || result.errors.length === 0) return result;
  const errors = result.errors.map((error) => transport.deps.formatError(error, exchange.requestId));
  logFailure(transport.deps.log, exchange, result.data === undefined ? statusOf(errors) : 200, errors, more);
  return { ...result, errors };
}

export const stringify = (result: Result): string =>
  result.stringify === undefined ? JSON.stringify(result) : result.stringify(result);
