import { AnnalsError } from '../errors.ts';

/**
 * SQLSTATE classes and codes that mean “not now”: connection, resources, operator intervention, read-only, not yet up, a
 * database that takes no connections.
 */
const passing = /^(08|53|57P|58|25006|40001|40P01|55000|55P03|57014)/;

const socketFaults = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'ENETUNREACH',
  'ECONNABORTED',
  'EMFILE',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** Prisma’s own codes for a server that is not reached, not in time, or that closed the connection. */
const prismaFault = /^P(1001|1002|1008|1017|2024|2028|2034|2037)$/;

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

/** The SQLSTATE or the system’s code; of a fault that came through Prisma, the one that the driver gave it. */
function codeOf(error: unknown): string | undefined {
  const driver = memberOf(memberOf(memberOf(error, 'meta'), 'driverAdapterError'), 'cause');
  const code = memberOf(driver, 'originalCode') ?? memberOf(error, 'code');
  return typeof code === 'string' ? code : undefined;
}

/** What node-postgres says without a code when a connection goes away under a statement or cannot be had. */
const lostConnection =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout|Client was closed and is not queryable|Cannot use a pool after/;

/** A database fault as the error a caller can act on; other errors pass unchanged. */
export function storeFault(error: unknown): unknown {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : '';
  if (/unsupported startup parameter/.test(message)) {
    return new AnnalsError('CONFIG_INVALID', {
      message: 'A pooler stands before the database, and takes no settings of a session.',
      cure: 'Set DATABASE_POOLER=transaction, as docs/operations.md describes.',
      cause: error,
    });
  }
  if (code === '57014') return new AnnalsError('STATEMENT_TIMEOUT', { cause: error });
  if (
    (code !== undefined && (passing.test(code) || prismaFault.test(code) || socketFaults.has(code))) ||
    lostConnection.test(message)
  ) {
    return new AnnalsError('UNAVAILABLE', { cause: error, retryAfterMs: 1000 });
  }
  return error;
}
