import { expect, test } from 'vitest';
import { AnnalsError } from '../../src/errors.ts';
import { LineCounter, openLineKeys } from '../../src/sources/keys.ts';

const line = (content: string) => Buffer.from(content);

test('counts identical lines, through the growth of its table', () => {
  const counter = new LineCounter();
  for (const round of [0, 1, 2]) {
    for (let at = 0; at < 10_000; at += 1) expect(counter.next(line(`line ${at}`))).toBe(round);
  }
});

test('says when there are more lines than it can tell apart', () => {
  const counter = new LineCounter(2);
  counter.next(line('a'));
  counter.next(line('b'));
  expect(counter.next(line('a'))).toBe(1);
  expect(() => counter.next(line('c'))).toThrow(AnnalsError);
});

test('a key depends on the secret, the source, the line and the ordinal, and on nothing else', () => {
  const secret = new Uint8Array(32).fill(1);
  const keyOf = openLineKeys(secret, 'passwork');
  const key = keyOf(line('a'), 0);
  expect(key).toMatch(/^[\w-]{43}$/);
  expect(openLineKeys(secret, 'passwork')(line('a'), 0)).toBe(key);
  const others = [
    openLineKeys(new Uint8Array(32).fill(2), 'passwork')(line('a'), 0),
    openLineKeys(secret, 'ndjson')(line('a'), 0),
    keyOf(line('b'), 0),
    keyOf(line('a'), 1),
  ];
  expect(new Set([key, ...others]).size).toBe(5);
});
