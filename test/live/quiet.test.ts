import { expect, test } from 'vitest';
import { AnnalsError } from '../../src/errors.ts';
import { hold, waitingSessions } from '../log/locks.ts';
import { newMember, newOrganization, openTestApp, plainEntries, until, useTestApps } from '../support/app.ts';
import { numbered, watch } from './watch.ts';

const at = useTestApps({ LIVE_HEARTBEAT_SECONDS: '3600' });

/** What a statement is for, by what it reads or calls. */
function kindOf(text: string): string {
  const kinds: readonly [part: string, kind: string][] = [
    ['append_log_entries(', 'append'],
    ['ensure_log_partitions(', 'partitions'],
    ['raise_recorded_floor(', 'close'],
    ['n.position, null from log_head', 'head'],
    ['null::int8, e.*', 'tail'],
  ];
  return kinds.find(([part]) => text.includes(part))?.[1] ?? text;
}

interface Seen {
  readonly kind: string;
  readonly time: number;
}

function observe(app = at.app): Disposable & { readonly seen: Seen[] } {
  const seen: Seen[] = [];
  const observed = app.store.observe((text) => seen.push({ kind: kindOf(text), time: performance.now() }));
  return { seen, [Symbol.dispose]: () => observed[Symbol.dispose]() };
}

/** Waits for so many reads of tails, and gives them with whatever else ran meanwhile. */
async function tailReads(count: number): Promise<Seen[]> {
  using observed = observe();
  await until(() => observed.seen.filter((one) => one.kind === 'tail').length >= count);
  return observed.seen;
}

const spanOf = (seen: readonly Seen[]) => (seen.at(-1)?.time ?? 0) - (seen[0]?.time ?? 0);

test('fifty idle subscribers cost the statements of one, and an entry reaches all of them by one read', async () => {
  const to = await newOrganization(at.app);
  await at.app.services.log.append(to, plainEntries(1));
  await using undo = new AsyncDisposableStack();
  const { principal: member } = await newMember(at.app, to, { id: 'mia', vaults: ['hers'] });
  const watched = await Promise.all(
    Array.from({ length: 50 }, (_, index) => watch(at.app, index % 2 === 0 ? to.owner : member)),
  );
  for (const one of watched) undo.use(one);
  expect(at.app.services.live.streams).toBe(50);

  // Two looks a second for all of them, and nothing else: three looks span a second.
  const idle = await tailReads(3);
  expect(new Set(idle.map((one) => one.kind))).toEqual(new Set(['tail']));
  expect(spanOf(idle)).toBeGreaterThan(800);

  using busy = observe();
  await at.app.services.log.append(to, plainEntries(1));
  await Promise.all(watched.filter((_, index) => index % 2 === 0).map((one) => one.received(1)));
  const kinds = Map.groupBy(busy.seen, (one) => one.kind);
  expect([...kinds.keys()].toSorted()).toEqual(['append', 'tail']);
  // Its own commit and the notification of it, which may each begin a read; and perhaps the look of the half second.
  expect(kinds.get('tail')?.length).toBeLessThanOrEqual(3);
});

test('unsubscribing while it waits frees everything: no stream, no timer, no further statement', async () => {
  const [to, other] = [await newOrganization(at.app), await newOrganization(at.app)];
  await using clock = await watch(at.app, other.owner);
  const { live } = at.app.services;
  const streams = Array.from({ length: 5 }, () => live.subscribe(to.owner, {}));
  const waiting = await Promise.all(
    streams.map(async (stream) => {
      await stream.next();
      return { stream, next: stream.next() };
    }),
  );
  expect(live.streams).toBe(6);
  for (const { stream, next } of waiting) {
    await stream.return?.();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  }
  expect(live.streams).toBe(1);
  // Only the other organization’s log is looked at still, twice a second.
  expect(spanOf(await tailReads(5))).toBeGreaterThan(1600);
  expect(clock.batches).toHaveLength(1);
});

