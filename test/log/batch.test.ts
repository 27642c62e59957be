/** When a batch is sent, and with whom: the far end is held by hand. */
import { expect, test } from 'vitest';
import { openBatcher } from '../../src/log/batch.ts';
import { until } from '../support/app.ts';

/** Longer than a test takes. */
const long = 30_000;

/** Batches as they are sent; each is over when it is answered. */
function held(stillMs: number) {
  const sent: { readonly rows: readonly string[]; readonly answer: () => void }[] = [];
  const batcher = openBatcher<string, string>({
    send: (rows) => {
      const { promise, resolve } = Promise.withResolvers<readonly string[]>();
      sent.push({ rows, answer: () => resolve(rows) });
      return promise;
    },
    mostRows: 1000,
    mostInFlight: 2,
    rowsBesideAnother: 200,
    mostQueuedRows: 10_000,
    stillMs,
  });
  const submit = (count: number, name: string) =>
    Array.from({ length: count }, (_, index) => batcher.submit([`${name} ${index}`]));
  return { sent, submit, batcher };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('callers that are answered together share the next batch with those that wait, when they come again', async () => {
  const { sent, submit } = held(long);
  submit(20, 'first');
  await until(() => sent.length === 1);
  submit(12, 'waiting');
  sent[0]?.answer();
  await turn();
  submit(20, 'again');
  await until(() => sent.length === 2);
  expect(sent[1]?.rows).toHaveLength(32);
});

test('callers that do not come again hold up those that wait for a moment only', async () => {
  const { sent, submit, batcher } = held(1);
  submit(20, 'first');
  await until(() => sent.length === 1);
  submit(1, 'waiting');
  sent[0]?.answer();
  await until(() => sent.length === 2);
  expect(sent[1]?.rows).toEqual(['waiting 0']);
  sent[1]?.answer();
  await batcher.idle();
});

test('few callers are not waited for', async () => {
  const { sent, submit } = held(long);
  submit(7, 'first');
  await until(() => sent.length === 1);
  submit(1, 'waiting');
  sent[0]?.answer();
  await turn();
  expect(sent[1]?.rows).toEqual(['waiting 0']);
});

test('many rows are not held up by callers that may come again', async () => {
  const { sent, submit, batcher } = held(long);
  submit(20, 'first');
  await until(() => sent.length === 1);
  sent[0]?.answer();
  await turn();
  void batcher.submit(Array.from({ length: 200 }, (_, index) => `large ${index}`));
  await turn();
  await turn();
  expect(sent[1]?.rows).toHaveLength(200);
});
