/**
 * The schema builder. It has no plugins: pages, nodes and loaders are a few lines of our own (types/node.ts,
 * types/logConnection.ts, loaders.ts), because the relay plugin answers every global id with a promise, and a page of
 * entries is read synchronously here except where a field waits for a loader.
 */
import SchemaBuilder from '@pothos/core';
import type { Json } from '../model/entry.ts';
import type { AnnalsContext } from './context.ts';

export interface SchemaShape {
  Context: AnnalsContext;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    BigInt: { Input: bigint; Output: number | bigint };
    /** Input as the client wrote it; output in milliseconds since 1970. */
    DateTime: { Input: string; Output: number };
    JSON: { Input: Json; Output: Json };
  };
}

export const builder = new SchemaBuilder<SchemaShape>({ defaultFieldNullability: false });

builder.queryType({
  description: 'Everything that can be read. What the caller may not see is answered as if it did not exist.',
});
builder.mutationType({ description: 'Everything that can be changed: entries are added, never altered.' });
builder.subscriptionType({ description: 'What is delivered as it happens, over WebSocket (graphql-ws) or SSE.' });
