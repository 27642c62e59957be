/** GraphQL over WebSocket at /graphql: the graphql-transport-ws protocol, with the engine, limits and errors of HTTP. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Context, handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Principal } from '../auth/auth.ts';
import { AnnalsError } from '../errors.ts';
import { bearerToken, bodyLimit, localeOf } from './credential.ts';
import type { Caller, Engine, Prepared } from './engine.ts';
import type { Transport } from './options.ts';
import { checkOrigin } from './origin.ts';
import { logFailure, requestIdOf, securityHeaders, statusOf } from './reply.ts';
import { closeWith, openProtocolSocket } from './socket.ts';
import { formatResult } from './stream.ts';

export interface Sockets {
  /** Takes over a connection that asks to become a WebSocket. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void;
  /** Lets mutations and queries under way answer, until aborted, then closes every socket with SERVER_STOPPING. */
  stop(signal: AbortSignal): Promise<void>;
  /** Drops every connection. */
  destroy(): void;
}

/** What is known about one connection. */
interface Connection {
  readonly socket: WebSocket;
  readonly requestId: string;
  readonly locale: string;
  /** From the upgrade’s header, or from connection_init. */
  token: string | null;
  principal: Principal | null;
  operations: number;
}

type Ctx = Context<Record<string, unknown> | undefined, Connection>;

