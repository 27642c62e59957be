/** What row-level security would cost as a second belt: each statement with policies on its tables, and without. */
import type { Predicate } from '../src/model/predicate.ts';
import { always } from '../src/model/predicate.ts';
import { type Database, openDatabase } from '../src/store/database.ts';
import { type AppendRow, appendBatch } from '../src/store/statements/append.ts';
import { readActors } from '../src/store/statements/names.ts';
import { countEntries, readPage } from '../src/store/statements/read.ts';
import { readTail } from '../src/store/statements/tail.ts';
import { fillLog } from './read/data.ts';
import { createOrganization } from './support/annals.ts';
import { type BenchPostgres, withClient } from './support/postgres.ts';
import { print, printFact, printHeading } from './support/report.ts';
import { takeTurns } from './support/rounds.ts';
import { median } from './support/statistics.ts';

/** Indexes such as filters on addresses and text want; both sides have them. */
const prepare = `
  create extension pg_trgm;
  update log_entry set ip = inet '10.0.0.0' + position % 50000;
  create index on log_entry using gist (ip inet_ops);
  create index on log_entry using gin (request gin_trgm_ops);
`;

/**
 * The organization comes from a setting of the session. In a subquery, so that it is read once for each statement and not for
 * each row. Forced: the functions that write to the log run with its owner’s rights.
 */
const policies = `do $$ declare name text; begin
  for name in select table_name from information_schema.columns
    where table_schema = 'public' and column_name = 'organization_id' and table_name not like 'log_entry_2%'
  loop
    execute format('create policy own on %I using (organization_id = (select current_setting(''annals.organization'')::int4))', name);
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
  end loop;
end $$`;

interface Side extends AsyncDisposable {
  readonly database: Database;
  readonly organization: number;
  /** Of the last entry of the log. */
  readonly end: number;
  readonly actors: readonly number[];
  readonly directories: readonly number[];
}

