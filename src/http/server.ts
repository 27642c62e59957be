/** The listening server: its time limits, its port, and its end. */
import type { Server, ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AnnalsError } from '../errors.ts';
import type { Handler } from './handler.ts';
import type { Bounds, HttpOptions, Transport } from './options.ts';
import { securityHeaders } from './reply.ts';
import type { Sockets } from './sockets.ts';

/** Ports tried after a taken one. */
const nextPorts = 100;

export function serverOptions(bounds: Bounds): ServerOptions {
  return {
    headersTimeout: bounds.headersMs,
    requestTimeout: bounds.requestMs,
    connectionsCheckingInterval: Math.min(bounds.headersMs, 5000),
    // Longer than the idle time of common proxies, so that the proxy is the one that closes.
    keepAliveTimeout: 65_000,
    maxHeaderSize: 16_384,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  };
}

/** The server with what it answers besides requests. */
export function wired(server: Server, handler: Handler, sockets: Sockets): Server {
  // The handler sends `100 Continue` itself, once it has accepted the length.
  server.on('checkContinue', handler);
  server.on('upgrade', (request, stream, head) => sockets.upgrade(request, stream, head));
  server.on('clientError', (error: NodeJS.ErrnoException, stream) => {
    if (error.code === 'ECONNRESET' || !stream.writable) {
      stream.destroy();
      return;
    }
    stream.once('finish', () => stream.destroy());
    stream.end(badRequest(error.code));
  });
  return server;
}

/** What is not HTTP, or did not come in time, never reaches the handler. */
function badRequest(code: string | undefined): string {
  const late = code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const status = late
    ? '408 Request Timeout'
    : code === 'HPE_HEADER_OVERFLOW'
      ? '431 Headers Too Large'
      : '400 Bad Request';
  const message = late ? 'The request did not come in time.' : 'This is not a valid HTTP request.';
  const requestId = crypto.randomUUID();
  const { cure } = new AnnalsError('BAD_INPUT');
  const body = JSON.stringify({ errors: [{ message, extensions: { code: 'BAD_INPUT', cure, requestId } }] });
  const headers = {
    ...securityHeaders(requestId),
    'content-type': 'application/json; charset=utf-8',
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status}\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Listens and resolves to the port. Throws PORT_TAKEN, or CONFIG_INVALID for an address that is not this machine’s. */
export async function listen(
  server: Server,
  options: Pick<HttpOptions, 'host' | 'port' | 'nextFreePort'>,
): Promise<number> {
  const last = options.nextFreePort && options.port !== 0 ? Math.min(options.port + nextPorts, 65_535) : options.port;
  for (let port = options.port; ; port++) {
    try {
      return await listenOn(server, options.host, port);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EADDRINUSE' && port < last) continue;
      throw listenError(options, String(code), last, error);
    }
  }
}

function listenOn(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      const address = server.address() as AddressInfo;
      resolve(address.port);
    });
  });
}

function listenError(
  { host, port }: Pick<HttpOptions, 'host' | 'port'>,
  code: string,
  last: number,
  cause: unknown,
): AnnalsError {
  if (code === 'EADDRINUSE') {
    const which =
      last === port ? `Port ${port} on ${host} is taken.` : `All ports from ${port} to ${last} on ${host} are taken.`;
    return new AnnalsError('PORT_TAKEN', { message: which, cause });
  }
  return new AnnalsError('CONFIG_INVALID', {
    message: `The server cannot listen on ${host}, port ${port} (${code}).`,
    cure: 'Set HOST to an address of this machine and PORT to one that this user may use.',
    cause,
  });
}

/**
 * Stops accepting, lets streams end by themselves, and resolves when every connection is closed and what it held is freed. Work under way has half of
 * `stopMs` to answer; what is still open at the end of it is dropped, and not waited for.
 */
export async function closeServer(
  server: Server,
  sockets: Sockets,
  { deps, bounds, work }: Transport,
  endStreams: () => void,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // A connection that was busy when the server closed is idle, not closed, after its answer.
  const idle = setInterval(() => server.closeIdleConnections(), 20);
  const patience = new AbortController();
  const hurry = setTimeout(() => patience.abort(), bounds.stopMs / 2);
  const forced = Promise.withResolvers<void>();
  const force = setTimeout(() => {
    server.closeAllConnections();
    sockets.destroy();
    forced.resolve();
  }, bounds.stopMs);
  // A client that does not read its last result is not waited for longer than for the answer to a close.
  const given = Promise.withResolvers<void>();
  const late = setTimeout(given.resolve, Math.min(bounds.closeMs, bounds.stopMs / 2));
  await Promise.race([deps.endStreams(), given.promise]);
  clearTimeout(late);
  endStreams();
  await Promise.all([sockets.stop(patience.signal), closed]);
  await Promise.race([work.idle(), forced.promise]);
  clearInterval(idle);
  clearTimeout(hurry);
  clearTimeout(force);
}