test('unsubscribing frees a stream that the database has not answered yet, or that was never asked', async () => {
  const to = await newOrganization(at.app);
  const { live } = at.app.services;
  const idle = live.subscribe(to.owner, {});
  await idle.return?.();
  const held = await hold(at.database, 'lock table log_head in access exclusive mode');
  try {
    const stream = live.subscribe(to.owner, {});
    const next = stream.next();
    await waitingSessions(at.database, 1);
    await stream.return?.();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(live.streams).toBe(0);
  } finally {
    await held[Symbol.asyncDispose]();
  }
});

test('a quiet stream gets a fresh cursor by the clock alone, and goes on from it without gap or repeat', async () => {
  await using app = await openTestApp(at.database, { LIVE_HEARTBEAT_SECONDS: '1' });
  const to = await newOrganization(app);
  const { log } = app.services;
  // Memory reaches back to the first entry of the log: what is older than the cursor must not come again.
  await using all = await watch(app, to.owner);
  const { principal } = await newMember(app, to, { id: 'mia', vaults: ['hers'] });
  await using member = await watch(app, principal);
  await log.append(to, plainEntries(3, { vault: { id: 'hers' } }));
  await Promise.all([all.received(3), member.received(3)]);

  const before = member.batches.length;
  const start = performance.now();
  let hidden = 0;
  while (member.batches.length < before + 2) {
    await log.append(to, plainEntries(1, { vault: { id: 'theirs' } }, 100 + hidden++));
  }
  const elapsed = performance.now() - start;
  expect(hidden).toBeGreaterThan(20);
  // Two heartbeats, however much went on that the member does not see.
  expect(member.batches.slice(before).every((batch) => batch.entries.length === 0 && batch.caughtUp)).toBe(true);
  expect(elapsed).toBeGreaterThan(900);
  expect(new Set(member.batches.slice(before - 1).map((batch) => batch.cursor)).size).toBe(3);

  const heartbeat = member.cursor;
  await log.append(to, plainEntries(2, { vault: { id: 'hers' } }, 3));
  await member.received(5);
  for (const instance of [app, at.app]) {
    await using again = await watch(instance, principal, { after: heartbeat });
    await again.received(2);
    expect(again.requests).toEqual(['3', '4']);
  }
  await all.received(5 + hidden);
});

test('a heartbeat of an empty log leads on', async () => {
  await using app = await openTestApp(at.database, { LIVE_HEARTBEAT_SECONDS: '1' });
  const to = await newOrganization(app);
  await using watched = await watch(app, to.owner);
  await until(() => watched.batches.length > 1);
  await using again = await watch(app, to.owner, { after: watched.cursor });
  expect(again.batches[0]).toMatchObject({ entries: [], caughtUp: true });
  // It stands at the end now: no query of its own.
  using observed = observe(app);
  await app.services.log.append(to, plainEntries(2));
  await again.received(2);
  expect(again.requests).toEqual(numbered(2));
  const shared = ['append', 'partitions', 'close', 'head', 'tail'];
  expect(observed.seen.filter((one) => !shared.includes(one.kind))).toEqual([]);
});

test('stopping the server ends every stream with a notice and a cursor that leads on elsewhere', async () => {
  const to = await newOrganization(at.app);
  await at.app.services.log.append(to, plainEntries(2));
  const app = await openTestApp(at.database);
  await using waiting = await watch(app, to.owner);
  const { live, log } = app.services;
  await log.append(to, plainEntries(3, {}, 2));
  await waiting.received(3);
  const slow = live.subscribe(to.owner, {});
  const first = await slow.next();
  await app[Symbol.asyncDispose]();

  await waiting.ended;
  expect(waiting.batches.at(-1)).toMatchObject({ entries: [], notice: { code: 'SERVER_STOPPING' } });
  expect(await slow.next()).toMatchObject({
    done: false,
    value: { cursor: first.value?.cursor, notice: { code: 'SERVER_STOPPING' } },
  });
  expect(await slow.next()).toEqual({ done: true, value: undefined });
  expect(live.streams).toBe(0);
  expect(() => live.subscribe(to.owner, {})).toThrow(AnnalsError);

  await at.app.services.log.append(to, plainEntries(2, {}, 5));
  await using resumed = await watch(at.app, to.owner, { after: waiting.cursor });
  await resumed.received(2);
  expect(resumed.requests).toEqual(['5', '6']);
});
