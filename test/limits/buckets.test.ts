/** Token buckets, with a clock that the test turns. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Bucket,
  fill,
  fullBucket,
  leftIn,
  openBuckets,
  type Rate,
  spend,
  waitFor,
} from '../../src/limits/buckets.ts';

/** Takes what fits; milliseconds to wait for what does not. */
function take(bucket: Bucket, rate: Rate, count: number, now: number): number {
  fill(bucket, rate, now);
  const wait = waitFor(bucket, rate, count);
  if (wait === 0) spend(bucket, count);
  return wait;
}

test('a full one gives its size at once, and then what comes in', () => {
  const rate = { perSecond: 2, size: 10 };
  const bucket = fullBucket(0);
  const taken = Array.from({ length: 12 }, () => take(bucket, rate, 1, 0));
  expect(taken).toEqual([...Array(10).fill(0), 500, 500]);
  expect(take(bucket, rate, 1, 499)).toBe(1);
  expect(take(bucket, rate, 1, 500)).toBe(0);
  expect(take(bucket, rate, 1, 500)).toBe(500);
  expect(take(bucket, rate, 10, 100_000)).toBe(0);
  expect(take(bucket, rate, 1, 100_000)).toBe(500);
});

test('more than it holds needs a full one, and is owed afterwards', () => {
  const rate = { perSecond: 10, size: 100 };
  const bucket = fullBucket(0);
  expect(take(bucket, rate, 1, 0)).toBe(0);
  expect(take(bucket, rate, 250, 0)).toBe(100);
  expect(take(bucket, rate, 250, 100)).toBe(0);
  expect(take(bucket, rate, 1, 100)).toBe(15_100);
  expect(take(bucket, rate, 1, 15_200)).toBe(0);
});

test('a clock that is set back fills nothing, and stops nothing for longer than it takes to fill', () => {
  const rate = { perSecond: 1, size: 1 };
  const bucket = fullBucket(1_000_000);
  expect(take(bucket, rate, 1, 1_000_000)).toBe(0);
  expect(take(bucket, rate, 1, 0)).toBe(1000);
  expect(take(bucket, rate, 1, 1000)).toBe(0);
});

test('whatever comes, no more is taken than the size and what came in; and what is told to wait fits then', () => {
  const step = fc.record({ passed: fc.nat(5000), count: fc.integer({ min: 1, max: 30 }) });
  const rates = fc.record({ perSecond: fc.integer({ min: 1, max: 50 }), size: fc.integer({ min: 1, max: 100 }) });
  const property = fc.property(rates, fc.array(step, { maxLength: 100 }), (rate, steps) => {
    const bucket = fullBucket(0);
    let [now, taken, largest] = [0, 0, 0];
    for (const { passed, count } of steps) {
      now += passed;
      const wait = take(bucket, rate, count, now);
      if (wait === 0) {
        taken += count;
        largest = Math.max(largest, count - rate.size, 0);
      } else {
        const later = { ...bucket };
        expect(take(later, rate, count, now + wait)).toBe(0);
        expect(take({ ...bucket }, rate, count, now + wait - 1)).toBeGreaterThan(0);
      }
      expect(taken).toBeLessThanOrEqual(rate.size + largest + (now * rate.perSecond) / 1000 + 1e-6);
    }
  });
  fc.assert(property, { numRuns: 300 });
});

test('one that fills slowly is kept while those that fill fast come and go', () => {
  let now = 0;
  const slow = { perSecond: 1, size: 1000 };
  const bucketOf = openBuckets(() => now);
  spend(bucketOf('slow', slow), 1000);
  now = 10_000;
  for (let index = 0; index < 50_000; index++) bucketOf(index, { perSecond: 100, size: 100 });
  expect(leftIn(bucketOf('slow', slow))).toBe(10);
});

test('each has its own, and those that are full again are forgotten: it is the same', () => {
  let now = 0;
  const rate = { perSecond: 1, size: 5 };
  const bucketOf = openBuckets(() => now);
  const first = bucketOf('first', rate);
  spend(first, 5);
  expect(leftIn(bucketOf('second', rate))).toBe(5);
  expect(bucketOf('first', rate)).toBe(first);
  now = 1000;
  for (let index = 0; index < 25_000; index++) bucketOf(index, rate);
  expect(bucketOf('first', rate)).toBe(first);
  expect(leftIn(first)).toBe(1);
  now = 100_000;
  for (let index = 0; index < 60_000; index++) bucketOf(`other ${index}`, rate);
  expect(bucketOf('first', rate)).not.toBe(first);
  expect(leftIn(bucketOf('first', rate))).toBe(5);
});
