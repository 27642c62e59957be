import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openTogether } from '../../src/auth/together.ts';

/** Look-ups that end when they are told to. */
function openLookUps() {
  const begun: { keys: readonly string[]; finish(): void; fail(error: Error): void }[] = [];
  return {
    begun,
    lookUp: (keys: readonly string[]) => {
      const { promise, resolve, reject } = Promise.withResolvers<string[]>();
      begun.push({ keys, finish: () => resolve(keys.map((key) => `found ${key}`)), fail: reject });
      return promise;
    },
  };
}

const begin = (many: ReturnType<typeof openLookUps>, count: number) =>
  expect.poll(() => many.begun.length, { interval: 1 }).toBe(count);

it('looks up at once what is asked for while nothing is under way, equal keys once', async () => {
  const many = openLookUps();
  const find = openTogether(many.lookUp, { atOnce: 1, most: 10 });
  const asked = [find('a'), find('b'), find('a')];
  await begin(many, 1);
  expect(many.begun[0]?.keys).toEqual(['a', 'b']);
  many.begun[0]?.finish();
  expect(await Promise.all(asked)).toEqual(['found a', 'found b', 'found a']);
});

it('begins a look-up after it was asked for, also where the same key is being looked up', async () => {
  const many = openLookUps();
  const find = openTogether(many.lookUp, { atOnce: 1, most: 10 });
  const early = find('a');
  await begin(many, 1);
  const late = find('a');
  many.begun[0]?.finish();
  expect(await early).toBe('found a');
  await begin(many, 2);
  many.begun[1]?.finish();
  expect(await late).toBe('found a');
});

it('goes on beside a look-up that hangs, and after one that failed', async () => {
  const many = openLookUps();
  const find = openTogether(many.lookUp, { atOnce: 2, most: 10 });
  void find('hangs');
  await begin(many, 1);
  const failing = [find('b'), find('c')];
  await begin(many, 2);
  many.begun[1]?.fail(new Error('down'));
  expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const next = find('d');
  await begin(many, 3);
  many.begun[2]?.finish();
  expect(await next).toBe('found d');
});

it('gives everybody their own, in batches of at most so many', async () => {
  const property = fc.asyncProperty(
    fc.array(fc.string({ maxLength: 2 }), { minLength: 1, maxLength: 60 }),
    fc.integer({ min: 1, max: 7 }),
    async (keys, most) => {
      const sizes: number[] = [];
      const lookUp = async (batch: readonly string[]) => {
        sizes.push(batch.length);
        expect(new Set(batch).size).toBe(batch.length);
        return batch.map((key) => `found ${key}`);
      };
      const find = openTogether(lookUp, { atOnce: 2, most });
      expect(await Promise.all(keys.map(find))).toEqual(keys.map((key) => `found ${key}`));
      expect(Math.max(...sizes)).toBeLessThanOrEqual(most);
    },
  );
  await fc.assert(property, { numRuns: 50 });
});
