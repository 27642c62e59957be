/** However a page is read, it is the same page: every way that the planner has, and the one it chooses, against `matches`. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Entry, LogPlace } from '../../src/model/entry.ts';
import { matches, type Predicate, type PredicateField } from '../../src/model/predicate.ts';
import { systemRandom, uuidV7 } from '../../src/model/uuid.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { gatherPage } from '../../src/store/plan/gather.ts';
import { markedNearPage } from '../../src/store/plan/near.ts';
import type { PageRequest } from '../../src/store/plan/page.ts';
import { plainPage } from '../../src/store/plan/plain.ts';
import { send, statementOf } from '../../src/store/plan/read.ts';
import { type Shape, type Spread, shapeOf } from '../../src/store/plan/shape.ts';
import { walkPage } from '../../src/store/plan/walk.ts';
import { countEntries, readPage } from '../../src/store/statements/read.ts';
import { readHistory } from '../../src/store/statements/tail.ts';
import { openStore } from '../../src/store/store.ts';
import { createDatabase } from '../support/database.ts';
import { appendRow, entry, firstRecordedAt, predicate, trickyTexts } from '../support/entries.ts';

const seed = Math.trunc(Math.random() * 2 ** 31);
/** More than any page looks through before it counts a condition as sparse. */
const entryCount = 6000;
const directories = 400;
/** Rare ones, of one entry in two hundred, come after these. */
const busy = 20;
const targets = 300;
/** What every third entry names first, and what one in ten names beside others. */
const [busyTarget, group] = ['target-busy', 'target-group'];

const undo = new AsyncDisposableStack();
let database: Database;
let organization = 0;
/** In the order of the log. */
let stored: readonly Entry[] = [];
/** Of every statement sent since it was last emptied. */
const sent: string[] = [];

/** A log of three months in batches of one to 1,800 entries that share their time; the pauses last from a millisecond to weeks. */
function makeBatches(): { recordedAt: number; entries: Entry[] }[] {
  const kinds = fc.sample(entry, { seed, numRuns: 200 });
  const draw = fc.sample(fc.noBias(fc.nat(999_999)), { seed: seed + 1, numRuns: 9 * entryCount });
  const next = () => draw.pop() ?? 0;
  const targetIds = () => [
    next() % 3 === 0 ? busyTarget : `target-${next() % targets}`,
    ...(next() % 10 === 0 ? [`target-${next() % targets}`, group] : []),
  ];
  const batches: { recordedAt: number; entries: Entry[] }[] = [];
  let recordedAt = firstRecordedAt;
  for (let made = 0; made < entryCount; ) {
    const size = Math.min(entryCount - made, next() % 20 === 0 ? 1800 : 1 + (next() % 150));
    const entries = Array.from({ length: size }, (): Entry => {
      const kind = kinds[next() % kinds.length];
      if (kind === undefined) throw new TypeError('no entry');
      const where = next() % 200 === 0 ? busy + (next() % (directories - busy)) : next() % busy;
      const id = uuidV7(recordedAt, systemRandom);
      const named = targetIds().map((target) => ({ type: 'item', id: target, name: null }));
      // Those that a kind has of its own are none, one or several, with ids that are hard to tell apart, and without.
      const own = next() % 4 === 0 ? kind.targets : named;
      return { ...kind, id, directory: kind.directory === null ? null : where, actor: next() % 500, targets: own };
    });
    batches.push({ recordedAt, entries });
    made += size;
    recordedAt += Math.ceil(10 ** (next() % 9.2));
  }
  return batches;
}

beforeAll(async () => {
  const cloned = undo.use(await createDatabase());
  const store = undo.use(openStore({ url: cloned.url, connections: 1, statementTimeoutMs: 10_000 }));
  database = undo.use(
    openDatabase({ url: cloned.url, connections: 2, statementTimeoutMs: 10_000, applicationName: 'planned' }),
  );
  database.observe((text) => sent.push(text));
  const newOrganization = async (uid: string, name: string) =>
    (await store.prisma.organization.create({ data: { uid, name, head: { create: {} } } })).id;
  organization = await newOrganization('019cf3a0-0000-7000-8000-000000000001', 'mine');
  // The same at the same times, in part: numbers are one organization’s own only because every look-up says whose.
  const other = await newOrganization('019cf3a0-0000-7000-8000-000000000002', 'another');
  const kept: Entry[] = [];
  for (const [number, { recordedAt, entries }] of makeBatches().entries()) {
    await store.ensurePartitions(recordedAt, recordedAt);
    const rows = entries.map((one) => appendRow(one, Buffer.alloc(80, 1), Buffer.alloc(32, 2)));
    await store.appendBatch(organization, recordedAt, null, rows);
    if (number % 3 === 0) await store.appendBatch(other, recordedAt, null, rows);
    kept.push(...entries.map((one, n) => ({ ...one, organization, position: kept.length + n, recordedAt })));
  }
  stored = kept;
}, 60_000);
afterAll(() => undo.disposeAsync());

