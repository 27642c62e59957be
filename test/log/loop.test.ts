import { expect, test } from 'vitest';
import { openLoop } from '../../src/log/loop.ts';
import { until } from '../support/app.ts';

const quiet = { name: 'test', everyMs: 60_000, retryMs: 60_000, fault: () => {} };

test('works when woken, never twice at once, and again for what came meanwhile', async () => {
  let running = 0;
  let times = 0;
  const gates = [Promise.withResolvers<boolean>(), Promise.withResolvers<boolean>(), Promise.withResolvers<boolean>()];
  const loop = openLoop(async () => {
    expect(++running).toBe(1);
    const more = await gates[times++]?.promise;
    running--;
    return more ?? false;
  }, quiet);
  loop.wake();
  await until(() => times === 1);
  loop.wake();
  loop.wake();
  gates[0]?.resolve(false);
  await until(() => times === 2);
  // There is more: it goes on by itself.
  gates[1]?.resolve(true);
  await until(() => times === 3);
  gates[2]?.resolve(false);
  await loop.stop();
  expect(times).toBe(3);
});

test('works anyway now and then, and sooner after a failure, which it reports until it works again', async () => {
  const reports: (string | null)[] = [];
  const fault = (where: string, error: unknown) => void reports.push(error === null ? null : where);
  let times = 0;
  const step = async () => {
    if (++times === 2) throw new Error('the database is away');
    return false;
  };
  const loop = openLoop(step, { ...quiet, everyMs: 5, retryMs: 1, fault });
  loop.wake();
  await until(() => times >= 4);
  await loop.stop();
  expect(reports.slice(0, 3)).toEqual([null, 'test', null]);
});

test('with a rest, many calls are one piece of work, and none follows at once', async () => {
  const began: number[] = [];
  const loop = openLoop(
    async () => {
      began.push(performance.now());
      if (began.length < 3) loop.wake();
      return false;
    },
    { ...quiet, restMs: 30 },
  );
  const start = performance.now();
  for (let call = 0; call < 10; call++) loop.wake();
  await until(() => began.length === 3);
  await loop.stop();
  // Timers may fire a little early.
  const between = [start, ...began].slice(0, -1).map((time, index) => (began[index] ?? 0) - time);
  expect(Math.min(...between)).toBeGreaterThan(25);
});

test('stopping waits for what is under way, and nothing comes after', async () => {
  const gate = Promise.withResolvers<boolean>();
  let times = 0;
  const loop = openLoop(() => {
    times++;
    return gate.promise;
  }, quiet);
  loop.wake();
  await until(() => times === 1);
  let stopped = false;
  const stopping = loop.stop().then(() => {
    stopped = true;
  });
  loop.wake();
  expect(stopped).toBe(false);
  gate.resolve(true);
  await stopping;
  expect(times).toBe(1);
});
