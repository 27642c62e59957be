/** A new credential over an open socket: a ping that carries one, answered by a pong that says what became of it. */
import type { Principal } from '../auth/auth.ts';
import { AnnalsError } from '../errors.ts';
import type { Renewals } from '../live/live.ts';
import { bearerToken } from './credential.ts';
import type { Transport } from './options.ts';
import type { Connection } from './protocol.ts';
import { logFailure, statusOf } from './reply.ts';

/** The renewals of one connection. */
export interface ConnectionRenewals extends Renewals {
  /** Tells every stream. */
  replace(principal: Principal): void;
}

export function openRenewals(): ConnectionRenewals {
  const listeners = new Set<(principal: Principal) => void>();
  let newest: Principal | null = null;
  return {
    get newest() {
      return newest;
    },
    listen(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    replace(principal) {
      newest = principal;
      for (const listener of listeners) listener(principal);
    },
  };
}

/** Whoever a socket belongs to stays the same: what its streams delivered so far was for that principal’s eyes. */
function checkSame(before: Principal, after: Principal): void {
  const nameOf = ({ member, tokenId }: Principal) => (member === null ? tokenId : member.externalId);
  const same =
    before.organization === after.organization && before.kind === after.kind && nameOf(before) === nameOf(after);
  if (same) return;
  throw new AnnalsError('FORBIDDEN', {
    message: 'The new credential stands for somebody else than this socket’s.',
    cure: 'Open another socket for another principal, or another organization.',
  });
}

async function renew(connection: Connection, authorization: unknown, { deps }: Transport): Promise<Principal> {
  const before = connection.principal;
  const token = bearerToken(authorization);
  if (before === null || token === null) {
    throw new AnnalsError('UNAUTHENTICATED', {
      message: 'There is no credential to replace on this socket, or none to replace it by.',
      cure: 'Send {"authorization": "Bearer …"} as the payload of connection_init first, and then of a ping.',
    });
  }
  const after = await deps.authenticate(token, connection.client);
  checkSame(before, after);
  const refused = deps.admit(after)?.refused ?? null;
  if (refused !== null) throw refused;
  connection.token = token;
  connection.principal = after;
  connection.renewals.replace(after);
  return after;
}

/** What a pong carries: nothing, for a ping that asks for nothing. A refusal leaves everything as it was. */
export async function answerPing(
  connection: Connection,
  payload: unknown,
  transport: Transport,
): Promise<Readonly<Record<string, unknown>> | null> {
  if (typeof payload !== 'object' || payload === null) return null;
  const authorization = Reflect.get(payload, 'authorization') ?? Reflect.get(payload, 'Authorization');
  if (authorization === undefined) return null;
  const { deps } = transport;
  const { requestId } = connection;
  try {
    if (connection.renewing) {
      throw new AnnalsError('OVERLOADED', {
        message: 'Another credential for this socket is being looked at.',
        cure: 'Wait for its pong before the next ping with a credential.',
        retryAfterMs: 1000,
      });
    }
    connection.renewing = true;
    const { expiresAt } = await renew(connection, authorization, transport).finally(() => {
      connection.renewing = false;
    });
    return { renewed: true, expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString() };
  } catch (error) {
    const formatted = deps.formatError(error, requestId);
    logFailure(deps.log, { requestId }, statusOf([formatted]), [formatted], { transport: 'websocket' });
    return { renewed: false, error: formatted.toJSON() };
  }
}
