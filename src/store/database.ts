import { createHash } from 'node:crypto';
import pg from 'pg';
import { storeFault } from './fault.ts';
import { entryTypes } from './row.ts';

export interface DatabaseOptions {
  readonly url: string;
  readonly connections: number;
  readonly statementTimeoutMs: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
}

export interface RunOptions {
  /**
   * Plans the statement for these values. Otherwise it runs prepared, and after some runs PostgreSQL may keep one plan
   * for all values.
   */
  readonly planEach?: boolean;
}

/** A pool of connections that runs statements in array mode with the log’s own type parsers. */
export interface Database extends AsyncDisposable {
  readonly pool: pg.Pool;
  /** Rows as arrays of columns. Faults come as AnnalsError. */
  rows<Row extends readonly unknown[]>(text: string, values: readonly unknown[], options?: RunOptions): Promise<Row[]>;
  /** Runs statement texts through the observer from now on; for tests that count statements. */
  observe(observer: (text: string) => void): Disposable;
}

/** Most statement texts kept prepared per connection; filters can take more shapes than a server should remember. */
const preparedLimit = 300;

function openNames(): (text: string) => string | undefined {
  const names = new Map<string, string>();
  return (text) => {
    const known = names.get(text);
    if (known !== undefined || names.size >= preparedLimit) return known;
    const name = `a${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
    names.set(text, name);
    return name;
  };
}

export function openDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.connections,
    application_name: options.applicationName,
    connectionTimeoutMillis: 5000,
    idleTimeoutMillis: 60_000,
    statement_timeout: options.statementTimeoutMs,
    // The time zone is part of how rows are parsed. JIT compiles for longer than these statements run.
    options: '-c TimeZone=UTC -c jit=off',
  });
  // An idle connection that breaks is replaced at the next use; without a listener it would end the process.
  pool.on('error', () => {});
  const nameOf = openNames();
  const observers = new Set<(text: string) => void>();

  return {
    pool,
    async rows<Row extends readonly unknown[]>(
      text: string,
      values: readonly unknown[],
      run: RunOptions = {},
    ): Promise<Row[]> {
      for (const observer of observers) observer(text);
      const name = run.planEach ? undefined : nameOf(text);
      const query = { text, values: [...values], rowMode: 'array' as const, types: entryTypes };
      try {
        const result = await pool.query<Row>(name === undefined ? query : { ...query, name });
        return result.rows;
      } catch (error) {
        throw storeFault(error);
      }
    },
    observe(observer) {
      observers.add(observer);
      return { [Symbol.dispose]: () => observers.delete(observer) };
    },
    async [Symbol.asyncDispose]() {
      await pool.end();
    },
  };
}
