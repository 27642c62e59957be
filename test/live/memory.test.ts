import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { newOrganization, plainEntries, until, useTestApps } from '../support/app.ts';
import { numbered, watch } from './watch.ts';

const bufferEntries = 100;
const at = useTestApps({ LIVE_BUFFER_ENTRIES: String(bufferEntries) });

setFlagsFromString('--expose-gc');
const collectGarbage: unknown = runInNewContext('gc');

function heapUsed(): number {
  if (typeof collectGarbage !== 'function') throw new Error('no garbage collector to call');
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

test('subscribers that do not pull cost no memory, and catch up from the database without a gap', async () => {
  const to = await newOrganization(at.app);
  const { live, log } = at.app.services;
  const count = 3000;
  const large = { metadata: { text: 'x'.repeat(4000) } };
  // What the first batches of statements compile and cache is not what is measured.
  await log.append(to, plainEntries(300, large, -300));

  const stalled = Array.from({ length: 40 }, () => live.subscribe(to.owner, {}));
  const firsts = await Promise.all(stalled.map((stream) => stream.next()));
  await using fast = await watch(at.app, to.owner);
  const before = heapUsed();
  for (let from = 0; from < count; from += 250) {
    await log.append(to, plainEntries(250, large, from));
    await fast.received(from + 250);
  }
  const kept = fast.entries.length * 4000;
  expect(kept).toBe(count * 4000);
  // The fast one of this test keeps every entry once (as one-byte text); the stalled forty keep nothing.
  expect(heapUsed() - before).toBeLessThan(kept + 8_000_000);

  for (const [index, stream] of stalled.entries()) {
    if (index > 2) {
      await stream.return?.();
      continue;
    }
    const requests: (string | null)[] = [];
    while (requests.length < count) {
      const { value } = await stream.next();
      requests.push(...(value?.entries ?? []).map((entry: { request: string | null }) => entry.request));
    }
    expect(requests).toEqual(numbered(count));
    expect(firsts[index]?.value?.entries).toEqual([]);
    await stream.return?.();
  }
});

test('the shared tail keeps the newest entries only, a quarter over its size at most', async () => {
  const to = await newOrganization(at.app);
  const { signal } = new AbortController();
  using tail = at.app.services.log.tail(to.organization);
  const { end: beginning } = await tail.ready(signal);
  await at.app.services.log.append(to, plainEntries(1000));
  for (let from = 1000; from < 1200; from += 7) await at.app.services.log.append(to, plainEntries(7, {}, from));
  await until(() => tail.state.end.position === 1202);
  expect(tail.after(beginning, 10_000)).toBeNull();
  expect(tail.after({ recordedAt: 0, position: 1202 - bufferEntries * 1.25 - 1 }, 10_000)).toBeNull();
  const newest = tail.after({ recordedAt: 0, position: 1202 - bufferEntries }, 10_000);
  expect(newest?.map((entry) => entry.request)).toEqual(numbered(100, 1103));
});
