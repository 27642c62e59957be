/** A stream whose filter has a period that ends now: the period moves on with the clock. */
import { expect, test } from 'vitest';
import { anAction, newOrganization, useTestApps } from '../support/app.ts';
import { watch } from './watch.ts';

const clock = { now: Date.now() };
const at = useTestApps({ LIVE_HEARTBEAT_SECONDS: '3600' }, [{ now: () => clock.now }]);

const minute = 60_000;

test('what happened before the period, by the clock of its delivery, is not delivered', async () => {
  const to = await newOrganization(at.app);
  const happened = (minutesAgo: number, request: string) =>
    at.app.services.log.append(to, [
      { action: anAction, occurredAt: new Date(clock.now - minutesAgo * minute), request },
    ]);
  const filter = { occurredAt: { within: { last: 60, unit: 'MINUTE' } } } as const;
  await using watched = await watch(at.app, to.owner, { filter });
  await happened(59, 'in time');
  await happened(61, 'too old');
  await happened(0, 'just now');
  await watched.received(2);
  expect(watched.requests).toEqual(['in time', 'just now']);
  // When the stream began this would have been in time: 61 minutes ago is 51 minutes before that.
  clock.now += 10 * minute;
  await happened(61, 'too old by now');
  await happened(59, 'in time again');
  await watched.received(3);
  expect(watched.requests).toEqual(['in time', 'just now', 'in time again']);
  expect(watched.batches.every((batch) => batch.notice === null)).toBe(true);
});
