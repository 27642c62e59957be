/** How fast pages by text, and in the order of occurredAt, are read. */
import { setTimeout as delay } from 'node:timers/promises';
import { fillLog, textsToFind } from './read/data.ts';
import { createOrganization, startServer } from './support/annals.ts';
import type { LoadJob, LoadResult } from './support/load.ts';
import { type BenchDatabase, type BenchPostgres, withClient } from './support/postgres.ts';
import { print, printFact, printHeading } from './support/report.ts';
import { takeTurns } from './support/rounds.ts';
import { median } from './support/statistics.ts';
import { startWorker } from './support/worker.ts';

const page = `query Page($filter: LogFilter, $order: LogOrder) {
  logs(first: 50, filter: $filter, order: $order) {
    edges { cursor node { id recordedAt action { key name } category { key name } actor { name } directory { name } } }
    pageInfo { hasNextPage endCursor }
  }
}`;
const count = 'query Count($filter: LogFilter) { logs(first: 0, filter: $filter) { totalCount } }';
const entriesOfBlock = 128;

/** Resolves when the server has made a block of every full one; how long that took, in seconds. */
async function indexed(database: BenchDatabase, entries: number): Promise<number> {
  const started = performance.now();
  const blocks = () =>
    withClient(database.ownerUrl, async (client) => {
      const { rows } = await client.query<{ count: number }>('select count(*)::int4 as count from search_block');
      return rows[0]?.count ?? 0;
    });
  while ((await blocks()) < Math.floor(entries / entriesOfBlock)) await delay(200);
  await withClient(database.ownerUrl, (client) => client.query('vacuum (analyze) search_block'));
  return (performance.now() - started) / 1000;
}

/** What was not built: an index of trigrams on the texts themselves. */
async function benchTrigrams(database: BenchDatabase, milliseconds: number): Promise<void> {
  const rate = (index: string) => () =>
    withClient(database.ownerUrl, async (client) => {
      await client.query(`create extension if not exists pg_trgm; drop table if exists texts;
        create table texts (organization_id int, recorded_at timestamptz, position bigint, search text,
          primary key (organization_id, recorded_at, position)); ${index}`);
      const started = performance.now();
      let rows = 0;
      for (; performance.now() - started < milliseconds; rows += 500) {
        await client.query(
          `insert into texts select organization_id, recorded_at, position, search from log_entry
           where recorded_at > (select min(recorded_at) from log_entry) order by recorded_at, position offset $1 limit 500`,
          [rows],
        );
      }
      await client.query('drop table texts');
      return (rows * 1000) / (performance.now() - started);
    });
  const [indexed = 0, bare = 0] = await takeTurns(
    [rate('create index on texts using gin (search gin_trgm_ops)'), rate('')],
    3,
  );
  print({
    name: 'INSERT of texts into a table with an index of trigrams',
    measured: { value: indexed, unit: 'rows/s' },
    compared: { what: 'without the index', value: bare, unit: 'rows/s' },
  });
}

export async function benchFilter(postgres: BenchPostgres, quick: boolean): Promise<void> {
  const entries = quick ? 300_000 : 1_000_000;
  const database = await postgres.createDatabase('filter');
  const organization = await createOrganization(database);
  await fillLog(database, organization, entries);
  printHeading('filter');
  await using server = await startServer(database);
  const seconds = await indexed(database, entries);
  printFact('blocks of texts for all entries', `made in ${seconds.toFixed(0)} s, behind the log`, true);
  await using loader = startWorker<LoadJob, LoadResult>(new URL('support/load.ts', import.meta.url));
  const milliseconds = quick ? 800 : 2000;

  const latency = (query: string, variables: Readonly<Record<string, unknown>>) => async () => {
    const bodies = [[JSON.stringify({ query, variables })]];
    const result = await loader.run({ url: server.url, token: organization.token, callers: 1, milliseconds, bodies });
    return median(result.latencies);
  };
  const containing = (text: string) => ({ filter: { text: { contains: text } } });
  const texts = Object.entries(textsToFind);
  const [plain = 0, occurred = 0, ...rest] = await takeTurns(
    [
      latency(page, {}),
      latency(page, { order: { field: 'OCCURRED_AT' } }),
      ...texts.map(([, text]) => latency(page, containing(text))),
      ...texts.map(([, text]) => latency(count, containing(text))),
    ],
    quick ? 3 : 5,
  );
  const compared = { what: 'a plain page', value: plain, unit: 'ms' };
  const of = `${entries.toLocaleString('en')} entries, one caller`;
  const shares: Record<string, string> = {
    every: 'every entry',
    fiftieth: 'one entry in 50',
    thousandth: 'one entry in 1,000',
    one: 'one entry',
    none: 'no entry',
  };
  print({ name: `first page by occurredAt, ${of}`, measured: { value: occurred, unit: 'ms' }, compared });
  for (const [index, [share]] of texts.entries()) {
    const value = rest[index] ?? 0;
    const name = `first page by a text that ${shares[share]} has, ${of}`;
    print({ name, measured: { value, unit: 'ms' }, compared, target: { atMost: 20 } });
  }
  for (const [index, [share]] of texts.entries()) {
    const value = rest[texts.length + index] ?? 0;
    print({ name: `count by a text that ${shares[share]} has, ${of}`, measured: { value, unit: 'ms' }, compared });
  }
  await benchTrigrams(database, milliseconds);
}
