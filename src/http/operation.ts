/** One operation over HTTP: POST with a JSON body, or GET for server-sent events. */
import { AnnalsError, type ErrorCode } from '../errors.ts';
import { checkMediaType, type OperationParams, parseParams, queryParams, readBody } from './body.ts';
import { count, outcomeOf } from './counted.ts';
import { bearerToken, bodyLimit, bodyTooLarge, clientOf, localeOf } from './credential.ts';
import type { Caller, Engine, Result } from './engine.ts';
import type { Transport } from './options.ts';
import { admitRequest } from './rates.ts';
import { type Exchange, sendErrors, setRetryAfter, statusOf } from './reply.ts';
import { formatResult, sendEvents, stringify } from './stream.ts';

/** Runs the operation and sends its result or its events. Rejects with the error of a request that did not get that far. */
export async function serveOperation(exchange: Exchange, engine: Engine, transport: Transport): Promise<void> {
  const { request, response, requestId, counted, peer } = exchange;
  const { deps, options } = transport;
  const method = request.method === 'GET' ? 'GET' : 'POST';
  const wantsEvents = accepts(request.headers.accept, 'text/event-stream');
  if (method === 'POST') checkMediaType(request.headers['content-type']);
  else checkEvents(wantsEvents, request.headers['x-annals-csrf']);

  const token = bearerToken(request.headers.authorization);
  const client = clientOf(peer, request.headers);
  const principal = token === null ? null : await deps.authenticate(token, client);
  if (principal !== null) admitRequest(response, deps.admit(principal));
  const locale = localeOf(request.headers);
  const caller: Caller = { requestId, principal, locale, client, counted, renewals: null };
  let params: OperationParams;
  if (method === 'POST') {
    const limit = bodyLimit(principal, options);
    params = parseParams(await readBody(request, response, limit, () => bodyTooLarge(principal, limit)));
  } else {
    params = queryParams(new URL(request.url ?? '', 'http://annals').searchParams);
  }

  const result = await engine.run(caller, params, method);
  const who = { organization: principal?.organizationUid, token: principal?.tokenId };
  if (isStream(result)) {
    if (wantsEvents) {
      count(deps, counted, 'OK');
      return sendEvents(exchange, result, transport);
    }
    await result[Symbol.asyncIterator]().return?.();
    throw new AnnalsError('UNSUPPORTED_MEDIA_TYPE', {
      message: 'A subscription cannot be answered with a single JSON document.',
      cure: 'Send Accept: text/event-stream, or subscribe over WebSocket.',
    });
  }
  const formatted = formatResult(result, exchange, transport, who);
  count(deps, counted, outcomeOf(formatted.errors));
  // Errors of the request come as JSON with their own status even to a stream: EventSource then does not retry for ever.
  if (formatted.data === undefined)
    return sendErrors(exchange, statusOf(formatted.errors ?? []), formatted.errors ?? []);
  if (wantsEvents) return sendEvents(exchange, only(formatted), transport, stringify);
  // Where nothing at all was done because of a limit, programs that know HTTP alone are told, too. They send the same again.
  const { errors = [] } = formatted;
  if (
    counted.alone &&
    formatted.data === null &&
    errors.length > 0 &&
    errors.every(({ extensions }) => limited.has(extensions?.code))
  ) {
    setRetryAfter(response, errors);
    response.statusCode = statusOf(errors);
  }
  sendResult(exchange, formatted, transport);
}

/** What refuses a request by how much came, not by what it is. */
const limited: ReadonlySet<unknown> = new Set<ErrorCode>(['RATE_LIMITED', 'QUOTA_EXCEEDED']);

function checkEvents(wantsEvents: boolean, csrf: unknown): void {
  if (!wantsEvents) {
    throw new AnnalsError('UNSUPPORTED_MEDIA_TYPE', {
      message: 'GET runs operations as server-sent events only.',
      cure: 'Send the operation as POST with Content-Type: application/json, or open this address in a browser.',
    });
  }
  if (csrf !== '1') throw new AnnalsError('CSRF_HEADER_MISSING');
}

/** Whether the Accept header names the media type itself; wildcards do not ask for a stream. */
export function accepts(header: string | undefined, type: string): boolean {
  return (header ?? '').split(',').some((part) => part.split(';')[0]?.trim().toLowerCase() === type);
}

const isStream = (result: Result | AsyncIterable<Result>): result is AsyncIterable<Result> =>
  Symbol.asyncIterator in result;

async function* only(result: Result): AsyncGenerator<Result> {
  yield result;
}

function sendResult(exchange: Exchange, result: Result, transport: Transport): void {
  const { request, response } = exchange;
  const type = accepts(request.headers.accept, 'application/graphql-response+json')
    ? 'application/graphql-response+json'
    : 'application/json';
  const text = stringify(result);
  response.setHeader('content-type', `${type}; charset=utf-8`);
  response.setHeader('content-length', Buffer.byteLength(text));
  // A client that does not take its answer is not waited for without end.
  const stalled = setTimeout(() => response.destroy(), transport.bounds.stallMs);
  response.once('close', () => clearTimeout(stalled));
  response.end(text);
}
