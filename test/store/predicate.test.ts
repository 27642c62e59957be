import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Entry, plainEntry } from '../../src/model/entry.ts';
import {
  always,
  matches,
  normalize,
  type Predicate,
  predicateFields,
  presenceFields,
} from '../../src/model/predicate.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { createDatabase } from '../support/database.ts';
import { appendRow, entry, firstRecordedAt, predicate, rareLeaves } from '../support/entries.ts';

const seed = Math.trunc(Math.random() * 2 ** 31);
const entryCount = 200;
const batchRows = 20;

const undo = new AsyncDisposableStack();
let store: Store;
let organization = 0;
/** In the order of the log. */
let stored: readonly Entry[] = [];

beforeAll(async () => {
  const database = undo.use(await createDatabase());
  store = undo.use(openStore({ url: database.url, connections: 2, statementTimeoutMs: 10_000 }));
  await store.ensurePartitions(firstRecordedAt, firstRecordedAt);
  const newOrganization = async (uid: string, name: string) =>
    (await store.prisma.organization.create({ data: { uid, name, head: { create: {} } } })).id;
  organization = await newOrganization('019cf3a0-0000-7000-8000-000000000001', 'mine');
  const other = await newOrganization('019cf3a0-0000-7000-8000-000000000002', 'another');
  const [mine, foreign] = [
    fc.sample(entry, { seed, numRuns: entryCount }),
    fc.sample(entry, { seed: seed + 1, numRuns: 40 }),
  ];
  stored = await append(organization, mine);
  await append(other, foreign);
});
afterAll(() => undo.disposeAsync());

/** Appends in batches of growing time; the entries as the log has to hold them. */
async function append(to: number, entries: readonly Entry[]): Promise<Entry[]> {
  const inOrder = entries.toSorted((a, b) => a.recordedAt - b.recordedAt);
  const kept: Entry[] = [];
  for (let from = 0; from < inOrder.length; from += batchRows) {
    const batch = inOrder.slice(from, from + batchRows);
    // As in a real append, no id is of a later time than the entry is recorded at.
    const recordedAt = batch.at(-1)?.recordedAt ?? 0;
    const rows = batch.map((one) => appendRow(one, Buffer.alloc(80, 1), Buffer.alloc(32, 2)));
    const result = await store.appendBatch(to, recordedAt, null, rows);
    kept.push(
      ...batch.map((one, index) => ({
        ...one,
        organization: to,
        position: from + index,
        recordedAt: result.recordedAt,
      })),
    );
  }
  return kept;
}

const page = (wanted: Predicate, direction: 'ASC' | 'DESC' = 'ASC') =>
  store.readPage({ organization, predicate: wanted, direction, after: null, before: null, limit: entryCount + 1 });
const positions = (entries: readonly Entry[]) => entries.map((one) => one.position);
const inMemory = (wanted: Predicate) => positions(stored.filter((one) => matches(wanted, one)));
const negation = (of: Predicate): Predicate => ({ op: 'not', of });
const positionsWhere = (condition: (one: Entry) => boolean) => positions(stored.filter(condition));