const within = (field: PredicateField, values: Iterable<number | string>): Predicate => ({
  op: 'in',
  field,
  values: new Set(values),
});

const numbersUpTo = (most: number) =>
  fc.oneof(
    fc.array(fc.nat(most), { maxLength: 3 }),
    fc.array(fc.nat(most), { minLength: 17, maxLength: 120, size: 'max' }),
    // The rare ones alone: few entries under many values.
    fc.nat(most).map((from) => Array.from({ length: 60 }, (_, n) => busy + ((from + n) % (most - busy + 1)))),
    // Too far apart for a bitmap.
    fc
      .array(fc.nat(most), { minLength: 17, maxLength: 40, size: 'max' })
      .map((list) => [...list, 2 ** 31 - 1, 2 ** 31]),
  );
const targetId = fc.oneof(
  fc.nat(targets).map((target) => `target-${target}`),
  fc.constantFrom(busyTarget, group, ...trickyTexts),
);
const targetSet = fc.oneof(
  fc.array(targetId, { maxLength: 3 }).map((values) => within('targetId', values)),
  fc.array(targetId, { minLength: 9, maxLength: 60, size: 'max' }).map((values) => within('targetId', values)),
);
const leaf = fc.oneof(
  numbersUpTo(directories).map((values) => within('directory', values)),
  numbersUpTo(500).map((values) => within('actor', values)),
  fc.array(fc.nat(7), { maxLength: 5 }).map((values) => within('affectedUser', values)),
  fc.array(fc.nat(7), { maxLength: 5 }).map((values) => within('action', values)),
  targetSet,
);
const spread: fc.Arbitrary<Predicate> = fc.oneof(
  leaf,
  fc.array(leaf, { minLength: 2, maxLength: 4 }).map((of): Predicate => ({ op: 'or', of })),
);
/** Somewhere in the log, or beside it. */
const moment = fc.nat(entryCount - 1).map((at) => (stored[at]?.recordedAt ?? 0) + (at % 3) - 1);
const time = fc
  .record({ gte: fc.option(moment), lt: fc.option(moment) })
  .map((bounds): Predicate => ({ op: 'range', field: 'recordedAt', ...bounds }));
/** What a visibility, and a filter with it, look like; and anything. */
const tree: fc.Arbitrary<Predicate> = fc.oneof(
  { weight: 3, arbitrary: spread },
  {
    weight: 5,
    arbitrary: fc
      .tuple(spread, fc.array(fc.oneof(spread, time, predicate), { minLength: 1, maxLength: 2 }))
      .map(([first, rest]): Predicate => ({ op: 'and', of: [first, ...rest] })),
  },
  { weight: 1, arbitrary: predicate },
);
const place = fc.option(fc.nat(entryCount - 1), { freq: 2 }).map((at): LogPlace | null => {
  const found = at === null ? undefined : stored[at];
  return found === undefined ? null : { recordedAt: found.recordedAt, position: found.position };
});
/** Drawn when the log is there: its places are part of it. */
const request = () =>
  fc.record({
    organization: fc.constant(organization),
    predicate: tree,
    direction: fc.constantFrom('ASC', 'DESC'),
    after: place,
    before: place,
    limit: fc.constantFrom(1, 2, 51, 52),
  }) satisfies fc.Arbitrary<PageRequest>;

function expectedOf({ predicate: wanted, direction, after, before, limit }: PageRequest): number[] {
  const inside = stored.filter(
    ({ position }) => position > (after?.position ?? -1) && position < (before?.position ?? entryCount),
  );
  const found = inside.filter((one) => matches(wanted, one)).map((one) => one.position);
  return (direction === 'ASC' ? found : found.reverse()).slice(0, limit);
}

type Way = (of: PageRequest, shape: Shape, spread: Spread) => ReturnType<typeof statementOf>;
const ways: Record<string, Way> = {
  plain: (of) => statementOf(database, organization, (parameters) => plainPage(of, parameters)),
  near: (of, shape) => statementOf(database, organization, (parameters) => markedNearPage(of, shape, parameters)),
  gather: (of, shape, one) =>
    statementOf(database, organization, (parameters) => gatherPage(of, shape, one, parameters)),
  walk: (of, shape, one) => statementOf(database, organization, (parameters) => walkPage(of, shape, one, parameters)),
};
const positionsIn = (rows: readonly (readonly unknown[])[]) => rows.map((row) => row[1]);

