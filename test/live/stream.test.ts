import { expect, test } from 'vitest';
import { AnnalsError } from '../../src/errors.ts';
import type { EntryInput } from '../../src/model/entry.ts';
import { anAction, newMember, newOrganization, plainEntries, useTestApps } from '../support/app.ts';
import { numbered, watch } from './watch.ts';

const at = useTestApps();

const withCode = (code: string) => (error: unknown) => error instanceof AnnalsError && error.code === code;

test('without a cursor a stream begins now, with its cursor at once', async () => {
  const to = await newOrganization(at.app);
  const { log } = at.app.services;
  await log.append(to, plainEntries(3));
  await using watched = await watch(at.app, to.owner);
  expect(watched.batches[0]).toMatchObject({ entries: [], caughtUp: true, notice: null });
  const [first] = watched.batches;
  await log.append(to, plainEntries(2, {}, 3));
  await watched.received(2);
  expect(watched.requests).toEqual(['3', '4']);
  await using again = await watch(at.app, to.owner, { after: first?.cursor ?? '' });
  await again.received(2);
  expect(again.requests).toEqual(['3', '4']);
});

test('one entry at a time arrives one by one when idle; many come in batches of at most 500', async () => {
  const to = await newOrganization(at.app);
  const { log } = at.app.services;
  await using watched = await watch(at.app, to.owner);
  for (let one = 0; one < 3; one++) {
    await log.append(to, plainEntries(1, {}, one));
    await watched.received(one + 1);
  }
  expect(watched.batches.map((batch) => batch.entries.length)).toEqual([0, 1, 1, 1]);
  await log.append(to, plainEntries(1000, {}, 3));
  await log.append(to, plainEntries(201, {}, 1003));
  await watched.received(1204);
  await using history = await watch(at.app, to.owner, { after: watched.batches[0]?.cursor ?? '' });
  await history.received(1204);
  expect(watched.requests).toEqual(numbered(1204));
  expect(history.requests).toEqual(numbered(1204));
  const sizes = history.batches.map((batch) => batch.entries.length);
  expect(Math.max(...sizes)).toBe(500);
  // It says that it is behind until it is not.
  expect(history.batches.map((batch) => batch.caughtUp)).toEqual([false, false, true]);
});

test('a cursor of logs, and headCursor of a full, a filtered and an empty page, lead on without gap or repeat', async () => {
  const to = await newOrganization(at.app);
  const { log, query } = at.app.services;
  const filter = { outcome: { in: ['DENIED' as const] } };
  const nothing = { component: { in: ['nowhere'] } };

  const emptyLog = await (await query.logs(to.owner, { first: 10 })).headCursor();
  await log.append(to, plainEntries(6));
  await log.append(to, plainEntries(3, { outcome: 'DENIED' }, 6));
  const page = await query.logs(to.owner, { first: 4, direction: 'ASC' });
  const middle = page.edges[1]?.cursor;
  const fromPage = await page.headCursor();
  const fromFiltered = await (await query.logs(to.owner, { first: 2, filter })).headCursor();
  const fromNothing = await (await query.logs(to.owner, { first: 2, filter: nothing })).headCursor();
  await log.append(to, plainEntries(2, {}, 9));
  await log.append(to, plainEntries(1, { outcome: 'DENIED' }, 11));
  await log.append(to, plainEntries(1, { component: 'nowhere' }, 12));

  const expected = [
    { after: emptyLog, filter: null, requests: numbered(13) },
    { after: middle, filter: null, requests: numbered(11, 2) },
    { after: fromPage, filter: null, requests: numbered(4, 9) },
    { after: fromFiltered, filter, requests: ['11'] },
    { after: fromNothing, filter: nothing, requests: ['12'] },
  ];
  for (const { after, filter: wanted, requests } of expected) {
    await using watched = await watch(at.app, to.owner, { after: after ?? '', filter: wanted });
    await watched.received(requests.length);
    expect(watched.requests).toEqual(requests);
    expect(watched.batches.at(-1)?.caughtUp).toBe(true);
    // And the same again while the log’s newest entries are in memory.
    await using again = await watch(at.app, to.owner, { after: after ?? '', filter: wanted });
    await again.received(requests.length);
    expect(again.requests).toEqual(requests);
  }
});