describe(`the two back-ends of a predicate (entries of seed ${seed})`, () => {
  it('holds every entry as it was appended', async () => {
    expect((await page(always)).map(plainEntry)).toEqual(stored);
  });

  it('selects the same entries in memory and in the database, and so does its negation', async () => {
    const property = fc.asyncProperty(predicate, async (tree) => {
      const expected = inMemory(tree);
      const [selected, others, count] = await Promise.all([
        page(tree),
        page(negation(tree)),
        store.countEntries(organization, tree, entryCount + 1),
      ]);
      expect(positions(selected)).toEqual(expected);
      expect(count).toBe(selected.length);
      expect(positions([...selected, ...others]).sort((a, b) => a - b)).toEqual(positions(stored));
    });
    await fc.assert(property, { numRuns: 400 });
  }, 20_000);

  it('judges one entry as it judges the page', async () => {
    const property = fc.asyncProperty(predicate, fc.nat(entryCount - 1), async (tree, index) => {
      const one = stored[index];
      if (one === undefined) throw new Error('no entry');
      const [located, byId, tail] = await Promise.all([
        store.locateEntry(organization, one.recordedAt, one.id, tree),
        store.readByIds(organization, [one.id], tree),
        store.readHistory(organization, { recordedAt: 0, position: -1 }, tree, entryCount + 1),
      ]);
      const expected = matches(tree, one);
      const { recordedAt, position, occurredAt } = one;
      expect(located).toEqual({ place: { recordedAt, position }, occurredAt, matched: expected });
      expect(positions(byId)).toEqual(expected ? [one.position] : []);
      expect(positions(tail?.entries ?? [])).toEqual(inMemory(tree));
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it.each(predicateFields)('tells entries apart by %s', async (field) => {
    // Nothing above proves that a random value of this field was ever met; this does.
    const column: Record<typeof field, (one: Entry) => readonly (string | number | null)[]> = {
      action: (one) => [one.action],
      actor: (one) => [one.actor],
      affectedUser: (one) => [one.affectedUser],
      directory: (one) => [one.directory],
      vault: (one) => [one.vault],
      outcome: (one) => [one.outcome],
      severity: (one) => [one.severity],
      actorType: (one) => [one.actorType],
      component: (one) => [one.component],
      userAgent: (one) => [one.userAgent],
      device: (one) => [one.device],
      session: (one) => [one.session],
      request: (one) => [one.request],
      location: (one) => [one.location],
      changedField: (one) => (one.changes ?? []).map((change) => change.field),
      targetId: (one) => one.targets.map((target) => target.id),
      targetType: (one) => one.targets.map((target) => target.type),
      occurredAt: (one) => [one.occurredAt],
      recordedAt: (one) => [one.recordedAt],
    };
    const value = stored.flatMap((one) => column[field](one)).find((one) => one !== null);
    if (value === undefined || value === null) throw new Error(`no entry has a ${field}`);
    const tree: Predicate = { op: 'in', field, values: new Set([value]) };
    const expected = positionsWhere((one) => column[field](one).includes(value));
    expect(expected.length).toBeGreaterThan(0);
    expect(expected.length).toBeLessThan(entryCount);
    expect(inMemory(tree)).toEqual(expected);
    expect(positions(await page(tree))).toEqual(expected);
  });

  it.each(['severity', 'occurredAt', 'recordedAt'] as const)('draws the bounds of %s where they are', async (field) => {
    const value = stored.map((one) => one[field]).toSorted((a, b) => a - b)[entryCount / 2] ?? 0;
    for (const bound of [value - 0.5, value, value + 0.5, value + 1, 1e16, -1e16, Number.POSITIVE_INFINITY]) {
      for (const side of ['gte', 'lt'] as const) {
        const tree: Predicate = { op: 'range', field, gte: null, lt: null, [side]: bound };
        const expected = positionsWhere((one) => (side === 'gte' ? one[field] >= bound : one[field] < bound));
        expect(inMemory(tree), `${side} ${bound}`).toEqual(expected);
        expect(positions(await page(tree)), `${side} ${bound}`).toEqual(expected);
      }
    }
  });

  it.each(presenceFields)('tells whether an entry has %s', async (field) => {
    const tree: Predicate = { op: 'exists', field };
    const expected = positionsWhere((one) => {
      const value = one[field];
      return value !== null && !(Array.isArray(value) && value.length === 0);
    });
    expect(expected.length).toBeGreaterThan(0);
    expect(expected.length).toBeLessThan(entryCount);
    expect(inMemory(tree)).toEqual(expected);
    expect(positions(await page(tree))).toEqual(expected);
    expect(positions(await page(negation(tree)))).toEqual(positionsWhere((one) => !expected.includes(one.position)));
  });

  it.each(['metadataIn', 'metadataExists', 'network', 'text'] as const)('meets values of %s', (op) => {
    // Nothing above proves that a random path, value, network or text was ever met; this does. Of each kind by itself: among
    // random trees it depends on the seed how many there are.
    const met = fc.sample(rareLeaves[op], { seed, numRuns: 1000 }).map((tree) => inMemory(tree).length);
    expect(met.filter((count) => count > 0 && count < entryCount).length).toBeGreaterThan(3);
    const trees = fc.sample(predicate, { seed, numRuns: 3000 });
    expect(trees.filter((tree) => tree.op === op).length).toBeGreaterThan(3);
  });

  it('keeps entries without a value when it negates', async () => {
    const tree = negation({ op: 'in', field: 'actor', values: new Set([1]) });
    const expected = positionsWhere((one) => one.actor !== 1);
    expect(positionsWhere((one) => one.actor === null).length).toBeGreaterThan(0);
    expect(inMemory(tree)).toEqual(expected);
    expect(positions(await page(tree))).toEqual(expected);
  });

  it.each([
    ['and []', { op: 'and', of: [] }, entryCount],
    ['or []', { op: 'or', of: [] }, 0],
    ['in ()', { op: 'in', field: 'actor', values: new Set<number>() }, 0],
    ['not in ()', { op: 'not', of: { op: 'in', field: 'actor', values: new Set<number>() } }, entryCount],
    ['an open range', { op: 'range', field: 'severity', gte: null, lt: null }, entryCount],
    ['an empty range', { op: 'range', field: 'severity', gte: 5, lt: 5 }, 0],
    ['no networks', { op: 'network', networks: [] }, 0],
    ['no values of metadata', { op: 'metadataIn', path: ['a'], values: new Set() }, 0],
    ['a key that cannot be stored', { op: 'not', of: { op: 'metadataExists', path: ['a\0'] } }, entryCount],
    ['a text that only sounds alike', { op: 'in', field: 'component', values: new Set(['\ud800']) }, 0],
  ] satisfies [string, Predicate, number][])('%s', async (_name, tree, count) => {
    expect(inMemory(tree)).toHaveLength(count);
    expect(await page(tree)).toHaveLength(count);
    expect(await store.countEntries(organization, tree, 1000)).toBe(count);
  });

  it('finds no entry by an id of a far time', async () => {
    const ids = ['ffffffff-ffff-7fff-bfff-ffffffffffff', '00000000-0000-7000-8000-000000000000'];
    expect(await store.readByIds(organization, ids.slice(0, 1), always)).toEqual([]);
    expect(await store.readByIds(organization, ids, always)).toEqual([]);
  });

  it('counts no further than the cap', async () => {
    expect(await store.countEntries(organization, always, 17)).toBe(17);
  });
});

describe('normalize', () => {
  it('keeps the meaning, leaves `not` on leaves only, nests no operator in itself, and folds constants', () => {
    const wellFormed = (tree: Predicate, root: boolean): boolean => {
      switch (tree.op) {
        case 'not':
          return tree.of.op !== 'not' && tree.of.op !== 'and' && tree.of.op !== 'or' && wellFormed(tree.of, false);
        case 'and':
        case 'or':
          return (
            (root && tree.of.length === 0) ||
            (tree.of.length > 1 && tree.of.every((part) => part.op !== tree.op && wellFormed(part, false)))
          );
        case 'in':
        case 'metadataIn':
          return tree.values.size > 0;
        case 'network':
          return tree.networks.length > 0;
        case 'range':
          return tree.gte !== null || tree.lt !== null;
        case 'text':
          return tree.fields?.size !== 0;
        case 'exists':
        case 'metadataExists':
          return true;
      }
    };
    const property = fc.property(predicate, entry, (tree, one) => {
      const normal = normalize(tree);
      expect(matches(normal, one)).toBe(matches(tree, one));
      expect(wellFormed(normal, true)).toBe(true);
      expect(normalize(normal)).toEqual(normal);
      expect(normalize(negation(negation(tree)))).toEqual(normal);
      expect(matches(normalize(tree, true), one)).toBe(!matches(tree, one));
    });
    fc.assert(property, { numRuns: 2000 });
  });
});
