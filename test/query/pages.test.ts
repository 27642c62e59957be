import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ListOrder, listOrders } from '../../src/model/cursor.ts';
import type { LogFilter, LogPage, PageArguments } from '../../src/query/query.ts';
import type { Recorded } from '../support/oracle.ts';
import { logFilter } from '../support/reading.ts';
import { openTestApp, type TestApp } from '../support/readingApp.ts';
import { openReadingLog, type ReadingLog, type Viewpoint } from './support.ts';

let at: TestApp;
let log: ReadingLog;
let filters: fc.Arbitrary<LogFilter | null>;
let filtersWhileGrowing: fc.Arbitrary<LogFilter | null>;

beforeAll(async () => {
  at = await openTestApp();
  log = await openReadingLog(at, 11, 240);
  const { catalogue } = at.app.services;
  filters = fc.option(logFilter(catalogue, log.from), { nil: null, freq: 2 });
  filtersWhileGrowing = fc.option(logFilter(catalogue, log.from, { still: false }), { nil: null, freq: 2 });
});
afterAll(() => at?.[Symbol.asyncDispose]());

const who = fc.nat({ max: 4 }).map((index) => index);
const direction = fc.constantFrom('ASC', 'DESC');
const clock = fc.constantFrom(...listOrders);
const viewpoint = (index: number): Viewpoint => {
  const found = log.viewpoints[index];
  if (found === undefined) throw new TypeError('no such viewpoint');
  return found;
};
const read = (viewer: Viewpoint, page: PageArguments) => at.app.services.query.logs(viewer.principal, page);
const idsOf = (page: LogPage) => page.edges.map(({ entry }) => entry.id);

const occurredAt = ({ input, recordedAt }: Recorded) =>
  input.occurredAt == null ? recordedAt : new Date(input.occurredAt).getTime();

/** The expected list in the order of the page. */
function listOf(
  viewer: Viewpoint,
  filter: LogFilter | null,
  order: 'ASC' | 'DESC',
  by: ListOrder = 'RECORDED_AT',
): string[] {
  const entries = log.expected(viewer, filter);
  // Of equal times, as they were recorded: sorting is stable.
  if (by === 'OCCURRED_AT') entries.sort((one, other) => occurredAt(one) - occurredAt(other));
  const ids = entries.map((entry) => entry.id);
  return order === 'ASC' ? ids : ids.reverse();
}

test('the log has something to hide from each member, and something to show', () => {
  const seen = log.viewpoints.map((viewer) => log.expected(viewer).length);
  expect(seen[0]).toBe(240);
  expect(seen.slice(1).filter((count) => count > 10 && count < 240).length).toBeGreaterThanOrEqual(2);
});

test('any page between any two cursors is the slice that Relay asks for, with exact page info', async () => {
  const size = fc.record({ forward: fc.boolean(), count: fc.integer({ min: 0, max: 30 }) });
  const place = fc.option(fc.nat(), { freq: 2, nil: null });
  const property = async (
    viewer: Viewpoint,
    filter: LogFilter | null,
    order: 'ASC' | 'DESC',
    [after, before]: (number | null)[],
    { forward, count }: { forward: boolean; count: number },
    by: ListOrder,
  ) => {
    const list = listOf(viewer, filter, order, by);
    const whole = await read(viewer, { first: 500, filter, direction: order, order: by });
    expect(idsOf(whole)).toEqual(list);
    const index = (from: number | null | undefined) =>
      from === null || from === undefined || list.length === 0 ? null : from % list.length;
    const [left, right] = [index(after), index(before)];
    const cursor = (at: number | null) => (at === null ? null : (whole.edges[at]?.cursor ?? null));
    const low = left === null ? 0 : left + 1;
    const high = Math.max(low, right === null ? list.length : right);
    const page = await read(viewer, {
      ...(forward ? { first: count } : { last: count }),
      after: cursor(left),
      before: cursor(right),
      filter,
      direction: order,
      order: by,
    });
    const slice = forward
      ? list.slice(low, Math.min(high, low + count))
      : list.slice(Math.max(low, high - count), high);
    expect(idsOf(page)).toEqual(slice);
    expect(page.hasNextPage).toBe(right !== null || (forward && high - low > count));
    expect(page.hasPreviousPage).toBe(left !== null || (!forward && high - low > count));
    // The same entry has the same cursor on every page.
    const known = new Map(whole.edges.map((edge) => [edge.entry.id, edge.cursor]));
    for (const edge of page.edges) expect(edge.cursor).toBe(known.get(edge.entry.id));
    expect(await page.totalCount()).toEqual({ count: list.length, exact: true });
  };
  await fc.assert(
    fc.asyncProperty(who, filters, direction, fc.tuple(place, place), size, clock, (index, ...rest) =>
      property(viewpoint(index), ...rest),
    ),
    { numRuns: 250 },
  );
});

