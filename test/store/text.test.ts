/**
 * Reading by text on a log that is mostly in blocks: the same entries as reading the whole log, in every direction, from every
 * place, and without looking at more than a part of it.
 */
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSearchIndex } from '../../src/log/log.ts';
import { type Entry, plainEntry } from '../../src/model/entry.ts';
import { matches, type Predicate } from '../../src/model/predicate.ts';
import { foldText, type TextField } from '../../src/model/text.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import type { PageText } from '../../src/store/plan/page.ts';
import { statementOf } from '../../src/store/plan/read.ts';
import { nearTextPage, requiredGrams, textCount, textPage } from '../../src/store/plan/text.ts';
import type { Parameters } from '../../src/store/predicate-sql.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { createDatabase } from '../support/database.ts';
import { appendRow, entry, firstRecordedAt } from '../support/entries.ts';
import { explain } from './explain.ts';

const undo = new AsyncDisposableStack();
const entryCount = 6100;
let store: Store;
let url: string;
let ownerUrl: string;
let organization = 0;
/** In the order of the log. */
let stored: readonly Entry[] = [];

/** Texts that one entry in so many has; `tail` only those past the last block. */
const texts = { many: 3, some: 97, few: 1500 } as const;

/** A word for each of its divisors, as a target; one field may be hidden from a reader and another not. */
function entryAt(base: Entry, index: number): Entry {
  const words = Object.entries(texts).flatMap(([word, share]) => (index % share === 1 ? [`the ${word} word`] : []));
  const last = index >= Math.floor(entryCount / 128) * 128 ? ['in the TAIL'] : [];
  return {
    ...base,
    // Batches of a hundred share their time.
    recordedAt: firstRecordedAt + Math.floor(index / 100) * 1000,
    occurredAt: firstRecordedAt + ((index * 7919) % entryCount),
    severity: 1 + (index % 10),
    device: `Gerät ${index}`,
    targets: [...words, ...last].map((name) => ({ type: 'item', id: null, name })),
    session: index % 500 === 0 ? 'only the many word' : null,
  };
}

beforeAll(async () => {
  const database = undo.use(await createDatabase());
  ({ url, ownerUrl } = database);
  store = undo.use(openStore({ url: database.url, connections: 2, statementTimeoutMs: 30_000 }));
  await store.ensurePartitions(firstRecordedAt, firstRecordedAt);
  const uid = '019cf3a0-0000-7000-8000-000000000001';
  organization = (await store.prisma.organization.create({ data: { uid, name: 'mine', head: { create: {} } } })).id;
  const bases = fc.sample(entry, { seed: 7, numRuns: entryCount });
  const entries = bases.map((base, index) => entryAt(base, index));
  for (let from = 0; from < entryCount; from += 100) {
    const batch = entries.slice(from, from + 100);
    const rows = batch.map((one) => appendRow(one, Buffer.alloc(80, 1), Buffer.alloc(32, 2)));
    await store.appendBatch(organization, batch[0]?.recordedAt ?? 0, null, rows);
  }
  stored = entries.map((one, position) => ({ ...one, organization, position }));
  await using index = openSearchIndex({ store, fault: (_, error) => expect(error).toBeNull(), say: () => {} });
  index.look(organization);
  await index.idle();
}, 60_000);
afterAll(() => undo.disposeAsync());

const text = (sought: string, fields: readonly TextField[] | null = null): Predicate => ({
  op: 'text',
  text: foldText(sought),
  fields: fields === null ? null : new Set(fields),
});
const positions = (entries: readonly Entry[]) => entries.map((one) => one.position);

it('the log is in blocks up to its last full one', async () => {
  expect((await store.readLastBlock(organization))?.number).toBe(Math.floor(entryCount / 128) - 1);
});

const predicates: Record<string, Predicate> = {
  'a frequent text': text('many word'),
  'a text now and then': text('SOME word'),
  'a rare text': text('few word'),
  'one text': text('gerät 4711'),
  'a text past the last block': text('the tail'),
  'no text': text('nowhere to be found'),
  'a text in one field': text('many word', ['SESSION']),
  'a text not in that field': text('few word', ['SESSION', 'NAMES']),
  'two texts': { op: 'and', of: [text('the many'), text('the some')] },
  'a text and something else': {
    op: 'and',
    of: [text('some word'), { op: 'range', field: 'severity', gte: 8, lt: null }],
  },
  'a text or another': { op: 'or', of: [text('few word'), text('gerät 17')] },
  'not a text': { op: 'and', of: [text('the some'), { op: 'not', of: text('the many') }] },
  'a text of two letters': text('we'),
};

