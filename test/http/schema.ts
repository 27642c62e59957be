/** A small real schema: fields that answer, fail and wait, and streams whose pulls are counted. */
import {
  type GraphQLFieldConfigMap,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
} from 'graphql';
import { requirePermission } from '../../src/auth/auth.ts';
import { AnnalsError } from '../../src/errors.ts';
import type { AnnalsContext } from '../../src/graphql/context.ts';

/** What the streams did; tests wait for these facts. */
export interface Counters {
  pulls: number;
  open: number;
}

export interface Gate {
  /** Opens the field `held`. */
  open(): void;
  readonly passed: Promise<void>;
  entered: number;
}

export function openGate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { open: resolve, passed: promise, entered: 0 };
}

/** Yields `count` texts of `size` characters, or waits for ever when `count` is 0; counts pulls and its own life. */
function counted(counters: Counters, count: number, size: number): AsyncIterableIterator<Record<string, unknown>> {
  let sent = 0;
  const over = Promise.withResolvers<IteratorResult<Record<string, unknown>>>();
  counters.open += 1;
  let live = true;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      counters.pulls += 1;
      if (!live) return { done: true, value: undefined };
      if (count === 0) return over.promise;
      if (sent === count) return this.return?.() ?? { done: true, value: undefined };
      sent += 1;
      return { done: false, value: { ticks: `${sent}`.padEnd(size, '.') } };
    },
    async return() {
      if (live) counters.open -= 1;
      live = false;
      over.resolve({ done: true, value: undefined });
      return { done: true, value: undefined };
    },
  };
}

export function testSchema(counters: Counters, gate: Gate): GraphQLSchema {
  const refused = () => new AnnalsError('BAD_CURSOR', { path: 'after', message: 'The cursor is not one of ours.' });
  const fields: GraphQLFieldConfigMap<unknown, AnnalsContext> = {
    hello: { type: GraphQLString, resolve: () => 'world' },
    who: { type: GraphQLString, resolve: (_, __, { principal }) => principal?.name ?? null },
    locale: { type: GraphQLString, resolve: (_, __, context) => context.locale },
    request: { type: GraphQLString, resolve: (_, __, context) => context.requestId },
    breaks: {
      type: GraphQLString,
      resolve: () => {
        throw new Error('password of the database is hunter2');
      },
    },
    coded: {
      type: GraphQLString,
      resolve: () => {
        throw refused();
      },
    },
    overloaded: {
      type: new GraphQLNonNull(GraphQLString),
      resolve: () => {
        throw new AnnalsError('OVERLOADED', { retryAfterMs: 1500 });
      },
    },
    wrongType: { type: new GraphQLList(GraphQLString), resolve: () => 'hunter2' },
    guarded: {
      type: GraphQLString,
      resolve: (_, __, { principal }) => {
        if (principal === null) throw new AnnalsError('UNAUTHENTICATED');
        requirePermission(principal, 'RECORD');
        return 'open';
      },
    },
    length: {
      type: GraphQLInt,
      args: { text: { type: GraphQLString } },
      resolve: (_, { text }: { text?: string }) => text?.length ?? 0,
    },
    held: {
      type: GraphQLString,
      resolve: async () => {
        gate.entered += 1;
        await gate.passed;
        return 'released';
      },
    },
  };
  const Query: GraphQLObjectType = new GraphQLObjectType({
    name: 'Query',
    fields: () => ({ ...fields, self: { type: Query, resolve: () => ({}) } }),
  });
  const Mutation = new GraphQLObjectType({
    name: 'Mutation',
    fields: { held: { ...fields.held, type: GraphQLString } },
  });
  const Subscription = new GraphQLObjectType<unknown, AnnalsContext>({
    name: 'Subscription',
    fields: {
      ticks: {
        type: GraphQLString,
        args: { count: { type: GraphQLInt }, size: { type: GraphQLInt } },
        subscribe: (_, { count, size }: { count?: number; size?: number }) => counted(counters, count ?? 0, size ?? 1),
      },
      refused: {
        type: GraphQLString,
        subscribe: () => {
          throw refused();
        },
      },
      failing: {
        type: GraphQLString,
        subscribe: async function* () {
          yield { failing: 'one' };
          throw new Error('password of the database is hunter2');
        },
      },
    },
  });
  return new GraphQLSchema({ query: Query, mutation: Mutation, subscription: Subscription });
}