describe(`a page (entries of seed ${seed})`, () => {
  it('is the same, whichever way it is read', async () => {
    const property = fc.asyncProperty(request(), async (of) => {
      const expected = expectedOf(of);
      expect((await readPage(database, of)).map((one) => one.position)).toEqual(expected);
      const shape = shapeOf(of.predicate);
      for (const one of shape.spreads) {
        for (const [name, way] of Object.entries(ways)) {
          const rows = await send(database, way(of, shape, one));
          if (name !== 'near' || !rows.some(([first]) => first === null))
            expect(positionsIn(rows), name).toEqual(expected);
        }
      }
    });
    await fc.assert(property, { numRuns: 250 });
  }, 60_000);

  it('counts and follows the same entries', async () => {
    const caps = fc.constantFrom(1, 60, entryCount + 1);
    const property = fc.asyncProperty(tree, place, caps, async (wanted, after, cap) => {
      const all = stored.filter((one) => matches(wanted, one)).map((one) => one.position);
      expect(await countEntries(database, organization, wanted, cap)).toBe(Math.min(all.length, cap));
      const from = after ?? { recordedAt: 0, position: -1 };
      const tail = await readHistory(database, organization, from, wanted, 51);
      expect(tail?.entries.map((one) => one.position)).toEqual(all.filter((one) => one > from.position).slice(0, 51));
      expect(tail?.end?.position).toBe(entryCount - 1);
    });
    await fc.assert(property, { numRuns: 150 });
  }, 60_000);
});

describe('the way a page is read', () => {
  const all = { direction: 'DESC', after: null, before: null, limit: 51 } as const;
  const wayTo = async (wanted: Predicate, more: Partial<PageRequest> = {}) => {
    sent.length = 0;
    await readPage(database, { organization, predicate: wanted, ...all, ...more });
    return sent.map((text) =>
      /recursive/.test(text)
        ? 'walk'
        : /filter \(where/.test(text)
          ? 'met'
          : /unnest/.test(text)
            ? 'gather'
            : /offset/.test(text)
              ? 'near'
              : 'plain',
    );
  };
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
  const severe: Predicate = { op: 'range', field: 'severity', gte: 10, lt: null };
  const and = (...of: Predicate[]): Predicate => ({ op: 'and', of });
  const items = (from: number, to: number) => range(from, to).map((target) => `target-${target}`);
  const [few, many] = [within('directory', [5, 6]), within('directory', range(0, busy))];
  const rare = within('directory', range(busy, directories));

  it.each<[string, Predicate, string[]]>([
    ['one directory', within('directory', [5]), ['plain']],
    ['a few directories', within('directory', [5, 6]), ['gather']],
    ['many directories, dense', within('directory', range(0, busy)), ['near']],
    ['many directories, sparse', within('directory', range(busy, directories)), ['near', 'walk']],
    ['sparse, and a filter', and(within('directory', range(busy, directories)), severe), ['near', 'met', 'walk']],
    [
      'dense, and a filter that nothing matches',
      and(within('directory', range(0, busy)), { op: 'range', field: 'severity', gte: 99, lt: null }),
      ['near', 'met', 'plain'],
    ],
    ['a target', within('targetId', [busyTarget]), ['gather']],
    ['a target, and a filter that nothing serves', and(within('targetId', [group]), severe), ['gather']],
    [
      'a target, or own activity',
      { op: 'or', of: [within('targetId', ['target-7']), within('actor', [7])] },
      ['gather'],
    ],
    ['a target, and one actor', and(within('targetId', [busyTarget]), within('actor', [7])), ['plain']],
    ['a rare target, and directories', and(within('targetId', ['target-7']), few), ['met', 'gather']],
    ['a busy target, and busy directories', and(within('targetId', [busyTarget]), many), ['met', 'plain']],
    ['a busy target, and rare directories', and(within('targetId', [busyTarget]), rare), ['met', 'walk']],
    ['many targets, dense', within('targetId', [busyTarget, ...items(0, 20)]), ['near']],
    ['many targets, sparse', within('targetId', items(targets, targets + 20)), ['near', 'walk']],
    ['many directories, and one actor', and(within('directory', range(0, busy)), within('actor', [7])), ['plain']],
  ])('%s', async (_, wanted, way) => {
    expect(await wayTo(wanted)).toEqual(way);
  });

  it('is one statement where little of the log is left', async () => {
    const before = { recordedAt: stored[900]?.recordedAt ?? 0, position: 900 };
    expect(await wayTo(within('directory', range(busy, directories)), { before })).toEqual(['near']);
  });
});
