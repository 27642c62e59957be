import { describe, expect, it } from 'vitest';
import { batches } from '../../src/cli/batches.ts';

const limits = { items: 3, size: 10, sizeOf: (item: string) => item.length, idleMs: 50 };

async function* from(...items: readonly (string | Promise<void>)[]): AsyncGenerator<string> {
  for (const item of items) {
    if (typeof item === 'string') yield item;
    else await item;
  }
}

describe('batches', () => {
  it('cuts at the number of items and at their size, in order, and loses nothing', async () => {
    const source = from('a', 'b', 'c', 'd', '12345678', '12', '123', 'this one is too large alone', 'e');
    expect(await Array.fromAsync(batches(source, limits))).toEqual([
      ['a', 'b', 'c'],
      ['d', '12345678'],
      ['12', '123'],
      ['this one is too large alone'],
      ['e'],
    ]);
  });

  it('passes on what it has while the source pauses', async () => {
    const rest = Promise.withResolvers<void>();
    const grouped = batches(from('a', rest.promise, 'b'), limits);
    expect((await grouped.next()).value).toEqual(['a']);
    rest.resolve();
    expect((await grouped.next()).value).toEqual(['b']);
    expect((await grouped.next()).done).toBe(true);
  });

  it('ends the source when its reader leaves, and passes its error on', async () => {
    let ended = false;
    const source = (async function* () {
      try {
        yield 'a';
        yield 'b';
        yield 'c';
        yield 'd';
      } finally {
        ended = true;
      }
    })();
    for await (const batch of batches(source, limits)) {
      expect(batch).toEqual(['a', 'b', 'c']);
      break;
    }
    expect(ended).toBe(true);
    const failing = (async function* () {
      yield 'a';
      throw new Error('the disk is gone');
    })();
    await expect(Array.fromAsync(batches(failing, limits))).rejects.toThrow('the disk is gone');
  });
});
