/** From a request to its answer: names, origins, routes. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AnnalsError } from '../errors.ts';
import { count, outcomeOf, startCounting, within } from './counted.ts';
import type { Engine } from './engine.ts';
import type { Explorer } from './explorer.ts';
import { accepts, serveOperation } from './operation.ts';
import type { Transport } from './options.ts';
import { checkOrigin, setCorsHeaders } from './origin.ts';
import { type Exchange, securityHeaders, sendError, sendJson } from './reply.ts';
import { sendMetrics } from './scrape.ts';

/** For how long the rest of a refused body is read and dropped, so that the client can read why. */
const lingerMs = 2000;

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export function openHandler(engine: Engine, explorer: Explorer, transport: Transport): Handler {
  const { deps, options } = transport;

  const route = async (exchange: Exchange): Promise<void> => {
    const { request, response, path } = exchange;
    checkOrigin(request, exchange.peer, options);
    setCorsHeaders(request, response, options);
    if (request.method === 'OPTIONS') return sendEmpty(response, 204, { allow: 'GET, POST' });
    const reads = request.method === 'GET' || request.method === 'HEAD';
    if (path === '/graphql') {
      if (reads && accepts(request.headers.accept, 'text/html')) return explorer.sendPage(exchange);
      if (request.method === 'GET' || request.method === 'POST') return serveOperation(exchange, engine, transport);
      throw new AnnalsError('UNSUPPORTED_MEDIA_TYPE', { message: `The method ${request.method} is not accepted.` });
    }
    if (reads && path === '/') return sendEmpty(response, 302, { location: '/graphql' });
    if (reads && path === '/health/live') return sendJson(exchange, 200, { ok: true });
    if (reads && path === '/health/ready') {
      const readiness = transport.stopping.aborted ? stopping : await deps.ready();
      return sendJson(exchange, readiness.ok ? 200 : 503, readiness);
    }
    if (reads && path === '/metrics') return sendMetrics(exchange, transport);
    if (reads && (await explorer.sendAsset(exchange))) return;
    throw new AnnalsError('NOT_FOUND', {
      message: `There is nothing at ${request.method} ${path.slice(0, 200)}.`,
      cure: 'The API is at /graphql, health at /health/live and /health/ready, metrics at /metrics.',
    });
  };

  return (request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const peer = transport.peerOf(request);
    const requestId = peer.requestId ?? crypto.randomUUID();
    const kind = accepts(request.headers.accept, 'text/event-stream') ? 'sse' : 'http';
    const traced = path === '/graphql' ? deps : { tracing: null };
    const counted = startCounting(traced, kind, { requestId, headers: request.headers });
    const exchange: Exchange = { request, response, path, requestId, counted, peer };
    for (const [name, value] of Object.entries(securityHeaders(exchange.requestId))) response.setHeader(name, value);
    // Writing to a client that has just gone; the close that follows is what matters.
    response.on('error', (error) => deps.log.debug({ requestId: exchange.requestId, err: error }, 'response error'));
    // Closing with unread bytes resets the connection, and the answer would be lost with it.
    response.once('finish', () => {
      if (request.complete) return;
      const linger = setTimeout(() => request.socket.destroy(), lingerMs);
      request.once('close', () => clearTimeout(linger));
      request.resume();
    });
    const served = within(counted, () => route(exchange)).catch((error: unknown) => {
      const formatted = deps.formatError(error, exchange.requestId);
      count(deps, counted, outcomeOf([formatted]));
      if (!response.destroyed) sendError(exchange, formatted, deps);
    });
    transport.work.add(served);
  };
}

const stopping = {
  ok: false,
  checks: [
    { name: 'server', ok: false, cure: 'The server is stopping; another one takes over, or wait for its start.' },
  ],
};

function sendEmpty(response: ServerResponse, status: number, headers: Record<string, string>): void {
  response.writeHead(status, { 'content-length': '0', ...headers });
  response.end();
}
