/**
 * Whether a log of ten million entries is read and appended to as one of a hundred thousand is. On demand: filling it, and
 * waiting until the server has done what lies behind it, takes long, and some 15 GB.
 */
import { always, type Predicate, type PredicateField } from '../src/model/predicate.ts';
import { type Database, openDatabase } from '../src/store/database.ts';
import { readPageByOccurrence } from '../src/store/statements/occurrence.ts';
import { countEntries, readPage } from '../src/store/statements/read.ts';
import { fillLog, targetsToFind } from './read/data.ts';
import { createOrganization, type Organization, startServer } from './support/annals.ts';
import { recordBodies } from './support/bodies.ts';
import { examine, planningOf } from './support/examined.ts';
import type { LoadJob, LoadResult } from './support/load.ts';
import { type BenchDatabase, type BenchPostgres, withClient } from './support/postgres.ts';
import { print, printFact, printHeading } from './support/report.ts';
import { takeTurns } from './support/rounds.ts';
import { startWorker } from './support/worker.ts';

interface Log {
  readonly entries: number;
  readonly database: BenchDatabase;
  readonly organization: Organization;
}

const few = 100_000;
const bulk = 500;
const bulkCallers = 4;
/** A page, and one more entry that tells whether there is another. */
const limit = 51;
/** Up to where entries are counted. */
const countCap = 10_001;
/** What a read may touch, in pages of 8 KiB, however long the log is: as in test/store/plans.test.ts. */
const pageBuffers = 500;
/** A count walks up to ten thousand entries of an index. */
const countBuffers = 12_000;

const within = (field: PredicateField, value: string | number): Predicate => ({
  op: 'in',
  field,
  values: new Set([value]),
});

async function fill(postgres: BenchPostgres, entries: number): Promise<Log> {
  const database = await postgres.createDatabase(`scale_${entries}`);
  const organization = await createOrganization(database);
  await fillLog(database, organization, entries);
  return { entries, database, organization };
}

/** One value of each dimension that has an index. */
async function dimensionsOf({ database, organization }: Log): Promise<Readonly<Record<string, Predicate>>> {
  const [actor, directory, action] = await withClient(database.ownerUrl, async (client) => {
    const { rows } = await client.query<{ actor: number; directory: number; action: number }>(
      `select actor_id as actor, directory_id as directory, action_id as action from log_entry
       where organization_id = $1 order by recorded_at desc limit 1`,
      [organization.organization],
    );
    const [row] = rows;
    if (row === undefined) throw new Error('the log is empty');
    return [row.actor, row.directory, row.action];
  });
  return {
    'of everything': always,
    'of an action': within('action', action),
    'of an actor': within('actor', actor),
    'of an affected user': within('affectedUser', actor),
    'in a directory': within('directory', directory),
    'of a target': within('targetId', targetsToFind.usual),
    'of a frequent target': within('targetId', targetsToFind.frequent),
    'of a busy target': within('targetId', targetsToFind.busy),
    'of an actor that never acted': within('actor', 0),
  };
}

type Reads = Readonly<Record<string, (on: Database) => Promise<unknown>>>;

function readsOf({ organization }: Organization, what: string, predicate: Predicate): Reads {
  const page = { organization, predicate, direction: 'DESC', after: null, before: null, limit } as const;
  return {
    [`page ${what}`]: (on) => readPage(on, page),
    ...(predicate === always ? { 'page by occurredAt': (on) => readPageByOccurrence(on, page) } : {}),
    [`count ${what}`]: (on) => countEntries(on, organization, predicate, countCap),
  };
}

/** What each read touches, by its name. */
async function touchedIn(log: Log): Promise<Map<string, number>> {
  const { url, ownerUrl } = log.database;
  await using database = openDatabase({ url, connections: 1, statementTimeoutMs: 120_000, applicationName: 'bench' });
  const touched = new Map<string, number>();
  await withClient(ownerUrl, async (client) => {
    for (const [what, predicate] of Object.entries(await dimensionsOf(log))) {
      for (const [name, read] of Object.entries(readsOf(log.organization, what, predicate))) {
        touched.set(name, (await examine(database, client, read)).buffers);
      }
    }
  });
  return touched;
}

/** How long a page takes to plan in so many monthly partitions, in milliseconds. */
async function planning(log: Log, months: number): Promise<number> {
  const { url, ownerUrl } = log.database;
  await using database = openDatabase({ url, connections: 1, statementTimeoutMs: 60_000, applicationName: 'bench' });
  return await withClient(ownerUrl, async (client) => {
    await client.query(`select ensure_log_partitions(now() - ($1::int - 3) * interval '1 month', now())`, [months]);
    const dimensions = await dimensionsOf(log);
    const predicate = dimensions['of an actor'] ?? always;
    const [read] = Object.values(readsOf(log.organization, 'of an actor', predicate));
    if (read === undefined) throw new Error('there is no page');
    return planningOf(database, client, read);
  });
}

async function partitionsOf({ database }: Log): Promise<number> {
  return await withClient(database.ownerUrl, async (client) => {
    const { rows } = await client.query<{ count: number }>(
      `select count(*)::int4 as count from pg_inherits where inhparent = 'log_entry'::regclass`,
    );
    return rows[0]?.count ?? 0;
  });
}

export async function benchScale(postgres: BenchPostgres, quick: boolean): Promise<void> {
  const large = await fill(postgres, quick ? 300_000 : 10_000_000);
  const small = await fill(postgres, few);
  const [many, fewer] = [large.entries.toLocaleString('en'), few.toLocaleString('en')];
  printHeading('scale');

  const [inLarge, inSmall] = [await touchedIn(large), await touchedIn(small)];
  for (const [name, buffers] of inLarge) {
    const most = name.startsWith('count') ? countBuffers : pageBuffers;
    const beside = `with ${fewer} entries ${inSmall.get(name)?.toLocaleString('en')}`;
    printFact(
      `${name}, ${many} entries`,
      `touches ${buffers.toLocaleString('en')} pages of 8 KiB (${beside}); target at most ${most.toLocaleString('en')}`,
      buffers <= most,
    );
  }

  await using toLarge = await startServer(large.database);
  await using toSmall = await startServer(small.database);
  await using loader = startWorker<LoadJob, LoadResult>(new URL('support/load.ts', import.meta.url));
  const bodies = recordBodies(8, bulk, false);
  const rate =
    (url: string, { organization }: Log) =>
    async () => {
      const milliseconds = quick ? 800 : 2000;
      const job = { url, token: organization.token, callers: bulkCallers, milliseconds, bodies };
      const { requests, seconds } = await loader.run(job);
      return (requests * bulk) / seconds;
    };
  const turns = [rate(toLarge.url, large), rate(toSmall.url, small)];
  const [measured = 0, compared = 0] = await takeTurns(turns, quick ? 3 : 7);
  print({
    name: `recordLogs, ${bulk} entries a request, ${bulkCallers} callers, into a log of ${many} entries`,
    measured: { value: measured, unit: 'rows/s' },
    compared: { what: `into one of ${fewer}`, value: compared, unit: 'rows/s' },
    target: { atLeast: 0.8 },
  });

  const usual = await partitionsOf(small);
  const before = await planning(small, usual);
  const after = await planning(small, 100);
  printFact(
    `planning a page of an actor for its values, ${await partitionsOf(small)} monthly partitions`,
    `${after.toFixed(1)} ms; with ${usual} partitions ${before.toFixed(1)} ms; a server plans a page once for all values`,
  );
}
