/** How fast entries are recorded. */
import type { BareJob, BareResult } from './append/bare.ts';
import { type BareRows, createSimpleTable, readRows } from './append/tables.ts';
import { createOrganization, startEmptyServer, startServer } from './support/annals.ts';
import { recordBodies } from './support/bodies.ts';
import type { LoadJob, LoadResult } from './support/load.ts';
import { type BenchPostgres, withClient } from './support/postgres.ts';
import { print, printFact, printHeading } from './support/report.ts';
import { takeTurns } from './support/rounds.ts';
import { median } from './support/statistics.ts';
import { startWorker } from './support/worker.ts';

const bulk = 500;
const bulkCallers = 4;
/**
 * The bare loop has one statement in flight. With two it keeps both cores busy with PostgreSQL alone, which nobody who
 * must also read requests can; that figure is printed for information.
 */
const bareConnections = [1, 2] as const;

export async function benchAppend(postgres: BenchPostgres, quick: boolean): Promise<void> {
  const database = await postgres.createDatabase('append');
  const organization = await createOrganization(database);
  await using server = await startServer(database);
  await using empty = await startEmptyServer(database);
  await using loader = startWorker<LoadJob, LoadResult>(new URL('support/load.ts', import.meta.url));
  await using inserter = startWorker<BareJob, BareResult>(new URL('append/bare.ts', import.meta.url));
  const milliseconds = quick ? 800 : 2000;
  const rounds = quick ? 3 : 5;

  const load = (url: string, callers: number, bodies: LoadJob['bodies']) =>
    loader.run({ url, token: organization.token, callers, milliseconds, bodies });
  const bare = (rows: BareRows, count: number, statement: string, connections: number) =>
    inserter.run({ url: database.ownerUrl, connections, milliseconds, rows: count, statement, columns: rows.columns });

  const benchBulk = async (keys: boolean, simple: string) => {
    const bodies = recordBodies(8, bulk, keys);
    const rate = async () => {
      const { requests, seconds } = await load(server.url, bulkCallers, bodies);
      return (requests * bulk) / seconds;
    };
    await rate();
    const rows = await withClient(database.ownerUrl, (client) => readRows(client, bulk));
    const bareRate = (table: string, connections: number) => async () => {
      const result = await bare(rows, bulk, rows.statement(table, keys), connections);
      return result.rows / result.seconds;
    };
    const [single, double] = bareConnections;
    const turns = [rate, bareRate('log_entry', single), bareRate('log_entry', double), bareRate(simple, single)];
    const [annals = 0, same = 0, twice = 0, one = 0] = await takeTurns(turns, rounds);
    const name = `recordLogs, ${bulk} entries a request, ${bulkCallers} callers${keys ? ', with idempotency keys' : ''}`;
    const measured = { value: annals, unit: 'rows/s' };
    const compared = (what: string, value: number) => ({ what, value, unit: 'rows/s' });
    const into = keys ? 'the same tables and indexes, keys included' : 'the same tables and indexes';
    print({ name, measured, compared: compared(`bare INSERT into ${into}`, same), target: { atLeast: 0.6 } });
    print({ name, measured, compared: compared(`the same with two connections`, twice) });
    const beside = keys ? 'a primary key and one index, and the keys' : 'a primary key and one index';
    print({ name, measured, compared: compared(`bare INSERT into a table with ${beside}`, one) });
  };

  const benchSingles = async () => {
    const callers = 64;
    const bodies = recordBodies(500, 1);
    const rate = (url: string) => async () => {
      const { requests, seconds } = await load(url, callers, bodies);
      return requests / seconds;
    };
    const from = await withClient(database.ownerUrl, readPosition);
    const [annals = 0, nothing = 0] = await takeTurns([rate(server.url), rate(empty.url)], rounds);
    const name = `recordLogs, one entry a request, ${callers} callers`;
    print({
      name,
      measured: { value: annals, unit: 'requests/s' },
      compared: { what: 'the same server with an empty resolver', value: nothing, unit: 'requests/s' },
      target: { atLeast: 0.7 },
    });
    const perCommit = await withClient(database.ownerUrl, (client) => entriesPerCommit(client, from));
    printFact(name, `${perCommit.toFixed(1)} entries per commit; target at least 16`, perCommit >= 16);
  };

  const benchIdle = async () => {
    const bodies = recordBodies(500, 1);
    const rows = await withClient(database.ownerUrl, (client) => readRows(client, 1));
    const latency = (url: string) => async () => median((await load(url, 1, bodies)).latencies);
    const insert = async () => median((await bare(rows, 1, rows.statement('log_entry', false), 1)).latencies);
    const turns = [latency(server.url), latency(empty.url), insert];
    const [annals = 0, nothing = 0, inserted = 0] = await takeTurns(turns, rounds);
    const name = 'recordLogs, one entry a request, one idle caller';
    const what = `empty resolver (${nothing.toFixed(2)} ms) and one autocommitted INSERT (${inserted.toFixed(2)} ms)`;
    print({
      name,
      measured: { value: annals, unit: 'ms' },
      compared: { what, value: nothing + inserted, unit: 'ms' },
    });
    const over = annals - nothing - inserted;
    printFact(name, `${over.toFixed(2)} ms beyond these two; target less than 1 ms, so no timer`, over < 1);
  };

  printHeading('append');
  const simple = await withClient(database.ownerUrl, createSimpleTable);
  await benchBulk(false, simple);
  await benchBulk(true, simple);
  await benchSingles();
  await benchIdle();

  async function readPosition(client: Parameters<typeof readRows>[0]): Promise<string> {
    const { rows } = await client.query<{ position: string }>(
      'select max(position)::text as position from log_entry where organization_id = $1',
      [organization.organization],
    );
    return rows[0]?.position ?? '-1';
  }

  /** A row’s xmin is the transaction that inserted it. */
  async function entriesPerCommit(client: Parameters<typeof readRows>[0], after: string): Promise<number> {
    const { rows } = await client.query<{ ratio: number }>(
      `select count(*)::float8 / count(distinct xmin::text) as ratio from log_entry
       where organization_id = $1 and position > $2`,
      [organization.organization, after],
    );
    return rows[0]?.ratio ?? 0;
  }
}
