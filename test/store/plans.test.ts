/**
 * How PostgreSQL plans the hot statements on a log of 200,000 entries in ten monthly partitions. The snapshots hold the
 * shapes; docs/storage.md says why they are right.
 */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogPlace } from '../../src/model/entry.ts';
import { always, type Predicate, type PredicateField } from '../../src/model/predicate.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { readFirstSeen } from '../../src/store/statements/firstSeen.ts';
import { findCredentials } from '../../src/store/statements/identity.ts';
import { readPageByOccurrence } from '../../src/store/statements/occurrence.ts';
import { readOpened } from '../../src/store/statements/opened.ts';
import { countEntries, locateEntry, readByIds, readPage } from '../../src/store/statements/read.ts';
import { lacksTexts, readWithoutText } from '../../src/store/statements/search.ts';
import { readHead, readHistory, readTail } from '../../src/store/statements/tail.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Explained, explain, type PlanKind, type Statement } from './explain.ts';
import {
  busyActor,
  busyTarget,
  elsewhere,
  filledMonths,
  fillLog,
  frequentTarget,
  group,
  organization,
  quietActor,
  quietDirectories,
} from './planData.ts';

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
const quiet = upTo(quietDirectories.from, quietDirectories.to);
/** Where the entries of some values are put together. */
const gatherBuffers = 500;
/** Where all entries are looked at that name one target beside others, in the month that fills the page and the next. */
const monthBuffers = 1000;
/** Where entries are sought among thousands of values: at worst, a descent of three for each in each month. */
const walkBuffers = 3 * quiet.length * filledMonths;
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

type SentStatement = Statement & { readonly planEach?: boolean };

/** The statements that a function of the store sends, which run as well. */
async function allSentBy(run: (database: Database) => Promise<unknown>): Promise<SentStatement[]> {
  const sent: SentStatement[] = [];
  using _ = served.observe((text, values, { planEach = false }) => sent.push({ text, values, planEach }));
  await run(served);
  return sent;
}

/** The only one. */
async function sentBy(run: (database: Database) => Promise<unknown>): Promise<SentStatement> {
  const [only, ...more] = await allSentBy(run);
  if (only === undefined || more.length > 0) throw new TypeError(`${more.length + 1} statements instead of one`);
  return only;
}

