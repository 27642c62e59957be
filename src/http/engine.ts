/** Runs operations. Every transport comes through here, so that plugins, limits and caches are the same for all. */
import type { DocumentNode, ExecutionArgs, ExecutionResult, GraphQLError } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import type { Client } from '../access/access.ts';
import type { Principal } from '../auth/auth.ts';
import type { AnnalsContext } from '../graphql/context.ts';
import type { Renewals } from '../live/live.ts';
import type { OperationParams } from './body.ts';
import { type Counted, naming, within } from './counted.ts';
import { openDocumentCache } from './documents.ts';
import type { Bounds, HttpDeps } from './options.ts';

/** On whose behalf an operation runs. */
export interface Caller extends Record<string, unknown> {
  readonly requestId: string;
  readonly principal: Principal | null;
  readonly locale: string;
  readonly client: Client;
  readonly counted: Counted;
  /** Of the connection; null where it serves this operation alone. */
  readonly renewals: Renewals | null;
}

export type Result = ExecutionResult & { readonly stringify?: (result: ExecutionResult) => string };

/** A validated operation, for a transport that drives the execution itself. */
export interface Prepared {
  readonly args: ExecutionArgs;
  execute(args: ExecutionArgs): Promise<Result>;
  subscribe(args: ExecutionArgs): Promise<AsyncIterable<Result> | Result>;
}

export interface Engine {
  /** Parses, validates and executes; errors are results, unformatted. Mutations are refused where `method` is GET. */
  run(caller: Caller, params: OperationParams, method: 'GET' | 'POST'): Promise<Result | AsyncIterable<Result>>;
  /** Parses and validates with a fresh context; the errors as an array. */
  prepare(caller: Caller, params: OperationParams): Promise<Prepared | readonly GraphQLError[]>;
}

export function openEngine(deps: HttpDeps, bounds: Pick<Bounds, 'documentCharacters'>): Engine {
  const limits: Plugin = {
    onParse({ setParseFn }) {
      setParseFn((source: string): DocumentNode => deps.parse(source));
    },
  };
  const yoga = createYoga<Caller, AnnalsContext>({
    schema: deps.schema,
    context: ({ principal, requestId, locale, client, renewals }) =>
      deps.createContext(principal, requestId, locale, client, renewals),
    plugins: [limits, naming, ...(deps.plugins ?? [])],
    // A mistake is cheap to find again, and must not push out documents that are in use.
    parserAndValidationCache: {
      documentCache: openDocumentCache(bounds.documentCharacters),
      errorCache: { get: () => undefined, set: () => undefined },
    },
    // Errors are formatted where a result leaves the server, with the request's id.
    maskedErrors: false,
    logging: false,
    batching: false,
  });
  const { Request } = yoga.fetchAPI;

  return {
    async run(caller, params, method) {
      const request = new Request('http://annals/graphql', { method });
      const context = { ...caller, waitUntil: yoga.waitUntil };
      const result = await yoga.getResultForParams({ params, request }, context);
      return result ?? { errors: [deps.formatError(new Error('the operation had no result'), caller.requestId)] };
    },
    async prepare(caller, params) {
      const { schema, parse, validate, contextFactory, execute, subscribe } = yoga.getEnveloped(caller);
      const document: DocumentNode = parse(params.query);
      const errors: readonly GraphQLError[] = validate(schema, document);
      if (errors.length > 0) return errors;
      const args = {
        schema,
        document,
        variableValues: params.variables,
        operationName: params.operationName ?? null,
        contextValue: await contextFactory(),
      };
      const { counted } = caller;
      return {
        args,
        execute: async (all) => within(counted, () => execute(all)),
        subscribe: async (all) => within(counted, () => subscribe(all)),
      };
    },
  };
}
