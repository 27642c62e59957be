/** The textbook server: Yoga, Pothos with prismaConnection and relations, Prisma’s findMany. No credentials, no visibility. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import SchemaBuilder from '@pothos/core';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import { PrismaPg } from '@prisma/adapter-pg';
import { createYoga } from 'graphql-yoga';
import { PrismaClient } from './generated/client/client.ts';
import type PrismaTypes from './generated/pothos.ts';
import { getDatamodel } from './generated/pothos.ts';

const [databaseUrl, organization] = process.argv.slice(2);
const organizationId = Number(organization);
const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: databaseUrl, max: 10 }) });
const builder = new SchemaBuilder<{ PrismaTypes: PrismaTypes }>({
  plugins: [PrismaPlugin, RelayPlugin],
  relay: {},
  prisma: { client: prisma, dmmf: getDatamodel() },
});

builder.prismaObject('Category', { fields: (t) => ({ key: t.exposeString('key'), name: t.exposeString('name') }) });
builder.prismaObject('Action', {
  fields: (t) => ({ key: t.exposeString('key'), name: t.exposeString('name'), category: t.relation('category') }),
});
builder.prismaObject('Actor', { fields: (t) => ({ name: t.exposeString('name', { nullable: true }) }) });
builder.prismaObject('Directory', { fields: (t) => ({ name: t.exposeString('name', { nullable: true }) }) });
builder.prismaObject('LogEntry', {
  fields: (t) => ({
    id: t.exposeID('id'),
    recordedAt: t.string({ resolve: ({ recordedAt }) => recordedAt.toISOString() }),
    action: t.relation('action'),
    actor: t.relation('actor'),
    directory: t.relation('directory'),
  }),
});
builder.queryType({
  fields: (t) => ({
    logs: t.prismaConnection({
      type: 'LogEntry',
      cursor: 'id',
      maxSize: 500,
      resolve: (query) =>
        prisma.logEntry.findMany({
          ...query,
          where: { organizationId },
          orderBy: [{ recordedAt: 'desc' }, { position: 'desc' }],
        }),
    }),
  }),
});

const yoga = createYoga({ schema: builder.toSchema(), logging: false });
const server = createServer(yoga).listen(0, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql\n`);
await once(process, 'SIGTERM');
server.closeAllConnections();
server.close();
await prisma.$disconnect();
