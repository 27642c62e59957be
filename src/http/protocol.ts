/** The graphql-transport-ws protocol over the engine: who calls, what runs, how errors read. */
import { type Context, makeServer, type Server, type SubscribePayload } from 'graphql-ws';
import type { Client } from '../access/access.ts';
import type { Principal } from '../auth/auth.ts';
import { AnnalsError, type ErrorCode } from '../errors.ts';
import { count, outcomeOf, startCounting, within } from './counted.ts';
import { bearerToken } from './credential.ts';
import type { Caller, Engine, Prepared, Result } from './engine.ts';
import type { Transport } from './options.ts';
import type { ConnectionRenewals } from './renewals.ts';
import { logFailure, statusOf } from './reply.ts';
import { formatResult } from './stream.ts';

/** What is known about one connection. */
export interface Connection {
  readonly requestId: string;
  readonly locale: string;
  readonly client: Client;
  /** From the upgrade’s header, or from connection_init. */
  token: string | null;
  principal: Principal | null;
  /** Operations so far; they number the request ids. */
  operations: number;
  /** Hands a new credential to the streams of this connection. */
  readonly renewals: ConnectionRenewals;
  /** Whether one is being looked at. */
  renewing: boolean;
}

export interface Protocol {
  readonly server: Server<Connection>;
  /** Queries and mutations that have not answered yet. */
  readonly answering: ReadonlySet<Promise<unknown>>;
}

/** Refusals of the credential itself: no other operation of the socket would be answered. */
const endsSocket: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['UNAUTHENTICATED', 'ADDRESS_NOT_ALLOWED']);

type Ctx = Context<Record<string, unknown> | undefined, Connection>;

export function openProtocol(engine: Engine, transport: Transport): Protocol {
  const { deps, bounds } = transport;
  const answering = new Set<Promise<unknown>>();
  const prepared = new WeakMap<object, Prepared>();
  const callers = new WeakMap<SubscribePayload, Caller>();
  const unprepared = () => Promise.reject(new Error('the operation was not prepared'));
  const counted = (payload: SubscribePayload, outcome: string) => {
    const caller = callers.get(payload);
    if (caller !== undefined) count(deps, caller.counted, outcome);
  };
  const requestIdOf = ({ extra }: Ctx, payload: SubscribePayload) => callers.get(payload)?.requestId ?? extra.requestId;

  const server = makeServer<Record<string, unknown> | undefined, Connection>({
    connectionInitWaitTimeout: bounds.connectionInitMs,
    async onConnect({ connectionParams, extra }) {
      const stated = bearerToken(connectionParams?.authorization ?? connectionParams?.Authorization);
      if (stated === null) return;
      extra.principal = await deps.authenticate(stated, extra.client);
      extra.token = stated;
    },
    async onSubscribe(ctx, _id, payload) {
      try {
        const anonymous = nextCaller(ctx, transport);
        callers.set(payload, anonymous);
        const operation = await within(anonymous.counted, async () =>
          engine.prepare({ ...anonymous, principal: await admit(ctx, transport) }, paramsOf(payload)),
        );
        if (!('args' in operation)) return operation;
        prepared.set(operation.args, operation);
        return operation.args;
      } catch (error) {
        // Thrown, an error closes the socket and all else on it; returned, it ends this operation alone.
        if (error instanceof AnnalsError && endsSocket.has(error.code)) throw error;
        return [deps.formatError(error, requestIdOf(ctx, payload))];
      }
    },
    execute(args) {
      const answer = prepared.get(args)?.execute(args) ?? unprepared();
      const forget = () => answering.delete(answer);
      answering.add(answer);
      answer.then(forget, forget);
      return answer;
    },
    async subscribe(args) {
      const results = await (prepared.get(args)?.subscribe(args) ?? unprepared());
      return Symbol.asyncIterator in results ? uncompleted(results, transport.stopping) : results;
    },
    // A subscription’s outcome is that it is open.
    onOperation(_ctx, _id, payload, _args, result) {
      if (Symbol.asyncIterator in Object(result)) counted(payload, 'OK');
    },
    onNext(ctx, _id, payload, _args, result) {
      const requestId = requestIdOf(ctx, payload);
      const { data, errors, extensions } = formatResult(result, { requestId }, transport, who(ctx));
      counted(payload, outcomeOf(errors));
      return {
        ...(data === undefined ? {} : { data }),
        ...(errors === undefined ? {} : { errors: errors.map((error) => error.toJSON()) }),
        ...(extensions === undefined ? {} : { extensions }),
      };
    },
    onError(ctx, _id, payload, errors) {
      const requestId = requestIdOf(ctx, payload);
      const formatted = errors.map((error) => deps.formatError(error, requestId));
      counted(payload, outcomeOf(formatted));
      logFailure(deps.log, { requestId }, statusOf(formatted), formatted, who(ctx));
      return formatted.map((error) => error.toJSON());
    },
  });
  return { server, answering };
}

/**
 * A stream that ends because the server stops is not complete, and no client must take it to be: it stays open until the
 * socket is closed, which tells clients to connect again.
 */
function uncompleted(results: AsyncIterable<Result>, stopping: AbortSignal): AsyncIterableIterator<Result> {
  const iterator = results[Symbol.asyncIterator]();
  const left = Promise.withResolvers<IteratorResult<Result>>();
  const done = { done: true, value: undefined } as const;
  return {
    async next() {
      const result = await iterator.next();
      return result.done === true && stopping.aborted ? left.promise : result;
    },
    async return() {
      left.resolve(done);
      await iterator.return?.();
      return done;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function nextCaller({ extra }: Ctx, { deps }: Transport): Caller {
  extra.operations += 1;
  const requestId = `${extra.requestId}.${extra.operations}`;
  return {
    requestId,
    principal: null,
    locale: extra.locale,
    client: extra.client,
    counted: startCounting(deps, 'websocket', { requestId }),
    renewals: extra.renewals,
  };
}

/** Who asks, under a fresh look at the credential: a revoked token is refused at once, as over HTTP. */
async function admit({ extra, subscriptions }: Ctx, { deps, options, stopping }: Transport): Promise<Principal | null> {
  if (stopping.aborted) throw new AnnalsError('SERVER_STOPPING');
  if (Object.keys(subscriptions).length > options.subscriptionsPerSocket) {
    throw new AnnalsError('OVERLOADED', {
      message: `This socket has ${options.subscriptionsPerSocket} operations open, the most that are allowed.`,
      cure: 'Complete one of them or open another socket; the limit is SUBSCRIPTIONS_PER_SOCKET.',
    });
  }
  const { token } = extra;
  // There is a principal only where there is a token.
  if (token === null) return extra.principal;
  const principal = await deps.authenticate(token, extra.client);
  // Unless a new credential took its place meanwhile.
  if (extra.token === token) extra.principal = principal;
  const refused = deps.admit(principal)?.refused ?? null;
  if (refused !== null) throw refused;
  return principal;
}

const paramsOf = ({ query, variables, operationName }: SubscribePayload) => ({
  query,
  variables: variables ?? {},
  ...(operationName ? { operationName } : {}),
});

const who = ({ extra }: Ctx) => ({
  transport: 'websocket',
  organization: extra.principal?.organizationUid,
  token: extra.principal?.tokenId,
});
