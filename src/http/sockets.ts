/** WebSockets at /graphql: who may open one, and how they end. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { handleProtocols } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { AnnalsError } from '../errors.ts';
import { count, outcomeOf, startCounting } from './counted.ts';
import { bearerToken, bodyLimit, clientOf, localeOf } from './credential.ts';
import type { Engine } from './engine.ts';
import type { Transport } from './options.ts';
import { checkOrigin } from './origin.ts';
import type { Peer } from './peer.ts';
import { type Connection, openProtocol, type Protocol } from './protocol.ts';
import { answerPing, openRenewals } from './renewals.ts';
import { logFailure, securityHeaders, statusOf } from './reply.ts';
import { closeWith, openProtocolSocket } from './socket.ts';

export interface Sockets {
  /** Takes over a connection that asks to become a WebSocket. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void;
  /** Lets mutations and queries under way answer, until aborted, then closes every socket with SERVER_STOPPING. */
  stop(signal: AbortSignal): Promise<void>;
  /** Drops every connection. */
  destroy(): void;
}

/** Short answers, such as pongs and refusals, that may wait in one socket besides results. */
const waitingReplies = 1000;

export function openSockets(engine: Engine, transport: Transport): Sockets {
  const { options, bounds } = transport;
  const protocol = openProtocol(engine, transport);
  const upgrading = new Set<Duplex>();
  const server = new WebSocketServer({
    noServer: true,
    // Who the caller is, is known later; the limit of the socket’s options is the one that holds.
    maxPayload: Math.max(options.bodyBytes, options.recordBodyBytes),
    perMessageDeflate: false,
    autoPong: false,
    handleProtocols: (protocols) => handleProtocols(protocols),
  });

  return {
    upgrade(request, stream, head) {
      const peer = transport.peerOf(request);
      const requestId = peer.requestId ?? crypto.randomUUID();
      const broken = () => stream.destroy();
      stream.on('error', broken);
      stream.once('close', () => upgrading.delete(stream));
      upgrading.add(stream);
      admit(request, requestId, peer, transport).then(
        (connection) => {
          server.handleUpgrade(request, stream, head, (socket) =>
            serve(socket, stream, connection, protocol, transport),
          );
          // From here on ws listens for errors and knows the socket.
          upgrading.delete(stream);
          stream.off('error', broken);
        },
        (error: unknown) => refuse(stream, error, { requestId, peer }, transport),
      );
    },
    async stop(signal) {
      await Promise.race([Promise.allSettled(protocol.answering), once(signal, 'abort')]);
      // An answer is written in the turn after its operation ended.
      await nextTurn();
      for (const socket of server.clients) closeWith(socket, new AnnalsError('SERVER_STOPPING'), bounds.closeMs);
    },
    destroy() {
      for (const socket of server.clients) socket.terminate();
      for (const stream of upgrading) stream.destroy();
    },
  };
}

/** Throws ORIGIN_NOT_ALLOWED, NOT_FOUND or UNAUTHENTICATED. */
async function admit(
  request: IncomingMessage,
  requestId: string,
  peer: Peer,
  { deps, options }: Transport,
): Promise<Connection> {
  checkOrigin(request, peer, options);
  if ((request.url ?? '').split('?', 1)[0] !== '/graphql') {
    throw new AnnalsError('NOT_FOUND', { cure: 'WebSockets are served at /graphql.' });
  }
  const token = bearerToken(request.headers.authorization);
  const client = clientOf(peer, request.headers);
  const principal = token === null ? null : await deps.authenticate(token, client);
  const locale = localeOf(request.headers);
  return { requestId, locale, client, token, principal, operations: 0, renewals: openRenewals(), renewing: false };
}

/** Answers an upgrade with an HTTP error. */
function refuse(
  stream: Duplex,
  error: unknown,
  from: { readonly requestId: string; readonly peer: Peer },
  { deps }: Transport,
): void {
  const { requestId } = from;
  const formatted = deps.formatError(error, requestId);
  const status = statusOf([formatted]);
  count(deps, startCounting({ tracing: null }, 'websocket', { requestId }), outcomeOf([formatted]));
  logFailure(deps.log, from, status, [formatted], { transport: 'websocket' });
  const body = JSON.stringify({ errors: [formatted] });
  const headers = {
    ...securityHeaders(requestId),
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  stream.once('finish', () => stream.destroy());
  stream.end(`HTTP/1.1 ${status} Refused\r\n${lines.join('')}\r\n${body}`);
}

function serve(
  socket: WebSocket,
  stream: Duplex,
  connection: Connection,
  protocol: Protocol,
  transport: Transport,
): void {
  const { deps, options, bounds, stopping, work } = transport;
  const { requestId } = connection;
  const adapted = openProtocolSocket(socket, stream, {
    bounds,
    answers: options.subscriptionsPerSocket + waitingReplies,
    messageLimit: () => bodyLimit(connection.principal, options),
    answerPing: (payload) => answerPing(connection, payload, transport),
    onFailure(error) {
      const formatted = deps.formatError(error, requestId);
      count(deps, startCounting({ tracing: null }, 'websocket', { requestId }), outcomeOf([formatted]));
      logFailure(deps.log, { requestId }, statusOf([formatted]), [formatted], { transport: 'websocket' });
      closeWith(socket, error instanceof AnnalsError ? error : new AnnalsError('INTERNAL'), bounds.closeMs);
    },
  });
  const closed = protocol.server.opened(adapted, connection);
  const freed = Promise.withResolvers<void>();
  work.add(freed.promise);
  deps.metrics.add('annals_sockets', 1);
  socket.on('error', (error) => deps.log.debug({ requestId, err: error }, 'socket error'));
  socket.once('close', (code, reason) => {
    deps.metrics.add('annals_sockets', -1);
    closed(code, reason.toString())
      .catch((error: unknown) => deps.log.error({ requestId, err: error }, 'a stream did not end'))
      .finally(() => freed.resolve());
  });
  if (stopping.aborted) closeWith(socket, new AnnalsError('SERVER_STOPPING'), bounds.closeMs);
}
