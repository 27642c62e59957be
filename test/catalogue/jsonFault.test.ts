import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findJsonFault } from '../../src/catalogue/jsonFault.ts';

test.each([
  ['', 1, 1, 'expected a value, found the end of the file'],
  ['{"a":}', 1, 6, 'expected a value, found "}"'],
  ['{\n  "a": 1,\n}', 3, 1, 'expected a property name in double quotes, found "}"'],
  ['[1 2]', 1, 4, 'expected "," or the closing bracket, found "2"'],
  ['[1,]', 1, 4, 'expected a value, found "]"'],
  ['{"a": 1]', 1, 8, 'expected "," or the closing bracket, found "]"'],
  ["{'a': 1}", 1, 2, 'expected a property name in double quotes or "}", found "\'"'],
  ['{"a" 1}', 1, 6, 'expected ":", found "1"'],
  ['[\n"open\n]', 2, 1, 'expected a value or "]", found "\\""'],
  ['01', 1, 1, 'expected a value, found "0"'],
  ['{} {}', 1, 4, 'expected the end of the file, found "{"'],
  ['[', 1, 2, 'expected a value or "]", found the end of the file'],
])('%j', (text, line, column, message) => {
  expect(findJsonFault(text)).toEqual({ line, column, message: `is not JSON: ${message}` });
});

test('it finds a fault exactly where JSON.parse refuses', () => {
  const parses = (text: string) => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  const damaged = fc
    .tuple(
      fc.json({ maxDepth: 4 }),
      fc.nat(),
      fc.constantFrom('', '"', '{', '}', '[', ']', ',', ':', '\\', '\t', 'e', '-', '0', 'u', '.'),
    )
    .map(([json, at, char]) => {
      const place = at % (json.length + 1);
      return json.slice(0, place) + char + json.slice(place + (at % 2));
    });
  fc.assert(
    fc.property(fc.oneof(damaged, fc.json(), fc.string()), (text) => {
      expect(findJsonFault(text) === null).toBe(parses(text));
    }),
    { numRuns: 3000 },
  );
});
