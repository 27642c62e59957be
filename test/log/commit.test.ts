import { createHook } from 'node:async_hooks';
import { expect, test } from 'vitest';
import { AnnalsError } from '../../src/errors.ts';
import { always } from '../../src/model/predicate.ts';
import { isOfSearch, newOrganization, plainEntries, useTestApps } from '../support/app.ts';
import { headLock, hold, waitingSessions } from './locks.ts';

const queueEntries = 1000;
const at = useTestApps({ APPEND_QUEUE_ENTRIES: String(queueEntries) });

/** The statements that run meanwhile. */
async function statementsOf(run: () => Promise<unknown>): Promise<string[]> {
  const texts: string[] = [];
  using _observed = at.app.store.observe((text) => {
    if (!isOfSearch(text)) texts.push(text);
  });
  await run();
  return texts;
}

const isAppend = (text: string) => text.includes('append_log_entries');

// Before any other here: what they record is made searchable behind them, with a rest after each step that is a timer, too.
test('one idle caller costs one statement and waits for no timer', async () => {
  const to = await newOrganization(at.app);
  const entry = { actor: { id: 'u1', name: 'Una' }, vault: { id: 'v1' }, directory: { id: 'd1' } };
  await at.app.services.log.append(to, plainEntries(1, entry));
  // Who sets each timer; what the driver limits by time is no wait of the caller’s.
  const timers: string[] = [];
  const hook = createHook({
    init(_id, type) {
      if (type !== 'Timeout') return;
      const frames = (new Error().stack ?? '').split('\n').slice(1);
      const setter = frames.find((frame) => !frame.includes('node:') && !frame.includes('commit.test'));
      timers.push(setter ?? 'unknown');
    },
  }).enable();
  try {
    expect(await statementsOf(() => at.app.services.log.append(to, plainEntries(1, entry)))).toEqual([
      expect.stringContaining('append_log_entries'),
    ]);
  } finally {
    hook.disable();
  }
  expect(timers.filter((setter) => setter.includes('/src/log/'))).toEqual([]);
});

test('64 callers with one entry each share commits: 16 entries or more in each, on average', async () => {
  const to = await newOrganization(at.app);
  const callers = 64;
  const each = 15;
  await at.app.services.log.append(to, plainEntries(1));
  const statements = await statementsOf(() =>
    Promise.all(
      Array.from({ length: callers }, async () => {
        for (let turn = 0; turn < each; turn++) await at.app.services.log.append(to, plainEntries(1));
      }),
    ),
  );
  expect(statements.every(isAppend)).toBe(true);
  expect((callers * each) / statements.length).toBeGreaterThanOrEqual(16);
});

test('what is new costs one statement each for people and places, once', async () => {
  const to = await newOrganization(at.app);
  const people = Array.from({ length: 50 }, (_, index) => ({ id: `u${index}` }));
  const inputs = people.map((actor, index) => ({
    ...plainEntries(1)[0],
    action: 'passwork.item_viewed',
    actor,
    vault: { id: `v${index % 7}` },
    directory: { id: `d${index}` },
  }));
  const first = await statementsOf(() => at.app.services.log.append(to, inputs));
  expect(first.map((text) => /register_\w+|append_log_entries/.exec(text)?.[0])).toEqual([
    'register_actors',
    'register_directories',
    'register_directories',
    'append_log_entries',
  ]);
  const again = await statementsOf(() => at.app.services.log.append(to, inputs));
  expect(again.map(isAppend)).toEqual([true]);
});

test('a full queue refuses with OVERLOADED, and loses nothing that it took', async () => {
  const to = await newOrganization(at.app);
  const { log } = at.app.services;
  await log.append(to, plainEntries(1, { session: 'first' }));

  const held = await hold(at.database, headLock(to.organization));
  // Two batches wait for the head; what comes then waits in the queue.
  const inFlight = [log.append(to, plainEntries(1, { session: 'flight 1' }))];
  await waitingSessions(at.database, 1);
  // A small batch would wait for the one in flight; this one is sent beside it.
  inFlight.push(log.append(to, plainEntries(200, { session: 'flight 2' })));
  await waitingSessions(at.database, 2);
  const queued = [log.append(to, plainEntries(queueEntries - 1, { session: 'queued' }))];
  const refused = log.append(to, plainEntries(2, { session: 'refused' }));
  await expect(refused).rejects.toSatisfy(
    (error) => error instanceof AnnalsError && error.code === 'OVERLOADED' && (error.retryAfterMs ?? 0) > 0,
  );
  // There is room for one more still; other organizations are not concerned.
  queued.push(log.append(to, plainEntries(1, { session: 'queued' })));
  expect(await log.append(await newOrganization(at.app), plainEntries(3))).toHaveLength(3);
  await held[Symbol.asyncDispose]();

  const outcomes = (await Promise.all([...inFlight, ...queued])).flat();
  expect(outcomes.map((one) => one.status)).toEqual(Array(queueEntries + 201).fill('CREATED'));
  expect((await log.append(to, plainEntries(2, { session: 'refused' }))).map((one) => one.status)).toEqual([
    'CREATED',
    'CREATED',
  ]);
  expect(await at.app.store.countEntries(to.organization, always, 5000)).toBe(1 + queueEntries + 201 + 2);
});

test('closing the log waits for what is being recorded', async () => {
  const to = await newOrganization(at.app);
  const other = at.app.services.log;
  const recorded = Promise.all(Array.from({ length: 30 }, () => other.append(to, plainEntries(10))));
  await other[Symbol.asyncDispose]();
  expect(await at.app.store.countEntries(to.organization, always, 5000)).toBe(300);
  await recorded;
});