/** Walks the whole list in pages of these sizes, and checks that page info tells the way. */
async function walk(
  viewer: Viewpoint,
  filter: LogFilter | null,
  order: 'ASC' | 'DESC',
  sizes: readonly number[],
  forward: boolean,
  by: ListOrder = 'RECORDED_AT',
) {
  const pages: LogPage[] = [];
  for (let cursor: string | null = null; ; ) {
    const count: number = sizes[pages.length % sizes.length] ?? 1;
    const extent = forward ? { first: count, after: cursor } : { last: count, before: cursor };
    const page = await read(viewer, { ...extent, filter, direction: order, order: by });
    const [behind, ahead] = forward
      ? [page.hasPreviousPage, page.hasNextPage]
      : [page.hasNextPage, page.hasPreviousPage];
    expect(behind).toBe(pages.length > 0);
    pages.push(page);
    if (!ahead) return pages;
    expect(page.edges).toHaveLength(count);
    cursor = (forward ? page.edges.at(-1) : page.edges[0])?.cursor ?? null;
  }
}

/** What a stream after a cursor delivers, until it has delivered so many. */
async function follow(viewer: Viewpoint, filter: LogFilter | null, after: string, count: number): Promise<string[]> {
  const stream = at.app.services.live.subscribe(viewer.principal, { after, filter });
  const ids: string[] = [];
  for await (const batch of stream) {
    expect(batch.notice?.code ?? 'RIGHTS_CHANGED').toBe('RIGHTS_CHANGED');
    ids.push(...batch.entries.map((entry) => entry.id));
    if (ids.length >= count) break;
  }
  return ids;
}

const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 4 });

test('walks in both directions and orders concatenate to the whole list', async () => {
  const property = async (
    viewer: Viewpoint,
    filter: LogFilter | null,
    order: 'ASC' | 'DESC',
    counts: readonly number[],
    forward: boolean,
    by: ListOrder,
  ) => {
    const pages = (await walk(viewer, filter, order, counts, forward, by)).map(idsOf);
    expect((forward ? pages : pages.reverse()).flat()).toEqual(listOf(viewer, filter, order, by));
  };
  await fc.assert(
    fc.asyncProperty(who, filters, direction, sizes, fc.boolean(), clock, (index, ...rest) =>
      property(viewpoint(index), ...rest),
    ),
    { numRuns: 60 },
  );
});

test('pages walked while others record, then the stream from headCursor: no gap and no repeat', async () => {
  const oneWalk = async (
    viewer: Viewpoint,
    filter: LogFilter | null,
    order: 'ASC' | 'DESC',
    counts: readonly number[],
    growth: number,
  ) => {
    const growing = log.grow(growth, 12);
    const pages = await walk(viewer, filter, order, counts, true);
    const head = await (order === 'ASC' ? pages.at(-1) : pages[0])?.headCursor();
    await growing;
    const walked = pages.flatMap(idsOf);
    if (order === 'DESC') walked.reverse();
    const all = listOf(viewer, filter, 'ASC');
    const streamed = await follow(viewer, filter, head ?? '', all.length - walked.length);
    expect([...walked, ...streamed]).toEqual(all);
  };
  await fc.assert(
    fc.asyncProperty(who, filtersWhileGrowing, direction, sizes, fc.integer({ min: 1, max: 9999 }), (index, ...rest) =>
      oneWalk(viewpoint(index), ...rest),
    ),
    { numRuns: 40 },
  );
  expect(at.app.services.live.streams).toBe(0);
});

test('the head of a list by occurredAt is that of the log: a stream from it misses nothing that is recorded meanwhile', async () => {
  const viewer = viewpoint(0);
  const filter = { actor: { in: ['early'] } };
  const early = (days: number) => ({
    action: 'passwork.item_viewed',
    actor: { id: 'early' },
    occurredAt: new Date(at.clock.now - days * 86_400_000),
  });
  await log.append([early(3), early(1)]);
  const page = await read(viewer, { first: 50, filter, order: 'OCCURRED_AT' });
  expect(idsOf(page)).toEqual(listOf(viewer, filter, 'DESC', 'OCCURRED_AT'));
  // Recorded after the page, and before its head is asked for; it happened before what the page has.
  await log.append([early(9)]);
  const head = await page.headCursor();
  expect(await follow(viewer, filter, head, 1)).toEqual(listOf(viewer, filter, 'ASC').slice(2));
});

test('headCursor of a page that reaches the head is that page’s own, whatever came since', async () => {
  const viewer = viewpoint(0);
  const filter = { actor: { in: ['late'] } };
  const pages = await Promise.all(
    (['ASC', 'DESC'] as const).flatMap((order) => [
      read(viewer, { first: 5, filter, direction: order }),
      read(viewer, { last: 5, filter, direction: order }),
    ]),
  );
  await log.append([{ action: 'passwork.item_viewed', actor: { id: 'late' } }]);
  const [late] = listOf(viewer, filter, 'ASC');
  for (const page of pages) {
    expect(page.edges).toEqual([]);
    expect(await follow(viewer, filter, await page.headCursor(), 1)).toEqual([late]);
  }
  const newest = await read(viewer, { first: 1, filter });
  const after = await read(viewer, { first: 5, filter, direction: 'ASC', after: newest.edges[0]?.cursor ?? null });
  expect(after.edges).toEqual([]);
  await log.append([{ action: 'passwork.item_viewed', actor: { id: 'late' } }]);
  expect(await follow(viewer, filter, await after.headCursor(), 1)).toEqual(listOf(viewer, filter, 'ASC').slice(1));
});
