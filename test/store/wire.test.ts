/** Entries taken from the wire: whatever pieces an answer comes in, and whatever goes wrong in the middle of it. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/model/entry.ts';
import { plainEntry } from '../../src/model/entry.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { entryColumns } from '../../src/store/row.ts';
import { readTail } from '../../src/store/statements/tail.ts';
import { openStore } from '../../src/store/store.ts';
import { splitMessages } from '../../src/store/wire/connection.ts';
import { createDatabase } from '../support/database.ts';
import { appendRow, entry, firstRecordedAt } from '../support/entries.ts';

const message = (type: string, contents: Uint8Array): Buffer => {
  const header = Buffer.alloc(5, type);
  header.writeUInt32BE(4 + contents.length, 1);
  return Buffer.concat([header, contents]);
};

describe('messages', () => {
  const messages = fc.array(fc.tuple(fc.constantFrom('D', 'T', 'C', 'Z', 'N'), fc.uint8Array({ maxLength: 40 })));
  const cuts = fc.array(fc.nat());

  it.each([true, false])('go where they belong, in their order, in whatever pieces they come (taken: %s)', (taken) => {
    fc.assert(
      fc.property(messages, cuts, (sent, places) => {
        const bytes = Buffer.concat(sent.map(([type, contents]) => message(type, contents)));
        // Each is told by its type, its length and its contents: of what was taken, the length is looked at where it lies.
        const met: Buffer[] = [];
        const take = (whole: Buffer, at: number) =>
          met.push(whole.subarray(at - 5, at - 4 + whole.readUInt32BE(at - 4)));
        const taker = { describe: take, row: take };
        const split = splitMessages(
          () => (taken ? taker : null),
          (others) => met.push(others),
        );
        const ends = [...new Set(places.map((place) => place % (bytes.length + 1))), bytes.length].sort(
          (a, b) => a - b,
        );
        let from = 0;
        for (const end of ends) {
          split(bytes.subarray(from, end));
          from = end;
        }
        expect(Buffer.concat(met).toString('hex')).toBe(bytes.toString('hex'));
      }),
    );
  });

  it('are taken from their first to their last', () => {
    const [rows, others]: [string[], string[]] = [[], []];
    let taker: Parameters<typeof splitMessages>[0] = () => null;
    const split = splitMessages(
      () => taker(),
      (bytes) => others.push(bytes.toString('latin1', 0, 1)),
    );
    split(message('D', Buffer.from('before')));
    taker = () => ({ describe() {}, row: (bytes, at) => rows.push(bytes.toString('latin1', at)) });
    split(message('D', Buffer.from('taken')));
    taker = () => null;
    split(message('D', Buffer.from('after')));
    expect([rows, others]).toEqual([['taken'], ['D', 'D']]);
  });
});

describe('an answer', () => {
  const undo = new AsyncDisposableStack();
  let database: Database;
  let organization = 0;
  let sent: readonly Entry[] = [];
  /** Of years whose microseconds no number holds, each millisecond of one second in a while. */
  const distant = [1, 1000, 1713, 1715, 2284, 2286, 9999].flatMap((year) =>
    Array.from({ length: 20 }, (_, index) => new Date(0).setUTCFullYear(year, 6, 1) + index * 53 - 1),
  );
  const all = `select ${entryColumns} from log_entry e where e.organization_id = $1 order by e.recorded_at, e.position`;

  beforeAll(async () => {
    const cloned = undo.use(await createDatabase());
    const store = undo.use(openStore({ url: cloned.url, connections: 1, statementTimeoutMs: 10_000 }));
    // One connection: what a statement leaves behind meets the next one.
    database = undo.use(
      openDatabase({ url: cloned.url, connections: 1, statementTimeoutMs: 10_000, applicationName: 'wire' }),
    );
    await store.ensurePartitions(firstRecordedAt, firstRecordedAt);
    const created = await store.prisma.organization.create({
      data: { uid: '019cf3a0-0000-7000-8000-000000000001', name: 'mine', head: { create: {} } },
    });
    organization = created.id;
    // Some longer than a socket gives at once, most short: pieces end anywhere.
    sent = fc
      .sample(entry, { numRuns: 300, seed: 11 })
      .map((one, index) => (index % 40 === 7 ? { ...one, metadata: { long: 'é'.repeat(50_000 + index) } } : one))
      .map((one, index) => ({ ...one, occurredAt: distant[index] ?? one.occurredAt }));
    const rows = sent.map((one) => appendRow(one, Buffer.alloc(80, 1), Buffer.alloc(32, 2)));
    await store.appendBatch(organization, firstRecordedAt + 100_000, null, rows);
  });
  afterAll(() => undo.disposeAsync());

  const entries = async () => (await database.entries(all, [organization])).map((one) => one && plainEntry(one));

  it('has the fields that node-postgres reads of the same rows', async () => {
    const tail = await readTail(database, organization, { recordedAt: 0, position: -1 }, 1000);
    expect(tail?.entries).toHaveLength(sent.length);
    expect(tail?.entries.map(({ occurredAt }) => occurredAt)).toEqual(sent.map(({ occurredAt }) => occurredAt));
    expect(await entries()).toEqual(tail?.entries);
    // A statement that is known by its name is not described anew.
    expect(await entries()).toEqual(tail?.entries);
  });

  it('may come between answers that are read as ever, and of many statements that wait for one connection', async () => {
    const [first, one, second] = await Promise.all([
      entries(),
      database.rows<[number, string]>("select 1, 'one'", []),
      entries(),
    ]);
    expect(one).toEqual([[1, 'one']]);
    expect(first).toHaveLength(sent.length);
    expect(second).toEqual(first);
  });

  it('that breaks off in the middle is an error, and the next one is whole', async () => {
    const broken = all.replace('order by', 'and 1 / (e.position - 200) < 2 order by');
    await expect(database.entries(broken, [organization])).rejects.toThrow('division by zero');
    expect(await database.rows('select 2', [])).toEqual([[2]]);
    expect(await entries()).toHaveLength(sent.length);
  });

  it('of other columns is an error that says so, and the next one is whole', async () => {
    await expect(database.entries('select 1, 2', [])).rejects.toThrow(
      'the columns of an entry have other types: 23 23',
    );
    // As many columns, and also when it is asked for again: it was prepared by then.
    const wider = entryColumns.replace('e.outcome', 'e.outcome::int4');
    const changed = `select ${wider} from log_entry e where e.organization_id = $1`;
    for (const _ of [1, 2, 3]) {
      await expect(database.entries(changed, [organization])).rejects.toThrow(
        'the columns of an entry have other types',
      );
    }
    await expect(database.entries('select', [])).rejects.toThrow('the columns of an entry have other types');
    expect(await entries()).toHaveLength(sent.length);
  });

  it('may be asked for inside a transaction', async () => {
    await database.transaction(async (runner) => {
      expect(await runner.entries(all, [organization])).toHaveLength(sent.length);
    });
  });

  it('has null for a row of nulls, and no entry for none', async () => {
    const nulls = entryColumns.replaceAll('e.', '(null::log_entry).');
    expect(await database.entries(`select ${nulls}`, [])).toEqual([null]);
    expect(await database.entries(`select ${nulls} where false`, [])).toEqual([]);
  });
});
