/** Random organizations, and the questions that have a field of their own, against their answers counted by hand. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EntryInput } from '../../src/model/entry.ts';
import type { LogFilter } from '../../src/query/query.ts';
import { newValueFields } from '../../src/query/questions.ts';
import { openReadingLog, type ReadingLog, type Viewpoint } from '../query/support.ts';
import { newByHand, openedByHand, stoppedByHand } from '../support/questionsOracle.ts';
import { entryInput, logFilter, people } from '../support/reading.ts';
import { openTestApp, type TestApp } from '../support/readingApp.ts';

let at: TestApp;
const logs: ReadingLog[] = [];

/** Entries as in every random log, of actions that the questions are about. */
async function ask(log: ReadingLog, seed: number): Promise<void> {
  const { catalogue } = at.app.services;
  const meant = catalogue.actions.filter(({ opens, aboutAccount }) => opens !== null || aboutAccount);
  const some = meant.filter((_, index) => index % 3 === seed % 3).map(({ key }) => key);
  const inputs: fc.Arbitrary<EntryInput> = fc
    .tuple(entryInput(catalogue, log.from), fc.constantFrom(...some), fc.option(fc.constantFrom(...people.slice(0, 2))))
    .map(([input, action, id]) => ({ ...input, action, ...(id === null ? {} : { actor: { id } }) }));
  for (const [index, input] of fc.sample(fc.noBias(inputs), { numRuns: 120, seed }).entries()) {
    await log.append([input]);
    if (index % 4 === 0) at.clock.now += 700;
  }
}

beforeAll(async () => {
  at = await openTestApp();
  for (const seed of [21, 22, 23, 24, 25, 26]) {
    const log = await openReadingLog(at, seed, 60);
    await ask(log, seed);
    logs.push(log);
    // Half of the logs are answered from what was counted ahead, in part.
    if (seed % 2 === 0) await at.app.followers.catchUp(log.organization.organization);
    if (seed % 4 === 0) await log.grow(seed, 20);
  }
});
afterAll(() => at?.[Symbol.asyncDispose]());

async function each(check: (log: ReadingLog, viewer: Viewpoint) => Promise<void>): Promise<void> {
  for (const log of logs) {
    for (const viewer of log.viewpoints) {
      const principal = await at.app.auth.refresh(viewer.principal);
      await check(log, { ...viewer, principal });
    }
  }
}

const text = (milliseconds: number) => new Date(milliseconds).toISOString();
/** Periods that begin and end among the entries. */
const periods = ({ from }: ReadingLog) => [
  { since: from - 60_000, until: null },
  { since: from + 3000, until: null },
  { since: from - 4000, until: from + 9000 },
];
const stated = ({ since, until }: { since: number; until: number | null }) => ({
  since: text(since),
  until: until === null ? null : text(until),
});

test('what a person opened: each secret once, with its count and times', async () => {
  const { query, catalogue } = at.app.services;
  let found = 0;
  await each(async (log, viewer) => {
    for (const period of periods(log)) {
      for (const actor of people) {
        const answer = await query.openedSecrets(viewer.principal, { actor, ...stated(period), first: 500 });
        const expected = openedByHand(log.expected(viewer), { actor, ...period }, catalogue);
        expect(answer.secrets.map(({ name: _, ...secret }) => secret)).toEqual(
          expected.map(({ possible: _, ...secret }) => secret),
        );
        for (const [index, { name }] of answer.secrets.entries()) {
          const possible = expected[index]?.possible ?? [];
          if (possible.length > 0) expect(possible).toContain(name);
          else expect(name).toBeNull();
        }
        expect([answer.secretCount, answer.complete]).toEqual([expected.length, true]);
        found += expected.length;
        const few = await query.openedSecrets(viewer.principal, { actor, ...stated(period), first: 2 });
        expect(few).toEqual({ ...answer, secrets: answer.secrets.slice(0, 2) });
      }
    }
  });
  expect(found).toBeGreaterThan(300);
});

test('what is new for a person, compared with all that the reader sees of before', async () => {
  const { query } = at.app.services;
  let found = 0;
  await each(async (log, viewer) => {
    for (const period of periods(log)) {
      for (const field of newValueFields) {
        for (const actor of people.slice(0, 3)) {
          const answer = await query.newValues(viewer.principal, { actor, field, ...stated(period), first: 500 });
          const expected = newByHand(log.expected(viewer), { actor, field, ...period });
          const whole = { valueCount: expected.length, complete: true, comparedWithAll: true };
          expect(answer).toEqual({ values: expected, ...whole });
          found += expected.length;
          const few = await query.newValues(viewer.principal, { actor, field, ...stated(period), first: 1 });
          expect(few).toEqual({ ...answer, values: answer.values.slice(0, 1) });
        }
      }
    }
  });
  expect(found).toBeGreaterThan(500);
});

