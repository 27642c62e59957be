/** The transport: GraphQL over HTTP, server-sent events and WebSocket, GraphiQL and health, on one port. */
import { createServer } from 'node:http';
import { openEngine } from './engine.ts';
import { openExplorer } from './explorer.ts';
import { openHandler } from './handler.ts';
import { defaultBounds, type HttpDeps, type HttpOptions, openWork, type Transport } from './options.ts';
import { openPeers } from './peer.ts';
import { closeServer, listen, serverOptions, wired } from './server.ts';
import { openSockets } from './sockets.ts';
import { openTls } from './tls.ts';

export type { Bounds, Example, HttpDeps, HttpOptions, Logger, Readiness } from './options.ts';

export interface Http extends AsyncDisposable {
  /** The address of the API and of GraphiQL, such as `http://127.0.0.1:4000/graphql`. */
  readonly url: string;
  /** The port it listens on; not the one asked for when that was 0 or taken. */
  readonly port: number;
  /** Reads the certificate again now; does nothing without TLS. */
  reloadCertificate(): Promise<void>;
}

/**
 * Starts to listen. Disposing stops accepting, ends every stream with SERVER_STOPPING, lets requests under way answer, and
 * has closed every connection within `bounds.stopMs`.
 * Errors: PORT_TAKEN, CONFIG_INVALID.
 */
export async function openHttp(deps: HttpDeps, options: HttpOptions): Promise<Http> {
  const bounds = { ...defaultBounds, ...options.bounds };
  const stopping = new AbortController();
  const ending = new AbortController();
  const transport: Transport = {
    deps,
    options,
    bounds,
    peerOf: openPeers(options),
    stopping: stopping.signal,
    ending: ending.signal,
    work: openWork(),
  };
  const engine = openEngine(deps, bounds);
  const sockets = openSockets(engine, transport);
  const handler = openHandler(engine, openExplorer(options.examples), transport);
  const limits = serverOptions(bounds);
  const tls = options.tls === null ? null : await openTls(options.tls, limits, handler, deps);
  const server = wired(tls?.server ?? createServer(limits, handler), handler, sockets);
  const port = await listen(server, options).catch((error: unknown) => {
    tls?.close();
    throw error;
  });
  let closing: Promise<void> | undefined;
  return {
    url: `${tls === null ? 'http' : 'https'}://${shownHost(options.host)}:${port}/graphql`,
    port,
    reloadCertificate: async () => tls?.reload(),
    [Symbol.asyncDispose]() {
      stopping.abort();
      tls?.close();
      closing ??= closeServer(server, sockets, transport, () => ending.abort());
      return closing;
    },
  };
}

/** An address one can type: an IPv6 one in brackets, and this machine where the server listens on every address. */
function shownHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
