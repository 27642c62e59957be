import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCef } from '../../src/sources/cef.ts';

const header = 'CEF:0|Passwork|Passwork|web|item_viewed|Password viewed|2|';
const pairsOf = (extension: string) => parseCef(header + extension)?.extension.pairs;

const key = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.]{0,20}$/);
const text = fc.string({ unit: 'binary' });
const barrier = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('|', '\\|');
const common = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
const plain = (value: string) => common(value).replaceAll('=', '\\=');
const quoted = (value: string) => `"${common(value).replaceAll('"', '\\"')}"`;

describe('what is written with the right escapes reads back the same', () => {
  test('header fields', () => {
    const field = fc.string().map((value) => value.trim());
    fc.assert(
      fc.property(fc.array(field, { minLength: 6, maxLength: 6 }), (fields) => {
        const event = parseCef(`CEF:0|${fields.map(barrier).join('|')}|`);
        expect([
          event?.vendor,
          event?.product,
          event?.deviceVersion,
          event?.code,
          event?.name,
          event?.severity,
        ]).toEqual(fields);
      }),
    );
  });

  test('values, plain and quoted', () => {
    const value = fc.oneof(
      text.filter((it) => !it.startsWith('"')).map((it) => [it, plain(it)] as const),
      text.map((it) => [it, quoted(it)] as const),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value)), (pairs) => {
        const written = pairs.map(([name, [, escaped]]) => `${name}=${escaped}`).join(' ');
        expect(pairsOf(written)).toEqual(pairs.map(([name, [original]]) => [name, original]));
      }),
      { numRuns: 1000 },
    );
  });
});

test.each<[string, string, (readonly [string, string])[]]>([
  [
    'values with spaces',
    'suser=Anna Berg duser=J',
    [
      ['suser', 'Anna Berg'],
      ['duser', 'J'],
    ],
  ],
  [
    'a key and quotes inside quotes',
    'n="a b=c \\"x\\"" i=1',
    [
      ['n', 'a b=c "x"'],
      ['i', '1'],
    ],
  ],
  [
    'quotes that nobody escaped',
    'n="My "best" one" i=1',
    [
      ['n', 'My "best" one'],
      ['i', '1'],
    ],
  ],
  [
    'a quote that never closes',
    'n="open i=1',
    [
      ['n', '"open'],
      ['i', '1'],
    ],
  ],
  [
    'an equals sign that nobody escaped',
    'url=https://a/?x=1&y=2 i=1',
    [
      ['url', 'https://a/?x=1&y=2'],
      ['i', '1'],
    ],
  ],
  [
    'empty values',
    'a= b="" c=',
    [
      ['a', ''],
      ['b', ''],
      ['c', ''],
    ],
  ],
  [
    'an escape that is none',
    'path=C:\\temp i=\\x09',
    [
      ['path', 'C:\\temp'],
      ['i', '\\x09'],
    ],
  ],
])('%s', (_, extension, pairs) => {
  expect(pairsOf(extension)).toEqual(pairs);
});

test('a header that ends early has no fields beyond', () => {
  expect(parseCef('CEF:0|Passwork|Passwork|web|item_v')).toMatchObject({ code: null, name: null, severity: null });
  expect(parseCef('CEF:0|Passwork|Passwork|web|item_viewed|Pass')).toMatchObject({ code: 'item_viewed', name: null });
  expect(parseCef('CEF:0|Passwork|Passwork|web|item_viewed|Name|2')).toMatchObject({ name: 'Name', severity: '2' });
  expect(parseCef('no frame')).toBeNull();
});

test('a hostile line of quotes and keys takes time in proportion to its length', () => {
  const read = (count: number) => parseCef(header + 'a="x '.repeat(count))?.extension.pairs.length;
  expect(read(50_000)).toBe(50_000);
});
