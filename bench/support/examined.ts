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
  await read({
    ...database,
    rows(text, values, options) {
      sent.push({ text, values, planEach: options?.planEach ?? false });
      return database.rows(text, values, options);
    },
  });
  return sent;
}

/** Runs a read and explains each statement that it sent, with the plan that a server keeps or makes each time. */
export async function examine(
  database: Database,
  client: pg.Client,
  read: (database: Database) => Promise<unknown>,
): Promise<Examined> {
  const sent = await sentBy(database, read);
  let [rows, buffers] = [0, 0];
  for (const { text, values, planEach } of sent) {
    await client.query(`set plan_cache_mode = force_${planEach ? 'custom' : 'generic'}_plan`);
    await client.query(`prepare examined as ${text}`);
    const explained = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      `explain (analyze, buffers, timing off, format json) execute examined(${values.map(literal).join()})`,
    );
    await client.query('deallocate examined');
    const plan = explained.rows[0]?.['QUERY PLAN'][0].Plan;
    if (plan === undefined) throw new TypeError('EXPLAIN returned no plan');
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
  await client.query('set plan_cache_mode = force_custom_plan');
  const times: number[] = [];
  for (let round = 0; round < 21; round++) {
    let sum = 0;
    for (const { text, values } of sent) {
      await client.query(`prepare planned as ${text}`);
      const explained = await client.query<{ 'QUERY PLAN': [{ 'Planning Time': number }] }>(
        `explain (summary, format json) execute planned(${values.map(literal).join()})`,
      );
      await client.query('deallocate planned');
      sum += explained.rows[0]?.['QUERY PLAN'][0]['Planning Time'] ?? Number.NaN;
    }
    times.push(sum);
  }
  return median(times);
}
