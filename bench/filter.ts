/** How fast pages by text, and in the order of occurredAt, are read; and what a page of a target touches. */
import type { Predicate } from '../src/model/predicate.ts';
import { openDatabase } from '../src/store/database.ts';
import { readPage } from '../src/store/statements/read.ts';
import { fillLog, middleEntry, targetsToFind, textsToFind } from './read/data.ts';
import { createOrganization, type Organization, startServer } from './support/annals.ts';
import { examine } from './support/examined.ts';
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

/** What was not built: an index of trigrams on the texts themselves. */
async function benchTrigrams(database: BenchDatabase, milliseconds: number): Promise<void> {
  const sample = 50_000;
  const batch = 500;
  const rate = (index: string) => () =>
    withClient(database.ownerUrl, async (client) => {
      await client.query(`create table texts (position bigint primary key, search text); ${index}`);
      const started = performance.now();
      let rows = 0;
      for (; performance.now() - started < milliseconds; rows += batch) {
        const from = rows % sample;
        await client.query('insert into texts select $1::int8 + n, search from sample where n between $2 and $3', [
          rows - from,
          from,
          from + batch - 1,
        ]);
      }
      const seconds = (performance.now() - started) / 1000;
      await client.query('drop table texts');
      return rows / seconds;
    });
  await withClient(database.ownerUrl, (client) =>
    client.query(`create extension if not exists pg_trgm;
      create table sample as select row_number() over () - 1 as n, search from (select search from log_entry limit ${sample}) e;
      create index on sample (n); analyze sample`),
  );
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

/** What a page of a target touches must not grow with the entries of the target. */
const targetBuffers = 500;

async function benchTargets(database: BenchDatabase, { organization }: Organization, entries: number): Promise<void> {
  const { url, ownerUrl } = database;
  await using served = openDatabase({ url, connections: 1, statementTimeoutMs: 60_000, applicationName: 'bench' });
  const middle = await middleEntry(database, entries);
  const places = {
    'first page': { direction: 'DESC', after: null, before: null },
    'page from the middle of the log': { direction: 'DESC', after: null, before: middle },
    'page from the middle of the log, oldest first': { direction: 'ASC', after: middle, before: null },
  } as const;
  await withClient(ownerUrl, async (client) => {
    for (const target of Object.values(targetsToFind)) {
      const predicate: Predicate = { op: 'in', field: 'targetId', values: new Set([target]) };
      const { rows } = await client.query<{ count: string }>(
        `select count(*) from log_entry where target_ids && array[$1]`,
        [target],
      );
      const of = `of a target with ${Number(rows[0]?.count).toLocaleString('en')} of ${entries.toLocaleString('en')} entries`;
      for (const [name, place] of Object.entries(places)) {
        const request = { organization, predicate, limit: 51, ...place };
        const { statements, buffers } = await examine(served, client, (on) => readPage(on, request));
        printFact(
          `${name} ${of}`,
          `${statements} statement(s), touches ${buffers.toLocaleString('en')} pages of 8 KiB; target at most ${targetBuffers}`,
          buffers <= targetBuffers,
        );
      }
    }
  });
}

export async function benchFilter(postgres: BenchPostgres, quick: boolean): Promise<void> {
  const entries = quick ? 300_000 : 1_000_000;
  const database = await postgres.createDatabase('filter');
  const organization = await createOrganization(database);
  await fillLog(database, organization, entries);
  printHeading('filter');
  await benchTargets(database, organization, entries);
  const started = performance.now();
  await using server = await startServer(database);
  const seconds = (performance.now() - started) / 1000;
  printFact(
    'from the start until the blocks of texts of all entries, and all cells, are there',
    `${seconds.toFixed(0)} s`,
  );
  // As the database does by itself within a minute or two.
  await withClient(database.ownerUrl, (client) => client.query('vacuum (analyze) search_block'));
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