describe.each(Object.entries(predicates))('%s', (_, predicate) => {
  const wanted = () => stored.filter((one) => matches(predicate, one));

  it('is found by pages from any place, either way', async () => {
    const property = async (from: number | null, to: number | null, limit: number, direction: 'ASC' | 'DESC') => {
      const place = (index: number | null) => (index === null ? null : (stored[index] ?? null));
      const [after, before] = [place(from), place(to)];
      const list = wanted().filter(
        ({ position }) =>
          (after === null || position > after.position) && (before === null || position < before.position),
      );
      if (direction === 'DESC') list.reverse();
      const page = await store.readPage({ organization, predicate, direction, after, before, limit });
      expect(positions(page)).toEqual(positions(list.slice(0, limit)));
      expect(page.map(plainEntry)).toEqual(list.slice(0, limit));
    };
    const place = fc.option(fc.nat({ max: entryCount - 1 }), { nil: null, freq: 2 });
    await property(null, null, 51, 'DESC');
    await property(null, null, 501, 'ASC');
    await fc.assert(
      fc.asyncProperty(place, place, fc.constantFrom(1, 5, 51), fc.constantFrom('ASC', 'DESC'), property),
      {
        numRuns: 12,
      },
    );
  }, 30_000);

  it('is counted, up to the cap', async () => {
    const count = wanted().length;
    expect(await store.countEntries(organization, predicate, 10_001)).toBe(count);
    expect(await store.countEntries(organization, predicate, 3)).toBe(Math.min(3, count));
  });

  it('is found in the order of occurredAt', async () => {
    const list = wanted().toSorted((one, two) => two.occurredAt - one.occurredAt || two.position - one.position);
    const request = { organization, predicate, direction: 'DESC', after: null, limit: 20 } as const;
    const first = await store.readPageByOccurrence({ ...request, before: null });
    expect(positions(first)).toEqual(positions(list.slice(0, 20)));
    const before = first.at(-1) ?? null;
    if (before === null) return;
    expect(positions(await store.readPageByOccurrence({ ...request, before }))).toEqual(positions(list.slice(20, 40)));
  });
});

it('what is required of a block is required by all alternatives, and only where the text is long enough', () => {
  const grams = (predicate: Predicate) => requiredGrams(predicate, 1)?.length ?? null;
  expect(grams(text('abcd'))).toBe(2);
  expect(grams({ op: 'and', of: [text('abc'), { op: 'or', of: [text('xyz'), text('uvw')] }] })).toBe(1);
  expect(grams({ op: 'not', of: text('abcd') })).toBeNull();
  expect(grams({ op: 'not', of: { op: 'or', of: [{ op: 'not', of: text('abcd') }] } })).toBe(2);
  expect(grams({ op: 'or', of: [text('abcd'), text('efgh')] })).toBeNull();
  expect(grams(text('ab'))).toBeNull();
  expect(grams(text('abcdefghij'.repeat(20)))).toBe(10);
  expect(grams(text(Array.from({ length: 200 }, (_, index) => String.fromCharCode(200 + index)).join('')))).toBe(32);
});

describe('what is looked at', () => {
  let client: pg.Client;
  let database: Database;
  beforeAll(async () => {
    database = undo.use(openDatabase({ url, connections: 1, statementTimeoutMs: 10_000, applicationName: 'texts' }));
    client = new pg.Client({ connectionString: ownerUrl, options: '-c TimeZone=UTC -c jit=off' });
    await client.connect();
    await client.query('vacuum analyze');
  });
  afterAll(() => client.end());
  const request = { organization, direction: 'DESC', after: null, before: null, limit: 51 } as const;
  const grams = (predicate: Predicate) => requiredGrams(predicate, organization) ?? [];

  it.each(['one text', 'no text', 'a rare text'])('for %s are its blocks', async (name) => {
    const predicate = predicates[name] ?? text('');
    const page = { ...request, organization, predicate };
    const sought = grams(predicate);
    const ways: ((parameters: Parameters) => PageText)[] = [
      (parameters) => nearTextPage(page, sought, parameters),
      (parameters) => textPage(page, sought, parameters),
      (parameters) => textCount(page, sought, 10_001, parameters),
    ];
    for (const way of ways) {
      const statement = statementOf(database, organization, way);
      const { shape, buffers } = await explain(client, statement, 'custom');
      expect(buffers, statement.text).toBeLessThan(500);
      expect(shape).not.toMatch(/Seq Scan of log_entry(?! \(empty)/);
      expect(shape).toMatchSnapshot();
    }
  });

  it('of the other blocks is the index of what they have', async () => {
    const { rows } = await client.query<{ prosrc: string; proconfig: string[] }>(
      "select prosrc, proconfig from pg_proc where proname = 'search_candidates'",
    );
    const [{ prosrc = '', proconfig = [] } = {}] = rows;
    expect(proconfig).toEqual(expect.arrayContaining(['enable_seqscan=off', 'enable_indexscan=off']));
    await client.query('set enable_seqscan = off; set enable_indexscan = off');
    const names: Record<string, string> = { organization: '$1::int4', grams: '$2::int4[]' };
    const body =
      /SELECT[^;]*/.exec(prosrc)?.[0].replaceAll(/\bp_(\w+)/g, (_, name: string) => names[name] ?? name) ?? '';
    for (const sought of ['gerät 4711', 'the many', 'nowhere']) {
      const values = [organization, grams(text(sought))];
      const { shape } = await explain(client, { text: body, values }, 'custom');
      expect(shape).toMatchSnapshot();
    }
    await client.query('reset enable_seqscan; reset enable_indexscan');
  });
});
