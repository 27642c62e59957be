/** Answers that are not the result of an operation, and the headers of every answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ErrorCode, errorInfo, errorTable } from '../errors.ts';
import type { Counted } from './counted.ts';
import type { HttpDeps } from './options.ts';
import type { Peer } from './peer.ts';

/** One HTTP exchange. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  /** The path without its query. */
  readonly path: string;
  readonly counted: Counted;
  readonly peer: Peer;
}

/** Headers of every answer, sockets’ refusals included. */
export function securityHeaders(requestId: string): Record<string, string> {
  return {
    'x-request-id': requestId,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  };
}

export function sendJson(exchange: Exchange, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  const { response } = exchange;
  response.statusCode = status;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.setHeader('content-length', Buffer.byteLength(text));
  response.end(text);
}

/** The status of an answer that consists of these errors alone. */
export function statusOf(errors: readonly { readonly extensions?: Record<string, unknown> }[]): number {
  return Math.max(400, ...errors.map((error) => infoOf(error.extensions?.code).http));
}

function infoOf(code: unknown) {
  return errorInfo(typeof code === 'string' && code in errorTable ? (code as ErrorCode) : 'INTERNAL');
}

/** Ends the exchange with an error in GraphQL’s form, and logs one line. */
export function sendError(exchange: Exchange, error: unknown, deps: Pick<HttpDeps, 'formatError' | 'log'>): void {
  const formatted = deps.formatError(error, exchange.requestId);
  const status = statusOf([formatted]);
  logFailure(deps.log, exchange, status, [formatted]);
  sendErrors(exchange, status, [formatted]);
}

export function sendErrors(
  exchange: Exchange,
  status: number,
  errors: readonly { readonly extensions?: Record<string, unknown> }[],
): void {
  const { response } = exchange;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (status === 401) response.setHeader('www-authenticate', 'Bearer');
  setRetryAfter(response, errors);
  sendJson(exchange, status, { errors });
}

/** In seconds, where one of the errors says when a retry makes sense. */
export function setRetryAfter(
  response: ServerResponse,
  errors: readonly { readonly extensions?: Record<string, unknown> }[],
): void {
  const retry = Math.max(...errors.map((error) => Number(error.extensions?.retryAfterMs ?? 0)));
  if (retry > 0) response.setHeader('retry-after', Math.ceil(retry / 1000));
}

/** What a caller asked for is not logged in its words: people paste tokens into addresses. */
const knownPath = /^\/(graphql|health\/live|health\/ready|metrics)?$/;

/** One line per failed request: who and what kind, never credentials or content. */
export function logFailure(
  log: HttpDeps['log'],
  exchange: Pick<Exchange, 'requestId'> & Partial<Exchange>,
  status: number,
  errors: readonly { readonly extensions?: Record<string, unknown> }[],
  more: Record<string, unknown> = {},
): void {
  const codes = [...new Set(errors.map((error) => error.extensions?.code))];
  const fields = {
    requestId: exchange.requestId,
    ...(exchange.peer === undefined ? {} : { ip: exchange.peer.ip }),
    ...(exchange.request === undefined
      ? {}
      : { method: exchange.request.method, path: knownPath.test(exchange.path ?? '') ? exchange.path : 'other' }),
    status,
    codes,
    ...more,
  };
  log.warn(fields, 'request failed');
}
