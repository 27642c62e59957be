/** Reads a JSON body within a limit that is known before the first byte is read. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AnnalsError } from '../errors.ts';

export interface OperationParams {
  readonly query: string;
  readonly variables: Record<string, unknown>;
  readonly operationName?: string;
}

/** Throws UNSUPPORTED_MEDIA_TYPE unless the body is JSON in UTF-8. */
export function checkMediaType(contentType: string | undefined): void {
  const [type, ...parameters] = (contentType ?? '').toLowerCase().split(';');
  const charset = parameters.map((part) => part.trim()).find((part) => part.startsWith('charset='));
  const utf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  if (type?.trim() === 'application/json' && utf8) return;
  throw new AnnalsError('UNSUPPORTED_MEDIA_TYPE', {
    message:
      contentType === undefined
        ? 'The request has no content type.'
        : `The content type ${JSON.stringify(contentType.slice(0, 100))} is not accepted.`,
  });
}

/**
 * The body as text. Refuses by Content-Length before reading, and while reading when the client sent none or more.
 * A client that waits for `100 Continue` gets it only when its length is accepted.
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  limit: number,
  tooLarge: () => AnnalsError,
): Promise<string> {
  const { 'content-encoding': encoding, expect } = request.headers;
  if (encoding !== undefined && encoding !== 'identity') {
    throw new AnnalsError('UNSUPPORTED_MEDIA_TYPE', {
      message: `The content encoding ${JSON.stringify(encoding.slice(0, 100))} is not accepted.`,
      cure: 'Send the body without compression.',
    });
  }
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge();
  if (expect?.toLowerCase() === '100-continue') response.writeContinue();
  const chunks: Buffer[] = [];
  let bytes = 0;
  await new Promise<void>((resolve, reject) => {
    const incomplete = () =>
      reject(new AnnalsError('BAD_INPUT', { message: 'The request ended before its body was complete.' }));
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limit) {
        request.removeAllListeners('data');
        chunks.length = 0;
        reject(tooLarge());
      } else chunks.push(chunk);
    });
    request.once('end', resolve);
    request.once('error', incomplete);
    request.once('close', () => {
      if (!request.complete) incomplete();
    });
  });
  const [first] = chunks;
  return (chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, bytes)).toString('utf8');
}

const form = 'Send {"query": "…", "variables": {…}} as JSON in UTF-8.';
const bad = (message: string, cure = form) => new AnnalsError('BAD_INPUT', { message, cure });

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw bad(`${what} is not valid JSON.`);
  }
}

/** The parameters of one operation. Throws BAD_INPUT for anything else than one JSON object, a batch included. */
export function parseParams(text: string): OperationParams {
  const value = parseJson(text, 'The request body');
  if (Array.isArray(value)) {
    const cure = 'Send one operation per request; recordLogs takes many entries.';
    throw bad('A batch of operations is not accepted.', cure);
  }
  return checkParams(value);
}

/** The parameters in the query of a GET request; `variables` is JSON text. */
export function queryParams(search: URLSearchParams): OperationParams {
  const variables = search.get('variables');
  return checkParams({
    query: search.get('query'),
    operationName: search.get('operationName'),
    variables: variables === null || variables === '' ? null : parseJson(variables, '`variables`'),
  });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function checkParams(value: unknown): OperationParams {
  if (!isObject(value)) throw bad('The request body is not a JSON object.');
  const { query, variables, operationName } = value;
  if (typeof query !== 'string' || query === '') throw bad('The request has no `query`.');
  if (variables !== undefined && variables !== null && !isObject(variables)) throw bad('`variables` is not an object.');
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') {
    throw bad('`operationName` is not a string.');
  }
  return { query, variables: variables ?? {}, ...(operationName ? { operationName } : {}) };
}
