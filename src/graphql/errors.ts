/** Any error as the GraphQL error a client reads. The one place that decides what leaves the server. */
import { GraphQLError } from 'graphql';
import { AnnalsError, type ErrorCode, errorTable } from '../errors.ts';

/** Where the reason of a masked error goes. */
export interface ErrorLog {
  error(fields: Record<string, unknown>, message: string): void;
}

/** What `extensions` of every error holds. */
export interface ErrorExtensions {
  readonly code: ErrorCode;
  readonly cure: string;
  /** The input field, such as `entries[3].actor.id`, where the error names one. */
  readonly path?: string;
  readonly retryAfterMs?: number;
  readonly requestId: string;
  readonly [key: string]: unknown;
}

/**
 * The error with extensions {code, cure, path, retryAfterMs, requestId}. A coded error keeps its code wherever it is wrapped;
 * a mistake in the operation itself is BAD_INPUT; anything else is masked as INTERNAL and its original goes to the log.
 * An error that this function made already is returned as it is.
 */
export function toGraphQLError(error: unknown, requestId: string, log: ErrorLog): GraphQLError {
  if (error instanceof GraphQLError && isDone(error)) return error;
  const coded = findCoded(error);
  if (coded !== null) return build(coded.message, error, extensionsOf(coded, requestId));
  if (error instanceof GraphQLError && isCallersMistake(error)) {
    const cure = 'Correct the operation; the schema describes every type, field and argument.';
    return build(error.message, error, extensionsOf(new AnnalsError('BAD_INPUT', { cure }), requestId));
  }
  log.error({ requestId, err: rootOf(error) }, 'internal error');
  const masked = new AnnalsError('INTERNAL');
  return build(masked.message, error, extensionsOf(masked, requestId));
}

function isDone(error: GraphQLError): boolean {
  const { code, requestId } = error.extensions;
  return typeof code === 'string' && code in errorTable && typeof requestId === 'string';
}

function extensionsOf(error: AnnalsError, requestId: string): ErrorExtensions {
  return {
    code: error.code,
    cure: error.cure,
    ...(error.path === undefined ? {} : { path: error.path }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    requestId,
  };
}

/** The original is not attached: what is not there cannot be serialised by accident. */
function build(message: string, from: unknown, extensions: ErrorExtensions): GraphQLError {
  if (!(from instanceof GraphQLError)) return new GraphQLError(message, { extensions });
  return new GraphQLError(message, {
    nodes: from.nodes ?? null,
    source: from.source ?? null,
    positions: from.positions ?? null,
    path: from.path ?? null,
    extensions,
  });
}

/** The chain from a wrapper to what it wraps; bounded, because a cause may point back. */
function* chain(error: unknown): Generator<unknown> {
  let current = error;
  for (let depth = 0; depth < 10 && current !== undefined && current !== null; depth++) {
    yield current;
    if (!(current instanceof Error)) return;
    current = (current instanceof GraphQLError ? current.originalError : undefined) ?? current.cause;
  }
}

function findCoded(error: unknown): AnnalsError | null {
  for (const link of chain(error)) if (link instanceof AnnalsError) return link;
  return null;
}

function rootOf(error: unknown): unknown {
  let root = error;
  for (const link of chain(error)) root = link;
  return root;
}

/**
 * True where graphql-js found the fault in the document, its variables or arguments. Faults met while completing values are
 * GraphQLErrors too, but they carry the path of a field and are the server's own.
 */
function isCallersMistake(error: GraphQLError): boolean {
  for (const link of chain(error)) if (!(link instanceof GraphQLError)) return false;
  return error.path === undefined || /^(Argument|Variable) "/.test(error.message);
}