test('what has stopped, whatever was counted ahead', async () => {
  const { query, catalogue } = at.app.services;
  let found = 0;
  await each(async (log, viewer) => {
    const filters = fc.sample(logFilter(catalogue, log.from), { numRuns: 4, seed: log.recorded.length });
    for (const filter of [null, { actor: { in: ['m0'] } }, ...filters]) {
      for (const quietSince of [log.from + 2000, log.from + 12_000]) {
        for (const until of [null, log.from + 15_000]) {
          const window = { since: log.from - 10_000, quietSince, until };
          for (const atLeast of [1, 3]) {
            const answer = await query.stoppedActions(viewer.principal, {
              filter,
              ...stated(window),
              quietSince: text(quietSince),
              atLeast,
              first: 500,
            });
            const expected = stoppedByHand(log.expected(viewer, filter), { ...window, atLeast });
            expect(answer).toEqual({ actions: expected, actionCount: expected.length });
            found += expected.length;
          }
        }
      }
    }
  });
  expect(found).toBeGreaterThan(500);
});

describe('a history', () => {
  async function reads(filterOf: (id: string) => LogFilter, ids: readonly string[], name: string): Promise<void> {
    const { query } = at.app.services;
    let found = 0;
    await each(async (log, viewer) => {
      for (const id of ids) {
        for (const extra of [null, { outcome: { in: ['SUCCESS'] } } as const]) {
          const filter: LogFilter = extra === null ? filterOf(id) : { and: [filterOf(id), extra] };
          const expected = log.expected(viewer, filter).map((entry) => entry.id);
          const page = await query.history(viewer.principal, { [name]: id }, { first: 500, filter: extra });
          expect(page.edges.map(({ entry }) => entry.id).reverse()).toEqual(expected);
          // A stream with the filter goes on from here.
          const stream = await query.stream(viewer.principal, filter);
          const place = await stream.open(await page.headCursor());
          expect(stream.seal(await stream.newest(place))).toBe(await page.headCursor());
          const asc = await query.history(
            viewer.principal,
            { [name]: id },
            { first: 3, filter: extra, direction: 'ASC' },
          );
          expect(asc.edges.map(({ entry }) => entry.id)).toEqual(expected.slice(0, 3));
          expect([asc.hasNextPage, asc.hasPreviousPage]).toEqual([expected.length > 3, false]);
          const after = asc.edges.at(-1)?.cursor ?? null;
          const next = { first: 2, after, filter: extra, direction: 'ASC' } as const;
          const two = await query.history(viewer.principal, { [name]: id }, next);
          expect(two.edges.map(({ entry }) => entry.id)).toEqual(after === null ? [] : expected.slice(3, 5));
          // The same page as of the filter: its cursors are good there.
          const same = await query.logs(viewer.principal, { ...next, filter });
          expect(same.edges).toEqual(two.edges);
          found += expected.length;
        }
      }
    });
    expect(found).toBeGreaterThan(100);
  }

  test('of an item has every entry with it among its targets', () =>
    reads((id) => ({ target: { in: [id] } }), ['t1', "t'3", 'none'], 'item'));
  test('of a vault or folder has what happened in it and under it', () =>
    reads((id) => ({ directory: { under: [id] } }), ['d0', 'd3', 'new-vault', 'nowhere'], 'directory'));
  test('of a member has what they did and what was done to them', () =>
    reads(
      (id) => ({ or: [{ actor: { in: [id] } }, { affectedUser: { in: [id] } }] }),
      ['m0', 'guest', 'nobody'],
      'member',
    ));
});

test('what was done to an account: acts of others on it, and nothing else', async () => {
  const { query, catalogue } = at.app.services;
  let found = 0;
  await each(async (log, viewer) => {
    for (const account of [null, ...people]) {
      const id = account ?? viewer.reader.member;
      const expected = log.expected(viewer).filter(({ input }) => {
        const type = input.actor?.type ?? (input.actor?.id == null ? 'SYSTEM' : 'MEMBER');
        return (
          catalogue.action(input.action)?.aboutAccount === true &&
          input.affectedUser?.id === id &&
          input.actor?.id !== id &&
          (type === 'MEMBER' || type === 'TOKEN')
        );
      });
      const page = await query.accountChanges(viewer.principal, account, { first: 500 });
      expect(page.edges.map(({ entry }) => entry.id).reverse()).toEqual(expected.map((entry) => entry.id));
      found += expected.length;
    }
  });
  expect(found).toBeGreaterThan(50);
});
