import { expect, test } from 'vitest';
import { AnnalsError } from '../../src/errors.ts';
import { asAdmin, newOrganization, plainEntries, useTestApps } from '../support/app.ts';

const hour = 3_600_000;
/** How far each instance’s clock is off, in milliseconds. */
const skew = [0, 0];
const at = useTestApps({}, [{ now: () => Date.now() + (skew[0] ?? 0) }, { now: () => Date.now() + (skew[1] ?? 0) }]);

interface Stored {
  readonly position: string;
  readonly recorded_at: Date;
  readonly session: string;
  readonly request: string;
}

const storedOf = (organization: number) =>
  asAdmin<Stored>(
    at.database,
    'select position, recorded_at, session, request from log_entry where organization_id = $1 order by position',
    [organization],
  );

test('positions are dense and recordedAt never goes back, whatever two instances and many writers do', async () => {
  const to = await newOrganization(at.app);
  const sizes = [1, 2, 3, 7, 20, 61];
  const writers = at.apps.flatMap((app, instance) =>
    Array.from({ length: 12 }, async (_, writer) => {
      for (const [round, size] of sizes.entries()) {
        const session = `${instance}.${writer}.${round}`;
        const outcomes = await app.services.log.append(to, plainEntries(size, { session }));
        expect(outcomes.map((one) => one.status)).toEqual(Array(size).fill('CREATED'));
      }
    }),
  );
  await Promise.all(writers);

  const rows = await storedOf(to.organization);
  const total = 24 * sizes.reduce((sum, size) => sum + size);
  expect(rows.map((row) => Number(row.position))).toEqual(Array.from({ length: total }, (_, index) => index));
  expect(rows.every((row, index) => row.recorded_at >= (rows[index - 1]?.recorded_at ?? new Date(0)))).toBe(true);
  // The entries of one request stand together and in the order they were stated.
  for (const list of Map.groupBy(rows, (row) => row.session).values()) {
    const first = Number(list[0]?.position);
    expect(list.map((row) => Number(row.position) - first)).toEqual(list.map((row) => Number(row.request)));
  }
});

test('an instance whose clock is an hour behind records at the time of the log', async () => {
  const to = await newOrganization(at.app);
  skew[1] = -hour;
  try {
    for (const app of [0, 1, 0, 1, 1].map((index) => at.apps[index])) {
      await app?.services.log.append(to, plainEntries(1));
    }
  } finally {
    skew[1] = 0;
  }
  const times = (await storedOf(to.organization)).map((row) => row.recorded_at.getTime());
  expect(times).toHaveLength(5);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  // The slow clock repeats the newest time.
  expect(times[1]).toBe(times[0]);
  expect(times[4]).toBe(times[2]);
});

test('recordedAt does not go below a time that was closed before', async () => {
  const to = await newOrganization(at.app);
  const closed = await at.app.store.raiseRecordedFloor(to.organization, Date.now() + 2 * hour);
  await at.app.services.log.append(to, plainEntries(1));
  const [row] = await storedOf(to.organization);
  expect(row?.recorded_at.getTime()).toBe(closed);
});

test('a request carries at most 1,000 entries, and none is refused quietly', async () => {
  const to = await newOrganization(at.app);
  const { log } = at.app.services;
  await expect(log.append(to, plainEntries(1001))).rejects.toSatisfy(
    (error) => error instanceof AnnalsError && error.code === 'TOO_MANY_ENTRIES' && error.message.includes('1001'),
  );
  expect(await storedOf(to.organization)).toHaveLength(0);
  expect(await log.append(to, plainEntries(1000))).toHaveLength(1000);
  expect(await log.append(to, [])).toEqual([]);
  expect(await storedOf(to.organization)).toHaveLength(1000);
});
