/**
 * How PostgreSQL plans the hot statements on a log of 200,000 entries in ten monthly partitions. The snapshots hold the
 * shapes; docs/storage.md says why they are right.
 */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogPlace } from '../../src/model/entry.ts';
import { always, type Predicate, type PredicateField } from '../../src/model/predicate.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { findCredential } from '../../src/store/statements/identity.ts';
import { countSql, locateEntry, pageSql, readByIds, readPage } from '../../src/store/statements/read.ts';
import { readHead, readHistory, readTail } from '../../src/store/statements/tail.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Explained, explain, type PlanKind, type Statement } from './explain.ts';
import { busyActor, fillLog, organization, quietActor, quietDirectories } from './planData.ts';

/** A page may touch this many 8 KiB pages of tables and indexes, however long the log is. */
const pageBuffers = 200;
const firstPage = { organization, direction: 'DESC', after: null, before: null, limit: 51 } as const;
/** Deep in the log: seven of ten months are newer. */
const deepPlace: LogPlace = { recordedAt: Date.UTC(2024, 2, 25), position: 40_000 };

let database: TestDatabase;
let client: pg.Client;
let served: Database;

beforeAll(async () => {
  database = await createDatabase();
  client = new pg.Client({ connectionString: database.ownerUrl, options: '-c TimeZone=UTC -c jit=off' });
  await client.connect();
  await fillLog(client);
  served = openDatabase({ url: database.url, connections: 1, statementTimeoutMs: 10_000, applicationName: 'plans' });
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await client.end();
  await database[Symbol.asyncDispose]();
});

const within = (field: PredicateField, ...values: (string | number)[]): Predicate => ({
  op: 'in',
  field,
  values: new Set(values),
});
const upTo = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, n) => first + n);
const anyOf = (...of: Predicate[]): Predicate => ({ op: 'or', of });
const allOf = (...of: Predicate[]): Predicate => ({ op: 'and', of });
const memberOf = (directories: readonly number[], actor: number): Predicate =>
  anyOf(within('directory', ...directories), within('actor', actor), within('affectedUser', actor));

/** Both ways in which a statement may be planned; a statement with lists is planned at each run only. */
async function plansOf(statement: Statement & { readonly planEach?: boolean }): Promise<[PlanKind, Explained][]> {
  const custom = await explain(client, statement, 'custom');
  return statement.planEach
    ? [['custom', custom]]
    : [
        ['custom', custom],
        ['generic', await explain(client, statement, 'generic')],
      ];
}

