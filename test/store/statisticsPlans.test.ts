/**
 * What statistics of members touch, who see some directories of many: 80,000 cells of 60 days by directory and
 * half hour, and as many by directory, action and day, in 20,000 directories.
 */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { never, type Predicate } from '../../src/model/predicate.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { readStatistics, type StatisticsRequest } from '../../src/store/statements/statistics.ts';
import { until } from '../support/app.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Explained, explain, type Statement } from './explain.ts';

const organization = 1;
const directories = 20_000;
const cells = 80_000;
const days = 60;
const firstDay = Date.UTC(2024, 0, 1) / 86_400_000;

let database: TestDatabase;
let client: pg.Client;
let served: Database;

/** Every value is a hash of its number: the same data, and so the same statistics, in each run. */
const fill = `insert into statistics_cell (organization_id, cube, slot, recorded_slot, a, b, count,
    first_occurred_at, last_occurred_at, first_recorded_at, last_recorded_at)
  select ${organization}, k.cube, k.slot, k.slot, k.a, k.b, 1 + h % 3, t, t, t, t
  from generate_series(1, ${cells}) n,
    lateral (select abs(hashint4(n)::bigint) as h, abs(hashint4(n + 1000000)::bigint) as i, n::float8 / ${cells + 1} * ${days} as at) r,
    lateral (select to_timestamp((${firstDay} + at) * 86400) as t, 1 + h % ${directories} as directory,
      ${firstDay} + floor(at)::int as day, floor((${firstDay} + at) * 48)::int as half) s,
    lateral (values (2, half, (1 + i % 120)::int, (i % 4)::int), (3, half, directory::int, 0),
      (5, day, directory::int, (1 + i % 120)::int)) k(cube, slot, a, b)
  on conflict do nothing`;

/** An index alone answers only where nobody might still see what was there before; PostgreSQL’s own upkeep may for a moment. */
async function isAllVisible(): Promise<boolean> {
  await client.query('vacuum analyze');
  const { rows } = await client.query<{ done: boolean }>(
    `select relallvisible >= relpages as done from pg_class where relname = 'statistics_cell'`,
  );
  return rows[0]?.done === true;
}

beforeAll(async () => {
  database = await createDatabase();
  client = new pg.Client({ connectionString: database.ownerUrl, options: '-c TimeZone=UTC -c jit=off' });
  await client.connect();
  await client.query(`insert into organization (id, uid, name)
    values (${organization}, '00000000-0000-7000-8000-000000000001', 'Organization')`);
  await client.query(fill);
  await until(isAllVisible, 60_000);
  served = openDatabase({ url: database.url, connections: 1, statementTimeoutMs: 10_000, applicationName: 'plans' });
}, 120_000);
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await client.end();
  await database[Symbol.asyncDispose]();
});

function requestFor(count: number, grouped: boolean, lastDays: number): StatisticsRequest {
  const step = Math.floor(directories / count);
  const values = new Set(Array.from({ length: count }, (_, index) => 1 + index * step));
  const granted: Predicate = { op: 'in', field: 'directory', values };
  const from = (firstDay + days - lastDays) * (grouped ? 1 : 48);
  return {
    organization,
    time: 'occurredAt',
    bounds: null,
    groupings: grouped ? [{ column: 'action', order: [] }] : [],
    top: 10,
    distinctActors: false,
    rows: null,
    rolled: { cube: grouped ? 5 : 3, cells: granted, entries: never, slots: { from, to: null }, straddled: [] },
  };
}

/** The same in the plainest way. */
async function countOf({ rolled }: StatisticsRequest): Promise<number> {
  if (rolled?.cells.op !== 'in') throw new TypeError('cells of directories');
  const { rows } = await client.query<{ count: string }>(
    'select coalesce(sum(count), 0) as count from statistics_cell where organization_id = $1 and cube = $2 and slot >= $3 and a = any($4)',
    [organization, rolled.cube, rolled.slots.from, [...rolled.cells.values]],
  );
  return Number(rows[0]?.count);
}

async function read(request: StatisticsRequest): Promise<Explained & { readonly counted: number }> {
  const sent: Statement[] = [];
  using _ = served.observe((text, values) => sent.push({ text, values }));
  const rows = await readStatistics(served, request);
  const [statement] = sent;
  if (statement === undefined) throw new TypeError('no statement was sent');
  const counted = rows.find(({ rank, bucket }) => rank === null && bucket === null)?.count ?? 0;
  return { ...(await explain(client, statement, 'custom')), counted };
}

/** What a statement may touch, 8 KiB pages: all cells of one of these cubes are on about 1,200. */
const most: Readonly<Record<number, number>> = { 17: 100, 300: 1100, 5000: 3000 };
const questions = [
  ['counts', false],
  ['counts by action', true],
] as const;

describe.each(questions)('%s of a member', (_, grouped) => {
  test.each(Object.entries(most))(
    'with %s directories are read by these, not by looking at all cells',
    async (count, pages) => {
      const request = requestFor(Number(count), grouped, days);
      const { shape, buffers, counted } = await read(request);
      expect(shape).toMatch(
        /by statistics_cell_directory_idx\n *on organization_id, cube, a\b|on organization_id, cube, a, slot/,
      );
      expect(shape).not.toMatch(/statistics_cell.*filter .*\ba\b/);
      expect(buffers).toBeLessThan(pages);
      expect(counted).toBe(await countOf(request));
    },
  );

  test('with more of them look at each cell once', async () => {
    const request = requestFor(directories, grouped, days);
    const { buffers, counted } = await read(request);
    expect(buffers).toBeLessThan(3000);
    expect(counted).toBe(await countOf(request));
  });
});

test('a short period of many directories does not read what lies before', async () => {
  const { buffers } = await read(requestFor(5000, false, 1));
  expect(buffers).toBeLessThan(500);
});