describe('a page', () => {
  /** How many statements each takes, and how many buffers they touch, however long the log is. */
  const pages: Record<string, [Predicate, statements: number, most: number]> = {
    'for a role that sees all': [always, 1, pageBuffers],
    'of a busy actor': [within('actor', busyActor), 1, pageBuffers],
    'of a quiet actor': [within('actor', quietActor), 1, pageBuffers],
    'of an action': [within('action', 5), 1, pageBuffers],
    'of a directory': [within('directory', 5), 1, pageBuffers],
    'of an affected user': [within('affectedUser', quietActor), 1, pageBuffers],
    'of a target': [within('targetId', 'item-77'), 1, pageBuffers],
    'of a frequent target': [within('targetId', frequentTarget), 1, pageBuffers],
    'of a busy target': [within('targetId', busyTarget), 1, pageBuffers],
    'of a target that other organizations name': [within('targetId', elsewhere), 1, pageBuffers],
    'of a group that others are named beside': [within('targetId', group), 1, monthBuffers],
    'of a busy target and a quiet one': [within('targetId', busyTarget, 'item-77'), 1, pageBuffers],
    'of a busy target, for a member with many directories': [
      allOf(within('targetId', busyTarget), memberOf(upTo(1, 100), quietActor)),
      2,
      gatherBuffers,
    ],
    'of a busy target, or by a quiet actor': [
      anyOf(within('targetId', busyTarget), within('actor', quietActor)),
      1,
      gatherBuffers,
    ],
    'of a category, as its actions': [within('action', ...upTo(1, 20)), 1, pageBuffers],
    'in many busy directories': [within('directory', ...upTo(1, 100)), 1, pageBuffers],
    'without an actor': [{ op: 'not', of: within('actor', busyActor) }, 1, pageBuffers],
    'for a member with many directories': [memberOf(upTo(1, 100), quietActor), 1, pageBuffers],
    'in a few directories': [within('directory', 5, 6, 7), 1, gatherBuffers],
    'for a member with few directories': [memberOf([5, 6, 7], quietActor), 1, gatherBuffers],
    'of own activity': [anyOf(within('actor', quietActor), within('affectedUser', quietActor)), 1, gatherBuffers],
    'in thousands of directories with hardly an entry': [within('directory', ...quiet), 2, walkBuffers],
    'for a member with thousands of directories with hardly an entry': [memberOf(quiet, 9999), 2, walkBuffers],
  };
  it.each(Object.entries(pages))('%s touches few buffers, first and deep', async (name, [predicate, count, most]) => {
    for (const place of [null, deepPlace]) {
      const which = place === null ? 'first' : 'deep';
      const statements = await allSentBy((on) => readPage(on, { ...firstPage, predicate, before: place }));
      expect(statements, name).toHaveLength(count);
      for (const statement of statements) {
        for (const [kind, { buffers }] of await plansOf(statement)) {
          expect(buffers, `${name}, ${which}, ${kind}`).toBeLessThan(most);
        }
        expect(await tellPlans(statement)).toMatchSnapshot(which);
      }
    }
  });

  // What this costs grows with the log: one index is read, and the other condition filters.
  it('of an actor and an action uses the cheapest index', async () => {
    const predicate = allOf(within('actor', quietActor), within('action', 5));
    for (const before of [null, deepPlace]) {
      const statement = await sentBy((on) => readPage(on, { ...firstPage, predicate, before }));
      expect(await tellPlans(statement)).toMatchSnapshot(before === null ? 'first' : 'deep');
    }
  });

  it('by occurredAt touches few buffers, first and deep', async () => {
    const deep = { occurredAt: deepPlace.recordedAt, position: deepPlace.position };
    for (const before of [null, deep]) {
      const statement = await sentBy((on) => readPageByOccurrence(on, { ...firstPage, predicate: always, before }));
      for (const [kind, { buffers }] of await plansOf(statement)) {
        expect(buffers, `${before === null ? 'first' : 'deep'}, ${kind}`).toBeLessThan(pageBuffers);
      }
      expect(await tellPlans(statement)).toMatchSnapshot(before === null ? 'first' : 'deep');
    }
  });

  it('runs on a kept plan, whatever lists it has', async () => {
    const predicates = [
      always,
      within('actor', quietActor),
      within('directory', 5, 6),
      memberOf([5, 6], quietActor),
      memberOf(upTo(1, 100), quietActor),
      memberOf(quiet, quietActor),
    ];
    for (const predicate of predicates) {
      // What a role that sees all reads deep is planned for its place, which leaves partitions out.
      for (const before of predicate === always ? [null] : [null, deepPlace]) {
        for (let run = 0; run < 9; run++) await readPage(served, { ...firstPage, limit: 50, predicate, before });
      }
    }
    const kept = await served.rows<[string, number]>(
      'select statement, generic_plans from pg_prepared_statements where custom_plans + generic_plans > 7 and statement like $1',
      ['%from log_entry e%recorded_at DESC%'],
    );
    // Members of many directories share a text, and there is the walk: five first and deep, and the first of all.
    expect(kept).toHaveLength(11);
    for (const [text, generic] of kept) expect(generic, text).toBeGreaterThan(0);
  });

  it('is planned each time where a list stands beside what an index finds', async () => {
    const predicate = allOf(within('actor', quietActor), within('directory', 5, 6));
    const { planEach } = await sentBy((on) => readPage(on, { ...firstPage, predicate }));
    expect(planEach).toBe(true);
  });
});

