/** Which web pages may call: the server’s own and those of the allow-list. Nothing is reflected, no credentials are allowed. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AnnalsError } from '../errors.ts';
import type { HttpOptions } from './options.ts';
import type { Peer } from './peer.ts';

const loopback = new Set(['localhost', '127.0.0.1', '[::1]', '::1']);

/**
 * Throws ORIGIN_NOT_ALLOWED for a page of a foreign origin, and, on a loopback address, for a Host that is none of the
 * server’s names: a foreign page reaches a local server through a name it makes resolve to 127.0.0.1 (DNS rebinding), and
 * only the Host gives it away.
 */
export function checkOrigin(
  request: IncomingMessage,
  peer: Peer,
  options: Pick<HttpOptions, 'host' | 'allowedOrigins'>,
): void {
  const host = request.headers.host ?? '';
  if (loopback.has(options.host) && !isOwnName(host, options)) {
    throw new AnnalsError('ORIGIN_NOT_ALLOWED', {
      message: `This server does not answer under the name ${JSON.stringify(host.slice(0, 100))}.`,
      cure: 'Call it as localhost or 127.0.0.1, or add the origin it is reached by, such as https://audit.example, to ALLOWED_ORIGINS.',
    });
  }
  const { origin } = request.headers;
  if (origin === undefined || isOwnOrigin(origin, peer) || options.allowedOrigins.includes(origin)) return;
  throw new AnnalsError('ORIGIN_NOT_ALLOWED', {
    message: `The web origin ${JSON.stringify(origin.slice(0, 100))} is not allowed.`,
  });
}

function isOwnName(host: string, options: Pick<HttpOptions, 'host' | 'allowedOrigins'>): boolean {
  if (!URL.canParse(`http://${host}`)) return false;
  const { hostname } = new URL(`http://${host}`);
  if (loopback.has(hostname) || hostname === options.host) return true;
  return options.allowedOrigins.some((origin) => new URL(origin).hostname === hostname);
}

/** Where a proxy may stand in front and does not say how it was called, both schemes are the server’s own. */
function isOwnOrigin(origin: string, { scheme, host }: Peer): boolean {
  const schemes = scheme === null ? ['http', 'https'] : [scheme];
  return schemes.some((one) => {
    const own = `${one}://${host}`;
    // As browsers write it: without the default port.
    return host !== '' && (origin === own || (URL.canParse(own) && new URL(own).origin === origin));
  });
}

/** Lets pages of the allow-list read the answer. Call after `checkOrigin`. */
export function setCorsHeaders(
  request: IncomingMessage,
  response: ServerResponse,
  options: Pick<HttpOptions, 'allowedOrigins'>,
): void {
  response.setHeader('vary', 'Origin');
  const { origin } = request.headers;
  if (origin === undefined || !options.allowedOrigins.includes(origin)) return;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', 'x-request-id, retry-after, ratelimit, ratelimit-policy');
  if (request.method !== 'OPTIONS') return;
  response.setHeader('access-control-allow-methods', 'GET, POST');
  response.setHeader('access-control-allow-headers', 'authorization, content-type, x-annals-csrf, x-request-id');
  response.setHeader('access-control-max-age', '600');
}
