// The fastest server of its kind: Mercurius with graphql-jit over one prepared statement of pg. It runs the very statement
// that Annals runs for the page, and answers the same; it checks no credential and no visibility, and its cursors are not
// sealed. Plain JavaScript: it lives with packages of its own (graphql 16), which a type check of Annals does not have.
import fastify from 'fastify';
import mercurius from 'mercurius';
import pg from 'pg';

/** @type {{ url: string, text: string, values: unknown[], actions: Record<number, object>, columns: Record<string, number> }} */
const { url, text, values, actions, columns } = JSON.parse(process.argv[2] ?? '');
const pool = new pg.Pool({ connectionString: url, max: 10 });
const statement = { name: 'page', text, values, rowMode: 'array' };

const schema = `
  type Query { logs(first: Int, after: String): LogConnection! }
  type LogConnection { edges: [LogEdge!]! pageInfo: PageInfo! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type LogEdge { cursor: String! node: LogEntry! }
  type LogEntry { id: ID! recordedAt: String! action: Action! category: EventCategory! actor: LogActor! directory: LogDirectory }
  type Action { key: ID! name: String! }
  type EventCategory { key: ID! name: String! }
  type LogActor { name: String }
  type LogDirectory { name: String }
`;

const named = (name) => (name === null ? null : { name });

const edgeOf = (row) => {
  const { category, ...action } = actions[row[columns.action]];
  const recordedAt = row[columns.recordedAt].toISOString();
  return {
    cursor: Buffer.from(`${recordedAt} ${row[columns.id]}`).toString('base64url'),
    node: {
      id: `entry:${row[columns.id]}`,
      recordedAt,
      action,
      category,
      actor: { name: row[columns.actorName] },
      directory: named(row[columns.directoryName]),
    },
  };
};

const resolvers = {
  Query: {
    async logs(_, { first }) {
      const { rows } = await pool.query(statement);
      const edges = rows.slice(0, first).map(edgeOf);
      return { edges, pageInfo: { hasNextPage: rows.length > first, endCursor: edges.at(-1)?.cursor ?? null } };
    },
  },
};

const app = fastify();
app.register(mercurius, { schema, resolvers, jit: 1 });
process.stdout.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}/graphql\n`);
process.once('SIGTERM', async () => {
  await app.close();
  await pool.end();
});
