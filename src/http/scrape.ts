/** /metrics: who may read it, and the answer. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { AnnalsError } from '../errors.ts';
import { bearerToken } from './credential.ts';
import type { HttpOptions, Transport } from './options.ts';
import type { Peer } from './peer.ts';
import type { Exchange } from './reply.ts';

/** What proxies add to the requests that they pass on. */
const traces = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'];
const loopback = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;

/** Throws NOT_FOUND, UNAUTHENTICATED or FORBIDDEN. */
export async function sendMetrics({ request, response, peer }: Exchange, { deps, options }: Transport): Promise<void> {
  checkReader(request, peer, options);
  const text = await deps.metrics.text();
  response.statusCode = 200;
  response.setHeader('content-type', deps.metrics.contentType);
  response.setHeader('content-length', Buffer.byteLength(text));
  response.end(request.method === 'HEAD' ? undefined : text);
}

/** Numbers over all organizations are the operator’s alone: a token of the API does not open them. */
function checkReader(
  request: IncomingMessage,
  { proxied }: Peer,
  options: Pick<HttpOptions, 'metrics' | 'metricsToken'>,
): void {
  if (options.metrics === 'off') {
    throw new AnnalsError('NOT_FOUND', { message: 'Metrics are switched off.', cure: 'METRICS=on switches them on.' });
  }
  if (options.metricsToken !== null) {
    const token = bearerToken(request.headers.authorization);
    if (token !== null && same(token, options.metricsToken)) return;
    throw new AnnalsError('UNAUTHENTICATED', {
      message: 'Metrics need the operator’s token.',
      cure: 'Send `Authorization: Bearer <METRICS_TOKEN>`.',
    });
  }
  const local = loopback.test(request.socket.remoteAddress ?? '');
  if (local && !proxied && !traces.some((name) => name in request.headers)) return;
  throw new AnnalsError('FORBIDDEN', {
    message: 'Without METRICS_TOKEN, metrics are answered to programs on this machine alone, and not through a proxy.',
    cure: 'Set METRICS_TOKEN, and send it as `Authorization: Bearer <token>`.',
  });
}

/** Compares hashes, so that neither time nor length tells anything. */
function same(given: string, expected: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(expected));
}
