/** The bare loop: one multi-row INSERT after the other into given tables, nothing else. */
import pg from 'pg';
import { work } from '../support/worker.ts';

export interface BareJob {
  readonly url: string;
  /** Statements in flight, each on its own connection. */
  readonly connections: number;
  readonly milliseconds: number;
  /** Rows of one statement. */
  readonly rows: number;
  /** Takes the number of its first row as the first parameter, then the arrays. */
  readonly statement: string;
  /** Array literals, one per column; the statement unnests them. */
  readonly columns: readonly string[];
}

export interface BareResult {
  readonly rows: number;
  readonly seconds: number;
  /** Of each statement, in milliseconds. */
  readonly latencies: readonly number[];
}

const pools = new Map<string, pg.Pool>();
const names = new Map<string, string>();
let inserted = 0;

async function insert(job: BareJob): Promise<BareResult> {
  const pool = pools.get(job.url) ?? new pg.Pool({ connectionString: job.url, max: 16 });
  pools.set(job.url, pool);
  const name = names.get(job.statement) ?? `bare${names.size}`;
  names.set(job.statement, name);
  let rows = 0;
  const latencies: number[] = [];
  const started = performance.now();
  const loop = async () => {
    while (performance.now() - started < job.milliseconds) {
      const first = inserted;
      inserted += job.rows;
      const began = performance.now();
      await pool.query({ name, text: job.statement, values: [first, ...job.columns] });
      latencies.push(performance.now() - began);
      rows += job.rows;
    }
  };
  await Promise.all(Array.from({ length: job.connections }, loop));
  return { rows, seconds: (performance.now() - started) / 1000, latencies };
}

work(insert, () => Promise.all([...pools.values()].map((pool) => pool.end())));