describe('a count', () => {
  it.each<[string, Predicate]>([
    ['of everything', always],
    ['of an actor', within('actor', quietActor)],
    ['in many directories', within('directory', ...upTo(1, 100))],
    ['for a member with thousands of directories', memberOf(quiet, quietActor)],
  ])('%s stops at its cap', async (_, predicate) => {
    const told = await tellPlans(await sentBy((on) => countEntries(on, organization, predicate, 10_001)));
    // Several indexes serve a count of everything equally well.
    const indexless = told.replaceAll(/ by log_entry_\w+; on organization_id$/gm, ' by any index');
    expect(indexless.replaceAll(/(\n.*)\1+/g, '$1')).toMatchSnapshot();
  });
});

describe('a question about a person', () => {
  const since = Date.UTC(2024, 8, 1);
  const period: Predicate = { op: 'range', field: 'occurredAt', gte: since, lt: null };
  const recorded: Predicate = { op: 'range', field: 'recordedAt', gte: since - 2 * 86_400_000, lt: null };
  const before: Predicate = { op: 'range', field: 'occurredAt', gte: null, lt: since };
  const readers: Record<string, Predicate> = {
    'for a role that sees all': always,
    'for a member with many directories': memberOf(upTo(1, 100), 9999),
    'for a member with few directories': memberOf([5, 6, 7], 9999),
  };
  /** Entries of the person, each looked up; in the months of the period alone where it has one. */
  const most = { opened: 600, firstSeen: 2500 };

  it.each(Object.entries(readers))('goes by the index on actors, %s', async (_, seen) => {
    const own = allOf(seen, within('actor', quietActor));
    const opens = new Map([5, 6, 7, 8].map((action) => [action, 'item']));
    const opened = await sentBy((on) =>
      readOpened(on, {
        organization,
        predicate: allOf(own, within('action', ...opens.keys()), period, recorded),
        opens,
        looked: 10_000,
        limit: 100,
      }),
    );
    const fresh = await sentBy((on) =>
      readFirstSeen(on, {
        organization,
        field: 'ip',
        period: allOf(own, period, recorded),
        before: allOf(own, before),
        looked: 100_000,
        limit: 50,
      }),
    );
    for (const [statement, buffers] of [
      [opened, most.opened],
      [fresh, most.firstSeen],
    ] as const) {
      for (const [, plan] of await plansOf(statement)) expect(plan.buffers).toBeLessThan(buffers);
      expect(await tellPlans(statement)).toMatchSnapshot();
    }
  });
});

describe('the tail', () => {
  const newest: LogPlace = { recordedAt: Date.UTC(2024, 9, 29), position: 130_000 };
  const statements: Record<string, (database: Database) => Promise<unknown>> = {
    'from near the end': (on) => readTail(on, organization, newest, 100),
    'from far back': (on) => readTail(on, organization, deepPlace, 100),
    head: (on) => readHead(on, organization),
    'with a filter': (on) => readHistory(on, organization, deepPlace, within('actor', quietActor), 50),
    'for a member': (on) => readHistory(on, organization, deepPlace, memberOf(upTo(1, 100), quietActor), 50),
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
    const statement = await sentBy((on) => findCredentials(on, [Buffer.alloc(32)]));
    expect(await tellPlans(statement)).toMatchSnapshot();
  });
});

describe('searching', () => {
  it('learns from an empty index that no entry lacks its text, and finds those that do', async () => {
    for (const run of [
      (on: Database) => lacksTexts(on, organization),
      (on: Database) => readWithoutText(on, organization, 500),
    ]) {
      const statement = await sentBy(run);
      expect(await tellPlans(statement)).toMatchSnapshot();
    }
  });
});

describe('append_log_entries', () => {
  /** A statement of the function’s body, as PL/pgSQL runs it: its variables are parameters. */
  async function inner(from: RegExp, names: Readonly<Record<string, string>>): Promise<string> {
    const [row] = await served.rows<[string]>(
      `select prosrc from pg_proc where proname = 'append_log_entries' order by pronargs desc`,
      [],
    );
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
