/** The memory of documents seen before is bounded by their size and keeps those in use. */
import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { openDocumentCache } from '../../src/http/documents.ts';

const document = parse('{ hello }');

test('the least recently used goes first', () => {
  const cache = openDocumentCache(1000);
  const sources = Array.from({ length: 10 }, (_, index) => String(index).padEnd(100));
  for (const source of sources) cache.set(source, document);
  cache.get(sources[0] ?? '');
  cache.set('new'.padEnd(100), document);
  expect(sources.map((source) => cache.get(source) !== undefined)).toEqual([true, false, ...Array(8).fill(true)]);
});

test('a large document is not kept at the cost of the others', () => {
  const cache = openDocumentCache(1000);
  cache.set('small', document);
  cache.set('x'.repeat(126), document);
  expect(cache.get('x'.repeat(126))).toBeUndefined();
  expect(cache.get('small')).toBe(document);
});
