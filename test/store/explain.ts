import pg from 'pg';

/** How PostgreSQL plans a prepared statement: for these values, or once for any values. */
export type PlanKind = 'custom' | 'generic';

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Scan Direction'?: string;
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Filter?: string;
  readonly 'Shared Hit Blocks'?: number;
  readonly 'Shared Read Blocks'?: number;
  readonly Plans?: readonly PlanNode[];
}

export interface Explained {
  /** The plan without anything that depends on size: nodes, indexes, columns; equal partitions are told once. */
  readonly shape: string;
  /** Pages of tables and indexes that the run touched. */
  readonly buffers: number;
}

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

function literal(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return pg.escapeLiteral(`{${value.map((one) => JSON.stringify(String(one))).join(',')}}`);
  if (value instanceof Uint8Array) return `'\\x${Buffer.from(value).toString('hex')}'`;
  return pg.escapeLiteral(String(value));
}

/** Prepares and runs the statement as node-postgres does on a server’s connection, and tells how PostgreSQL went about it. */
export async function explain(client: pg.Client, { text, values }: Statement, kind: PlanKind): Promise<Explained> {
  await client.query(`set plan_cache_mode = force_${kind}_plan`);
  await client.query(`prepare explained as ${text}`);
  try {
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      `explain (analyze, buffers, timing off, format json) execute explained(${values.map(literal).join(', ')})`,
    );
    const plan = rows[0]?.['QUERY PLAN'][0].Plan;
    if (plan === undefined) throw new TypeError('EXPLAIN returned no plan');
    const names = await knownNames(client);
    return {
      shape: shape(plan, names).join('\n'),
      buffers: (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0),
    };
  } finally {
    await client.query('deallocate explained');
  }
}

/** Partitions and their indexes by the name of what they are a part of; a partition without rows says so. */
async function knownNames(client: pg.Client): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ child: string; parent: string }>(
    `select c.relname as child, p.relname || case when c.relkind = 'r' and c.relpages = 0 then ' (empty)' else '' end as parent
       from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent`,
  );
  return new Map(rows.map((row) => [row.child, row.parent]));
}

/** Names of columns in a condition, in their order and once each. */
function columnsOf(condition: string): string {
  const names = condition.replaceAll(/'[^']*'/g, '').match(/\b[a-z]+(?:_[a-z]+)*\b(?!\()(?!\[)/g) ?? [];
  return [...new Set(names)].filter((name) => !notColumns.has(name)).join(', ');
}

const notColumns = new Set(
  'e n h i k t o m is not null any timestamp with time zone without bigint integer text smallint uuid bytea'.split(' '),
);

function shape(node: PlanNode, names: ReadonlyMap<string, string>): string[] {
  const parts = [node['Node Type']];
  if (node['Scan Direction'] === 'Backward') parts.push('backward');
  const { 'Index Name': index, 'Relation Name': table } = node;
  if (index !== undefined) parts.push(`by ${names.get(index) ?? index}`);
  else if (table !== undefined) parts.push(`of ${names.get(table) ?? table}`);
  const head = [parts.join(' ')];
  if (node['Index Cond'] !== undefined) head.push(`on ${columnsOf(node['Index Cond'])}`);
  if (node.Filter !== undefined) head.push(`filter ${columnsOf(node.Filter)}`);
  const children = new Set(
    (node.Plans ?? []).map((child) =>
      shape(child, names)
        .map((line) => `  ${line}`)
        .join('\n'),
    ),
  );
  return [head.join('; '), ...[...children].flatMap((child) => child.split('\n'))];
}
