/** What the database looked at for a page, as EXPLAIN tells it. */
import type pg from 'pg';
import { escapeLiteral } from 'pg';
import type { Database } from '../../src/store/database.ts';
import { median } from './statistics.ts';

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Shared Hit Blocks'?: number;
  readonly 'Shared Read Blocks'?: number;
  readonly Plans?: readonly PlanNode[];
}

export interface Examined {
  readonly statements: number;
  /** Rows of the log and of its indexes that were looked at. */
  readonly rows: number;
  /** Pages of 8 KiB that were touched. */
  readonly buffers: number;
}

const scanned = (node: PlanNode): number =>
  (node['Relation Name'] === undefined
    ? 0
    : (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']) +
  (node.Plans ?? []).reduce((sum, child) => sum + scanned(child), 0);

function literal(value: unknown): string {
  if (Array.isArray(value)) return `'{${value.join()}}'`;
  return value instanceof Uint8Array ? `'\\x${Buffer.from(value).toString('hex')}'` : escapeLiteral(String(value));
}

interface Sent {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly planEach: boolean;
}

/** Runs a read; the statements that it sent. */
async function sentBy(database: Database, read: (database: Database) => Promise<unknown>): Promise<Sent[]> {
  const sent: Sent[] = [];
  using _ = database.observe((text, values, { planEach = false }) => sent.push({ text, values, planEach }));
  await read(database);
  return sent;
}

interface ExplainedPlan {
  readonly Plan: PlanNode;
  readonly 'Planning Time'?: number;
}

async function explain(
  client: pg.Client,
  { text, values }: Sent,
  { kind, options }: { readonly kind: 'custom' | 'generic'; readonly options: string },
): Promise<ExplainedPlan> {
  await client.query(`set plan_cache_mode = force_${kind}_plan`);
  await client.query(`prepare examined as ${text}`);
  const { rows } = await client.query<{ 'QUERY PLAN': [ExplainedPlan] }>(
    `explain (${options}, format json) execute examined(${values.map(literal).join()})`,
  );
  await client.query('deallocate examined');
  const explained = rows[0]?.['QUERY PLAN'][0];
  if (explained === undefined) throw new TypeError('EXPLAIN returned no plan');
  return explained;
}

/** Runs a read and explains each statement that it sent, with the plan that a server keeps or makes each time. */
export async function examine(
  database: Database,
  client: pg.Client,
  read: (database: Database) => Promise<unknown>,
): Promise<Examined> {
  const sent = await sentBy(database, read);
  let [rows, buffers] = [0, 0];
  for (const statement of sent) {
    const kind = statement.planEach ? 'custom' : 'generic';
    const { Plan: plan } = await explain(client, statement, { kind, options: 'analyze, buffers, timing off' });
    rows += scanned(plan);
    buffers += (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
  }
  return { statements: sent.length, rows, buffers };
}

/** How long the statements of a read take to plan for their values, in milliseconds: the median of some times. */
export async function planningOf(
  database: Database,
  client: pg.Client,
  read: (database: Database) => Promise<unknown>,
): Promise<number> {
  const sent = await sentBy(database, read);
  const times: number[] = [];
  for (let round = 0; round < 21; round++) {
    let sum = 0;
    for (const statement of sent) {
      const explained = await explain(client, statement, { kind: 'custom', options: 'summary' });
      sum += explained['Planning Time'] ?? Number.NaN;
    }
    times.push(sum);
  }
  return median(times);
}
