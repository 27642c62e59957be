/**
 * Yoga and Prisma’s findMany without relations: names from the entry’s own row, the catalogue from memory. What remains of
 * the textbook server once it is told not to join. No credentials, no visibility.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PrismaPg } from '@prisma/adapter-pg';
import { createSchema, createYoga } from 'graphql-yoga';
import { PrismaClient } from './generated/client/client.ts';

const [databaseUrl, organization] = process.argv.slice(2);
const organizationId = Number(organization);
const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: databaseUrl, max: 10 }) });
const actions = new Map(
  (await prisma.action.findMany({ include: { category: true } })).map((action) => [action.id, action]),
);

const typeDefs = `
  type Query { logs(first: Int!, after: String): LogConnection! }
  type LogConnection { edges: [LogEdge!]! pageInfo: PageInfo! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type LogEdge { cursor: String! node: LogEntry! }
  type LogEntry { id: ID! recordedAt: String! action: Action! category: Category! actor: Named! directory: Named }
  type Action { key: ID! name: String! }
  type Category { key: ID! name: String! }
  type Named { name: String }
`;

async function logs(_: unknown, { first }: { readonly first: number }) {
  const entries = await prisma.logEntry.findMany({
    where: { organizationId },
    orderBy: [{ recordedAt: 'desc' }, { position: 'desc' }],
    take: first + 1,
  });
  const edges = entries.slice(0, first).map((entry) => {
    const action = actions.get(entry.actionId);
    const recordedAt = entry.recordedAt.toISOString();
    return {
      cursor: entry.id,
      node: {
        id: `entry:${entry.id}`,
        recordedAt,
        action,
        category: action?.category,
        actor: { name: entry.actorName },
        directory: entry.directoryName === null ? null : { name: entry.directoryName },
      },
    };
  });
  return { edges, pageInfo: { hasNextPage: entries.length > first, endCursor: edges.at(-1)?.cursor ?? null } };
}

const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers: { Query: { logs } } }), logging: false });
const server = createServer(yoga).listen(0, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql\n`);
await once(process, 'SIGTERM');
server.closeAllConnections();
server.close();
await prisma.$disconnect();
