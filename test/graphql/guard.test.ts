import {
  buildSchema,
  type GraphQLError,
  type GraphQLSchema,
  getIntrospectionQuery,
  graphql,
  parse,
  subscribe,
} from 'graphql';
import { expect, test } from 'vitest';
import { examples } from '../../src/graphql/examples.ts';
import { guardRoots } from '../../src/graphql/guard.ts';
import { schema } from '../../src/graphql/schema.ts';

/** What a request without a credential brings, as far as anything is read from it. */
const stranger = { principal: null };

async function outcomeOf(
  document: string,
  variables: Readonly<Record<string, unknown>>,
): Promise<readonly GraphQLError[]> {
  const isSubscription = parse(document).definitions.some(
    (node) => 'operation' in node && node.operation === 'subscription',
  );
  const result = isSubscription
    ? await subscribe({ schema, document: parse(document), contextValue: stranger, variableValues: variables })
    : await graphql({ schema, source: document, contextValue: stranger, variableValues: variables });
  return 'errors' in result ? (result.errors ?? []) : [];
}

test.each(examples.map((example) => [example.name, example] as const))(
  '%s is answered UNAUTHENTICATED without a credential, before anything else is looked at',
  async (_, { document, variables }) => {
    const errors = await outcomeOf(document, variables ?? {});
    expect(errors.map((error) => error.originalError)).toEqual([
      expect.objectContaining({ name: 'AnnalsError', code: 'UNAUTHENTICATED' }),
    ]);
  },
);

test('the schema can be explored without a credential', async () => {
  const result = await graphql({ schema, source: getIntrospectionQuery(), contextValue: stranger });
  expect(result.errors).toBeUndefined();
  expect(result.data).toHaveProperty('__schema');
});

test('a root field without a resolver or a source is refused when the schema is built', () => {
  const guard = (sdl: string) => (): GraphQLSchema => guardRoots(buildSchema(sdl));
  expect(guard('type Query { open: Int }')).toThrow('Query.open has no resolver');
  expect(guard('type Query type Subscription { open: Int }')).toThrow();
});
