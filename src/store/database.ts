import { createHash } from 'node:crypto';
import pg from 'pg';
import { limitAnswers } from './answer.ts';
import { storeFault } from './fault.ts';
import { type IntSets, openIntSets } from './int-set.ts';
import { trackedSettings } from './pooler.ts';
import { entryTypes } from './row.ts';
import { WireClient } from './wire/connection.ts';
import { type Entries, EntryQuery } from './wire/query.ts';

export interface DatabaseOptions {
  readonly url: string;
  readonly connections: number;
  readonly statementTimeoutMs: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** A pooler stands between, and lends connections for one transaction at a time; see pooler.ts. */
  readonly pooled?: boolean;
  /** Called with each statement’s text; what it returns is called when the statement is over, with the error if there was one. */
  readonly onStatement?: StatementObserver;
}

export type SentObserver = (text: string, values: readonly unknown[], options: RunOptions) => void;

export type StatementObserver = (text: string) => (error: unknown) => void;

export interface RunOptions {
  /**
   * Plans the statement for these values. Otherwise it runs prepared, and after some runs PostgreSQL may keep one plan
   * for all values.
   */
  readonly planEach?: boolean;
  /** The text is built from what a reader asked for: one of very many. */
  readonly built?: boolean;
}

/** What runs statements: the pool, or one connection inside a transaction. */
export interface Runner {
  /** Rows as arrays of columns. Faults come as AnnalsError. */
  rows<Row extends readonly unknown[]>(text: string, values: readonly unknown[], options?: RunOptions): Promise<Row[]>;
  /**
   * The same for a statement whose columns are `entryColumns`; a row of nulls gives null. What is not read of an entry is
   * never decoded, and the bytes of the whole answer live as long as one of its entries.
   */
  entries(text: string, values: readonly unknown[], options?: RunOptions): Promise<Entries>;
}

/** A pool of connections that runs statements in array mode with the log’s own type parsers. */
export interface Database extends Runner, AsyncDisposable {
  /** Large sets of numbers as they are sent, remembered. */
  readonly sets: IntSets;
  readonly pool: pg.Pool;
  /** Commits when the work is done and rolls back when it throws. READ COMMITTED. */
  transaction<T>(work: (runner: Runner) => Promise<T>): Promise<T>;
  /** Tells the observer of every statement from now on; for tests that count or explain them. */
  observe(observer: SentObserver): Disposable;
}

/** Most texts built from filters that are kept prepared per connection: filters can take any number of shapes. */
const builtTexts = 300;
/** Most texts remembered as met once. */
const metTexts = 1000;

/** Names for prepared statements: for fixed texts always, for built ones from their second use on, up to a bound. */
function openNames(): (text: string, built: boolean) => string | undefined {
  const names = new Map<string, string>();
  const met = new Set<string>();
  let builtNames = 0;
  const give = (text: string) => {
    const name = `a${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
    names.set(text, name);
    return name;
  };
  return (text, built) => {
    const known = names.get(text);
    if (known !== undefined) return known;
    if (!built) return give(text);
    if (!met.has(text)) {
      if (met.size >= metTexts) met.clear();
      met.add(text);
      return undefined;
    }
    if (builtNames >= builtTexts) return undefined;
    builtNames++;
    return give(text);
  };
}

/**
 * What the statements rely on, whatever the server’s, the role’s or the address’s own defaults: times are parsed as ISO,
 * and a statement after a lock must see what the lock’s last holder committed. JIT compiles for longer than these
 * statements run.
 */
const sessionOptions = '-c TimeZone=UTC -c DateStyle=ISO -c default_transaction_isolation=read\\ committed -c jit=off';

/** The address with our session options after its own: the later of two wins. */
export function withSessionOptions(url: string): string {
  const parsed = new URL(url);
  const own = parsed.searchParams.get('options');
  parsed.searchParams.set('options', own === null ? sessionOptions : `${own} ${sessionOptions}`);
  return parsed.href;
}

/** How long a statement waits for a connection: for a new one to answer, or for one of the pool to come free. */
const connectMs = 10_000;
/** How much longer than the server’s own limit a statement may take before its connection counts as dead. */
const answerMs = 2000;

/** Connections of our own carry what their session needs from their first moment. */
const own = ({ url, statementTimeoutMs }: DatabaseOptions): pg.PoolConfig => ({
  connectionString: withSessionOptions(url),
  statement_timeout: statementTimeoutMs,
});

/** A client takes a statement of one’s own only with a callback. */
const askEntries = (connection: pg.Pool | pg.PoolClient, query: EntryQuery): Promise<Entries> =>
  new Promise((resolve, reject) => {
    const ask = connection.query as unknown as (
      query: EntryQuery,
      values: undefined,
      callback: (error: unknown, entries: Entries) => void,
    ) => void;
    ask.call(connection, query, undefined, (error, entries) => (error ? reject(error) : resolve(entries)));
  });

export function openDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    Client: WireClient,
    ...(options.pooled ? { connectionString: options.url } : own(options)),
    max: options.connections,
    application_name: options.applicationName,
    connectionTimeoutMillis: connectMs,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // Before anything else is asked of it: one that is lent is set up by its first statement.
    onConnect: async (client) => {
      limitAnswers(client, options.statementTimeoutMs + answerMs);
      if (options.pooled) await client.query(trackedSettings);
    },
  });
  // An idle connection that breaks is replaced at the next use; without a listener it would end the process.
  pool.on('error', () => {});
  const nameOf = openNames();
  const observers = new Set<SentObserver>();

  const runnerOn = (connection: pg.Pool | pg.PoolClient): Runner => {
    const run = async <Result>(
      text: string,
      values: readonly unknown[],
      how: RunOptions,
      send: (name: string | undefined) => Promise<Result>,
    ): Promise<Result> => {
      for (const observer of observers) observer(text, values, how);
      const over = options.onStatement?.(text);
      const { planEach = false, built = false } = how;
      try {
        const result = await send(planEach || options.pooled ? undefined : nameOf(text, built));
        over?.(null);
        return result;
      } catch (error) {
        over?.(error);
        throw storeFault(error);
      }
    };
    return {
      rows: <Row extends readonly unknown[]>(text: string, values: readonly unknown[], how: RunOptions = {}) =>
        run(text, values, how, async (name) => {
          const query = { text, values: [...values], rowMode: 'array' as const, types: entryTypes };
          return (await connection.query<Row>(name === undefined ? query : { ...query, name })).rows;
        }),
      entries: (text, values, how = {}) =>
        run(text, values, how, (name) => askEntries(connection, new EntryQuery(text, [...values], name))),
    };
  };

  return {
    pool,
    sets: openIntSets(),
    ...runnerOn(pool),
    async transaction(work) {
      const client = await pool.connect().catch((error: unknown) => {
        throw storeFault(error);
      });
      // A connection may break between two statements; the next one says so.
      const ignore = () => {};
      client.on('error', ignore);
      let broken = false;
      try {
        await client.query('begin');
        const result = await work(runnerOn(client));
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback').catch(() => {
          broken = true;
        });
        throw storeFault(error);
      } finally {
        client.off('error', ignore);
        client.release(broken);
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