async function tellPlans(statement: Statement & { readonly planEach?: boolean }): Promise<string> {
  const plans = await plansOf(statement);
  for (const [, { shape }] of plans) expect(shape).not.toMatch(/Seq Scan of log_entry(?! \(empty)/);
  const [custom, generic] = plans.map(([, { shape }]) => shape);
  if (generic === undefined) return `planned at each run:\n${custom}`;
  return custom === generic ? `either way:\n${custom}` : `for its values:\n${custom}\nfor any values:\n${generic}`;
}

/** The statements that a function of the store sends, which run as well. */
async function sentBy(run: (database: Database) => Promise<unknown>): Promise<Statement> {
  const sent: Statement[] = [];
  await run({
    ...served,
    rows(text, values, options) {
      sent.push({ text, values });
      return served.rows(text, values, options);
    },
  });
  const [only] = sent;
  if (only === undefined || sent.length > 1) throw new TypeError(`${sent.length} statements instead of one`);
  return only;
}

describe('a page', () => {
  const pages: Record<string, Predicate> = {
    'for a role that sees all': always,
    'of a busy actor': within('actor', busyActor),
    'of a quiet actor': within('actor', quietActor),
    'of an action': within('action', 5),
    'of a directory': within('directory', 5),
    'of an affected user': within('affectedUser', quietActor),
    'of a target': within('targetId', 'item-77'),
    'of a category, as its actions': within('action', ...upTo(1, 20)),
    'in many busy directories': within('directory', ...upTo(1, 100)),
    'without an actor': { op: 'not', of: within('actor', busyActor) },
    'for a member with many directories': memberOf(upTo(1, 100), quietActor),
  };
  it.each(Object.entries(pages))('%s touches few buffers, first and deep', async (name, predicate) => {
    for (const place of [null, deepPlace]) {
      const statement = pageSql({ ...firstPage, predicate, before: place });
      for (const [kind, { buffers }] of await plansOf(statement)) {
        expect(buffers, `${name}, ${place === null ? 'first' : 'deep'}, ${kind}`).toBeLessThan(pageBuffers);
      }
      expect(await tellPlans(statement)).toMatchSnapshot(place === null ? 'first' : 'deep');
    }
  });

  // What these cost grows with the log: PostgreSQL filters the newest entries, or sorts all that one condition finds.
  const planned: Record<string, Predicate> = {
    'of an actor and an action': allOf(within('actor', quietActor), within('action', 5)),
    'in a few directories': within('directory', 5, 6, 7),
    'in thousands of directories with hardly an entry': within(
      'directory',
      ...upTo(quietDirectories.from, quietDirectories.to),
    ),
    'for a member with few directories': memberOf([5, 6, 7], quietActor),
  };
  it.each(Object.entries(planned))('%s uses the cheapest index', async (_, predicate) => {
    expect(await tellPlans(pageSql({ ...firstPage, predicate }))).toMatchSnapshot('first');
    expect(await tellPlans(pageSql({ ...firstPage, predicate, before: deepPlace }))).toMatchSnapshot('deep');
  });

  it('runs on a kept plan when it has no list, and is never kept when it has', async () => {
    for (const predicate of [always, within('actor', quietActor), within('directory', 5, 6)]) {
      for (let run = 0; run < 8; run++) await readPage(served, { ...firstPage, predicate });
    }
    const kept = await served.rows<[string, number]>(
      'select statement, generic_plans from pg_prepared_statements where statement like $1',
      ['%from log_entry e%order by e.recorded_at DESC%'],
    );
    expect(kept).toHaveLength(2);
    for (const [text, generic] of kept) expect(generic, text).toBeGreaterThan(0);
  });
});

describe('a count', () => {
  it.each<[string, Predicate]>([
    ['of everything', always],
    ['of an actor', within('actor', quietActor)],
    ['in many directories', within('directory', ...upTo(1, 100))],
  ])('%s stops at its cap', async (_, predicate) => {
    const told = await tellPlans(countSql(organization, predicate, 10_001));
    // Several indexes serve a count of everything equally well.
    const indexless = told.replaceAll(/ by log_entry_\w+; on organization_id$/gm, ' by any index');
    expect(indexless.replaceAll(/(\n.*)\1+/g, '$1')).toMatchSnapshot();
  });
});

describe('the tail', () => {
  const newest: LogPlace = { recordedAt: Date.UTC(2024, 9, 29), position: 130_000 };
  const statements: Record<string, (database: Database) => Promise<unknown>> = {
    'from near the end': (on) => readTail(on, organization, newest, 100),
    'from far back': (on) => readTail(on, organization, deepPlace, 100),
    head: (on) => readHead(on, organization),
    'with a filter': (on) => readHistory(on, organization, deepPlace, within('actor', quietActor), 50),
  };
  it.each(Object.entries(statements))('%s touches few buffers', async (name, run) => {
    const statement = await sentBy(run);
    for (const [kind, { buffers }] of await plansOf(statement))
      expect(buffers, `${name}, ${kind}`).toBeLessThan(pageBuffers);
    expect(await tellPlans(statement)).toMatchSnapshot();
  });
});

describe('a look-up', () => {
  it('of entries by id uses the index on ids, from the months of the ids on', async () => {
    const ids = await served.rows<[string]>(
      `select id from log_entry where organization_id = 1 and recorded_at >= '2024-09-01Z' order by recorded_at limit 3`,
      [],
    );
    const statement = await sentBy((on) => readByIds(on, organization, ids.flat(), always));
    for (const [kind, { buffers }] of await plansOf(statement)) expect(buffers, kind).toBeLessThan(60);
    expect(await tellPlans(statement)).toMatchSnapshot();
  });

  it('of the entry behind a cursor goes to its one partition', async () => {
    const [entry] = await readPage(served, { ...firstPage, predicate: always, before: deepPlace, limit: 1 });
    if (entry === undefined) throw new TypeError('the log is empty');
    const statement = await sentBy((on) =>
      locateEntry(on, organization, entry.recordedAt, entry.id, within('actor', 7)),
    );
    for (const [kind, { buffers }] of await plansOf(statement)) expect(buffers, kind).toBeLessThan(10);
    expect(await tellPlans(statement)).toMatchSnapshot();
  });

  it('of a credential goes by the hash', async () => {
    const statement = await sentBy((on) => findCredential(on, Buffer.alloc(32)));
    expect(await tellPlans(statement)).toMatchSnapshot();
  });
});

describe('append_log_entries', () => {
  /** A statement of the function’s body, as PL/pgSQL runs it: its variables are parameters. */
  async function inner(from: RegExp, names: Readonly<Record<string, string>>): Promise<string> {
    const [row] = await served.rows<[string]>(`select prosrc from pg_proc where proname = 'append_log_entries'`, []);
    const text = from.exec(row?.[0] ?? '')?.[0];
    if (text === undefined) throw new TypeError(`the function has no statement ${from}`);
    const query = text.replace(/\bINTO [^;]*?(?=\bFROM unnest|\bFROM log_entry)/, '');
    return query.replaceAll(/\bp_\w+/g, (name) => names[name] ?? name);
  }

  it('finds the newest entry in the newest partitions', async () => {
    const text = await inner(/SELECT e\.position[^;]*p_floor[^;]*/, {
      p_organization: '$1::int4',
      p_floor: '$2::timestamptz',
    });
    const statement = { text, values: [organization, '2024-10-29Z'] };
    for (const [kind, { buffers }] of await plansOf(statement)) expect(buffers, kind).toBeLessThan(10);
    expect(await tellPlans(statement)).toMatchSnapshot();
  });

  it('finds the newest entry without knowing a time', async () => {
    const text = await inner(/SELECT e\.position(?![^;]*p_floor)[^;]*/, { p_organization: '$1::int4' });
    const statement = { text, values: [organization] };
    for (const [kind, { buffers }] of await plansOf(statement)) expect(buffers, kind).toBeLessThan(20);
    expect(await tellPlans(statement)).toMatchSnapshot();
  });

  it('finds idempotency keys by their index', async () => {
    const names = { p_organization: '$1::int4', p_key: '$2::text[]', p_group: '$3::int4[]' };
    const text = await inner(/SELECT array_agg[^;]*/, names);
    const keys = upTo(1, 500).map((key) => `key-${key}`);
    expect(await tellPlans({ text, values: [organization, keys, keys.map(() => 1)] })).toMatchSnapshot();
  });
});