export function openSockets(engine: Engine, transport: Transport): Sockets {
  const { deps, options, bounds } = transport;
  const answering = new Set<Promise<unknown>>();
  const upgrading = new Set<Duplex>();
  const prepared = new WeakMap<object, Prepared>();
  const server = new WebSocketServer({
    noServer: true,
    // Who the caller is, is known later; `messageLimit` is the limit that holds.
    maxPayload: Math.max(options.bodyBytes, options.recordBodyBytes),
    perMessageDeflate: false,
    autoPong: false,
    handleProtocols: (protocols) => handleProtocols(protocols),
  });

  /** A fresh look at the credential for every operation: a revoked token is refused at once, as over HTTP. */
  const callerOf = async (connection: Connection): Promise<Caller> => {
    connection.operations += 1;
    if (connection.token !== null) connection.principal = await deps.authenticate(connection.token);
    const requestId = `${connection.requestId}.${connection.operations}`;
    return { requestId, principal: connection.principal, locale: connection.locale };
  };

  const onSubscribe = async (ctx: Ctx, payload: SubscribePayload) => {
    const connection = ctx.extra;
    if (transport.stopping.aborted) throw new AnnalsError('SERVER_STOPPING');
    const open = Object.keys(ctx.subscriptions).length;
    if (open > options.subscriptionsPerSocket) {
      throw new AnnalsError('OVERLOADED', {
        message: `This socket has ${options.subscriptionsPerSocket} operations open, the most that are allowed.`,
        cure: 'Complete one of them or open another socket; the limit is SUBSCRIPTIONS_PER_SOCKET.',
      });
    }
    const caller = await callerOf(connection);
    const result = await engine.prepare(caller, {
      query: payload.query,
      variables: payload.variables ?? {},
      ...(payload.operationName ? { operationName: payload.operationName } : {}),
    });
    if (!('args' in result)) return result;
    prepared.set(result.args, result);
    return result.args;
  };

  const requestIdIn = (ctx: Ctx) => `${ctx.extra.requestId}.${ctx.extra.operations}`;
  const who = (ctx: Ctx) => ({
    transport: 'websocket',
    organization: ctx.extra.principal?.organizationUid,
    token: ctx.extra.principal?.tokenId,
  });

  const protocol = makeServer<Record<string, unknown> | undefined, Connection>({
    connectionInitWaitTimeout: bounds.connectionInitMs,
    async onConnect({ connectionParams, extra }) {
      const stated = bearerToken(connectionParams?.authorization ?? connectionParams?.Authorization);
      if (stated === null) return;
      extra.principal = await deps.authenticate(stated);
      extra.token = stated;
    },
    // An error thrown here would close the socket and everything else on it; as a result it ends this operation alone.
    onSubscribe: (ctx, _id, payload) =>
      onSubscribe(ctx, payload).catch((error: unknown) => {
        if (error instanceof AnnalsError && error.code === 'UNAUTHENTICATED') throw error;
        return [deps.formatError(error, requestIdIn(ctx))];
      }),
    execute: (args) => {
      const answer = prepared.get(args)?.execute(args) ?? Promise.reject(new Error('the operation was not prepared'));
      answering.add(answer);
      const forget = () => answering.delete(answer);
      answer.then(forget, forget);
      return answer;
    },
    subscribe: (args) =>
      prepared.get(args)?.subscribe(args) ?? Promise.reject(new Error('the operation was not prepared')),
    onNext: (ctx, _id, _payload, _args, result) => {
      const { data, errors, extensions } = formatResult(result, { requestId: requestIdIn(ctx) }, transport, who(ctx));
      return {
        ...(data === undefined ? {} : { data }),
        ...(errors === undefined ? {} : { errors: errors.map((error) => error.toJSON()) }),
        ...(extensions === undefined ? {} : { extensions }),
      };
    },
    onError: (ctx, _id, _payload, errors) => {
      const requestId = requestIdIn(ctx);
      const formatted = errors.map((error) => deps.formatError(error, requestId));
      logFailure(deps.log, { requestId }, statusOf(formatted), formatted, who(ctx));
      return formatted.map((error) => error.toJSON());
    },
  });

  const accept = (socket: WebSocket, request: IncomingMessage, stream: Duplex, connection: Connection) => {
    const fail = (error: unknown) => {
      const { requestId } = connection;
      const formatted = deps.formatError(error, requestId);
      logFailure(deps.log, { requestId }, statusOf([formatted]), [formatted], { transport: 'websocket' });
      closeWith(socket, error instanceof AnnalsError ? error : new AnnalsError('INTERNAL'));
    };
    const adapted = openProtocolSocket(socket, stream, {
      bounds,
      messageLimit: () => bodyLimit(connection.principal, options),
      onFailure: fail,
    });
    const closed = protocol.opened(adapted, connection);
    socket.on('error', (error) => deps.log.debug({ requestId: connection.requestId, err: error }, 'socket error'));
    socket.once('close', (code, reason) => {
      closed(code, reason.toString()).catch((error: unknown) => {
        deps.log.error({ requestId: connection.requestId, err: error }, 'a subscription did not end');
      });
    });
    if (transport.stopping.aborted) closeWith(socket, new AnnalsError('SERVER_STOPPING'));
    deps.log.debug({ requestId: connection.requestId, address: request.socket.remoteAddress }, 'socket opened');
  };

  const admit = async (request: IncomingMessage, stream: Duplex, head: Buffer, requestId: string) => {
    checkOrigin(request, options);
    if ((request.url ?? '').split('?', 1)[0] !== '/graphql') {
      throw new AnnalsError('NOT_FOUND', { cure: 'WebSockets are served at /graphql.' });
    }
    const token = bearerToken(request.headers.authorization);
    const principal = token === null ? null : await deps.authenticate(token);
    const connection = { requestId, locale: localeOf(request.headers), token, principal, operations: 0 };
    server.handleUpgrade(request, stream, head, (socket) => accept(socket, request, stream, { ...connection, socket }));
  };

  return {
    upgrade(request, stream, head) {
      const requestId = requestIdOf(request);
      const broken = () => stream.destroy();
      stream.on('error', broken);
      upgrading.add(stream);
      admit(request, stream, head, requestId)
        .catch((error: unknown) => refuse(stream, error, requestId, transport))
        .finally(() => {
          upgrading.delete(stream);
          if (!stream.destroyed) stream.off('error', broken);
        });
    },
    async stop(signal) {
      const late = once(signal, 'abort');
      await Promise.race([Promise.allSettled(answering), late]);
      // An answer is written in the turn after its operation ended.
      await nextTurn();
      for (const socket of server.clients) closeWith(socket, new AnnalsError('SERVER_STOPPING'));
    },
    destroy() {
      for (const socket of server.clients) socket.terminate();
      for (const stream of upgrading) stream.destroy();
    },
  };
}

/** Answers an upgrade with an HTTP error. */
function refuse(stream: Duplex, error: unknown, requestId: string, { deps }: Transport): void {
  const formatted = deps.formatError(error, requestId);
  const status = statusOf([formatted]);
  logFailure(deps.log, { requestId }, status, [formatted], { transport: 'websocket' });
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