test('a member is delivered what its query shows, and nothing of the rest', async () => {
  const to = await newOrganization(at.app);
  const { log, query } = at.app.services;
  const { principal } = await newMember(at.app, to, { id: 'mia', vaults: ['hers'] });
  await using watched = await watch(at.app, principal);
  const inputs: Partial<EntryInput>[] = [
    { vault: { id: 'hers' } },
    { vault: { id: 'theirs' } },
    { vault: { id: 'hers' }, directory: { id: 'new folder' } },
    { actor: { id: 'mia' }, vault: { id: 'theirs' } },
    { actor: { type: 'TOKEN', id: 'mia' } },
    { affectedUser: { id: 'mia' } },
    {},
    { vault: { id: 'hers' } },
  ];
  for (let index = 0; index < 40; index++) {
    await log.append(to, plainEntries(1, inputs[index % inputs.length] ?? {}, index));
  }
  const page = await query.logs(await at.app.auth.refresh(principal), { first: 500, direction: 'ASC' });
  const visible = page.edges.map(({ entry }) => entry.request);
  expect(visible.slice(0, 5)).toEqual(['0', '2', '3', '5', '7']);
  await watched.received(visible.length);
  expect(watched.requests).toEqual(visible);
  // From the first cursor, out of the database.
  await using again = await watch(at.app, principal, { after: watched.batches[0]?.cursor ?? '' });
  await again.received(visible.length);
  expect(again.requests).toEqual(visible);
  // Hidden entries between and after do not show in what it says of itself.
  expect(watched.batches.every((batch) => batch.caughtUp && batch.notice === null)).toBe(true);
  expect(watched.batches.filter((batch) => batch.entries.length === 0)).toHaveLength(1);
});

test('a filter may name who and what the log has not met yet', async () => {
  const to = await newOrganization(at.app);
  const { log } = at.app.services;
  const cursor = await (await at.app.services.query.logs(to.owner, { first: 1 })).headCursor();
  await using by = await watch(at.app, to.owner, { filter: { actor: { in: ['una'] } } });
  await using notBy = await watch(at.app, to.owner, { filter: { actor: { notIn: ['una'] } } });
  await using within = await watch(at.app, to.owner, { filter: { directory: { under: ['v1'] } } });
  const stated: Partial<EntryInput>[] = [
    { actor: { id: 'tom' } },
    { actor: { id: 'una' } },
    { vault: { id: 'v1' }, directory: { id: 'd1' } },
    { actor: { type: 'TOKEN', id: 'una' }, directory: { id: 'd1' } },
    { affectedUser: { id: 'una' } },
  ];
  for (const [index, one] of stated.entries()) await log.append(to, plainEntries(1, one, index));
  await Promise.all([by.received(2), notBy.received(3), within.received(2)]);
  expect(by.requests).toEqual(['1', '3']);
  expect(notBy.requests).toEqual(['0', '2', '4']);
  expect(within.requests).toEqual(['2', '3']);
  await using late = await watch(at.app, to.owner, { filter: { affectedUser: { in: ['una'] } } });
  await log.append(to, [{ action: anAction, affectedUser: { id: 'una' }, request: 'late' }]);
  await late.received(1);
  expect(late.requests).toEqual(['late']);
  // The cursor belongs to another filter.
  const elsewhere = at.app.services.live.subscribe(to.owner, { after: cursor, filter: { severity: { gte: 3 } } });
  await expect(elsewhere.next()).rejects.toSatisfy(withCode('BAD_CURSOR'));
});

test('who may not read, or brings another log’s cursor, is refused and holds nothing', async () => {
  const [to, other] = [await newOrganization(at.app), await newOrganization(at.app)];
  const { live, query } = at.app.services;
  const { token } = await at.app.administration.createToken(to, { name: 'in', actsAs: { role: 'INTEGRATION' } });
  const recorder = await at.app.auth.authenticate(token);
  const foreign = await (await query.logs(other.owner, { first: 1 })).headCursor();
  await expect(live.subscribe(recorder, {}).next()).rejects.toSatisfy(withCode('FORBIDDEN'));
  await expect(live.subscribe(to.owner, { after: foreign }).next()).rejects.toSatisfy(withCode('BAD_CURSOR'));
  await expect(live.subscribe(to.owner, { after: 'x' }).next()).rejects.toSatisfy(withCode('BAD_CURSOR'));
  expect(live.streams).toBe(0);
});