async function openSide(postgres: BenchPostgres, name: string, entries: number, secured: boolean): Promise<Side> {
  const address = await postgres.createDatabase(name);
  const made = await createOrganization(address);
  await fillLog(address, made, entries);
  const [ends, actors, directories] = await withClient(address.ownerUrl, async (client) => {
    await client.query(prepare);
    await client.query('vacuum (analyze) log_entry');
    if (secured) await client.query(policies);
    await client.query(`set annals.organization = ${made.organization}`);
    const numbers = async (text: string) => (await client.query<{ n: string }>(text)).rows.map(({ n }) => Number(n));
    return [
      await numbers('select extract(epoch from max(recorded_at)) * 1000 as n from log_entry'),
      await numbers('select id as n from actor order by id'),
      await numbers('select id as n from directory order by id'),
    ];
  });
  const url = new URL(address.url);
  url.searchParams.set('options', `-c annals.organization=${made.organization}`);
  const database = openDatabase({
    url: url.href,
    connections: 1,
    statementTimeoutMs: 60_000,
    applicationName: 'bench',
  });
  const { organization } = made;
  return {
    database,
    organization,
    end: ends?.[0] ?? 0,
    actors: actors ?? [],
    directories: directories ?? [],
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

const isIn = (field: 'actor' | 'directory' | 'targetId', values: readonly (string | number)[]): Predicate => ({
  op: 'in',
  field,
  values: new Set(values),
});

const page = (predicate: (side: Side) => Predicate) => (side: Side) =>
  readPage(side.database, {
    organization: side.organization,
    predicate: predicate(side),
    direction: 'DESC',
    after: null,
    before: null,
    limit: 50,
  });

const where = (condition: string) => (side: Side) =>
  side.database.rows(
    `select e.id from log_entry e where e.organization_id = $1 and ${condition} order by e.recorded_at desc, e.position desc limit 50`,
    [side.organization],
  );

let appended = 0;
function appendRows({ actors, directories }: Side): AppendRow[] {
  const nothing = {
    key: null,
    group: null,
    affectedUser: null,
    vault: null,
    affectedUserName: null,
    affectedUserEmail: null,
  };
  const texts = {
    component: 'web',
    actorName: 'Person',
    actorEmail: 'p@x.example',
    directoryName: 'Vault',
    vaultName: null,
  };
  const where = {
    ip: '10.1.2.3',
    userAgent: 'Mozilla/5.0',
    device: 'Laptop',
    session: 's',
    request: 'r',
    location: 'Vienna',
  };
  const content = { targets: null, targetIds: 'item-1', changes: null, metadata: null, search: 'person' };
  return Array.from({ length: 500 }, () => ({
    ...{ ...nothing, ...texts, ...where, ...content },
    id: `01900000-0000-7000-8000-${String(++appended).padStart(12, '0')}`,
    occurredAt: Date.now(),
    action: 1,
    outcome: 'SUCCESS',
    severity: 3,
    actorType: 'MEMBER',
    actor: actors[0] ?? null,
    directory: directories[0] ?? null,
    salts: Buffer.alloc(80),
    digest: Buffer.alloc(32),
  }));
}

/** What is measured; the last ones append, and so change what the others would find. */
const statements: Readonly<Record<string, (side: Side) => Promise<unknown>>> = {
  'page of 50': page(() => always),
  'page of 50 of one actor': page(({ actors }) => isIn('actor', actors.slice(7, 8))),
  'page of 50 of a list of directories': page(({ directories }) => isIn('directory', directories.slice(0, 40))),
  'page of 50 of one target': page(() => isIn('targetId', ['item-77'])),
  'page of 50 of an address range (GiST)': where("e.ip <<= '10.0.7.0/30'"),
  'page of 50 with a rare text (trigrams)': where("e.request ilike '%request-4711%'"),
  'count to 10,001': (side) => countEntries(side.database, side.organization, always, 10_001),
  'names of 50 actors': (side) => readActors(side.database, side.organization, side.actors.slice(0, 50)),
  'look of the live tail': (side) =>
    readTail(side.database, side.organization, { recordedAt: side.end, position: Number.MAX_SAFE_INTEGER }, 2000),
  'append of 500': (side) => appendBatch(side.database, side.organization, Date.now(), side.end, appendRows(side)),
};

export async function benchRls(postgres: BenchPostgres, quick: boolean): Promise<void> {
  const entries = quick ? 50_000 : 200_000;
  await using plain = await openSide(postgres, 'rls_off', entries, false);
  await using secured = await openSide(postgres, 'rls_on', entries, true);
  const milliseconds = quick ? 300 : 1000;
  const rounds = quick ? 3 : 7;

  /** Median milliseconds of one run, by one caller. */
  const time = (run: () => Promise<unknown>) => async () => {
    const latencies: number[] = [];
    for (const end = performance.now() + milliseconds; performance.now() < end || latencies.length < 3; ) {
      const start = performance.now();
      await run();
      latencies.push(performance.now() - start);
    }
    return median(latencies);
  };

  printHeading(`row-level security, ${entries.toLocaleString('en')} entries`);
  const rows = await secured.database.rows("select set_config('annals.organization', '0', false)", []);
  const hidden = await readTail(secured.database, secured.organization, { recordedAt: 0, position: -1 }, 1);
  await secured.database.rows("select set_config('annals.organization', $1, false)", [String(secured.organization)]);
  const shown = await readTail(secured.database, secured.organization, { recordedAt: 0, position: -1 }, 1);
  const holds = rows.length === 1 && hidden === null && shown?.entries.length === 1;
  printFact(
    'the policies hide what the session is not set to',
    'nothing of another organization, one entry of its own',
    holds,
  );

  for (const [name, run] of Object.entries(statements)) {
    const [on = 0, off = 0] = await takeTurns([time(() => run(secured)), time(() => run(plain))], rounds);
    print({
      name,
      measured: { value: on, unit: 'ms' },
      compared: { what: 'without policies', value: off, unit: 'ms' },
      target: { atMost: 1.1 },
    });
  }
  const setting = () =>
    secured.database.rows("select set_config('annals.organization', $1, false)", [String(secured.organization)]);
  for (const name of ['page of 50', 'names of 50 actors']) {
    const run = statements[name] ?? (async () => {});
    const setFirst = async () => {
      await setting();
      await run(secured);
    };
    const [own = 0, off = 0] = await takeTurns([time(setFirst), time(() => run(plain))], rounds);
    print({
      name: `${name}, on a connection that is first set to its organization`,
      measured: { value: own, unit: 'ms' },
      compared: { what: 'without policies', value: off, unit: 'ms' },
      target: { atMost: 1.1 },
    });
  }
}
