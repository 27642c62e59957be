import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AnnalsError } from '../../src/errors.ts';
import { lineLimit } from '../../src/sources/lines.ts';
import { readSource } from '../../src/sources/sources.ts';
import { entryOf, options, refusalOf, rowsOf, rowsOfFile } from './support.ts';

const keysOf = (rows: Awaited<ReturnType<typeof rowsOf>>) => rows.map((row) => entryOf(row).idempotencyKey);

test('a second run gives the same keys, and two identical lines in one file two keys', async () => {
  const first = keysOf(await rowsOfFile('passwork', 'passwork-rsyslog.log'));
  expect(new Set(first).size).toBe(3);
  expect(keysOf(await rowsOfFile('passwork', 'passwork-rsyslog.log'))).toEqual(first);
  const other = await rowsOf(
    'passwork',
    '2026-11-20T09:12:00Z h php-fpm: CEF:0|Passwork|Passwork|web|item_viewed|n|2|\r\n',
  );
  const same = await rowsOf('passwork', '2026-11-20T09:12:00Z h php-fpm: CEF:0|Passwork|Passwork|web|item_viewed|n|2|');
  expect(keysOf(other)).toEqual(keysOf(same));
});

test('a line that is too long is refused by its number, and the rest goes in', async () => {
  const line = '{"action":"passwork.item_viewed"}\n';
  const rows = await rowsOf('ndjson', `${line}${'x'.repeat(lineLimit + 1)}\n${line}`);
  expect(rows.map((row) => [row.line, 'refusal' in row ? row.refusal.code : null])).toEqual([
    [1, null],
    [2, 'ENTRY_TOO_LARGE'],
    [3, null],
  ]);
});

test('ndjson: entries in our own form, anything else refused by name', async () => {
  const rows = await rowsOfFile('ndjson', 'entries.ndjson');
  expect(rows).toHaveLength(9);
  expect(entryOf(rows[0])).toEqual({
    action: 'passwork.item_viewed',
    occurredAt: '2026-11-18T07:00:00Z',
    actor: { id: 'u1', name: 'Anna' },
    metadata: { ticket: 'OPS-1', nested: { a: [1, true, null] } },
    idempotencyKey: expect.stringMatching(/^[\w-]{43}$/),
  });
  expect(entryOf(rows[1]).idempotencyKey).toBe('mine-1');
  expect(rows.slice(2).map((row) => refusalOf(row).message)).toEqual([
    'an entry has no field `user`',
    'an entry has no field `actor.login`',
    expect.stringContaining('`action`'),
    expect.stringContaining('the line'),
    'the line is not JSON',
    '`metadata`: expected an object',
    'an entry has no field `__proto__`',
  ]);
});

test('ndjson: hostile nesting is refused', async () => {
  const deep = `{"action":"a","metadata":{"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`;
  expect(refusalOf((await rowsOf('ndjson', deep))[0]).message).toContain('nests deeper');
});

test('mistakes in the options are reported before anything is read', () => {
  const nothing = (async function* () {})();
  expect(() => readSource('passwork', nothing, { ...options, timeZone: 'Nowhere' })).toThrow(AnnalsError);
});

const fragment = fc.oneof(
  fc.constantFrom('Nov 18 08:00:00 h php-fpm: ', 'CEF:0|Passwork|Passwork|web|', 'item_viewed|', 'link_x|n|2|'),
  fc.constantFrom('passworkItemName="', ' suid=', '\\', '"', '|', '=', '\n', '\r\n', '\0', ' rt=', '99999999999999'),
  fc.constantFrom(
    '<13>1 2026-11-18T08:00:00Z - - - - ',
    '[a b="',
    'message repeated 2 times: [ ',
    '{"action":"',
    ' __proto__=',
  ),
  fc.string({ unit: 'binary' }),
);
const input = fc.oneof(
  fc.array(fragment).map((parts) => Buffer.from(parts.join(''))),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
);

test.each(['passwork', 'ndjson'] as const)(
  '%s: any bytes give one row for every line that is not blank',
  async (kind) => {
    await fc.assert(
      fc.asyncProperty(input, async (bytes) => {
        const rows = await rowsOf(kind, bytes);
        const text = bytes.toString('latin1').replace(/^\xef\xbb\xbf/, '');
        const filled = text.split('\n').flatMap((line, index) => (/[^\t-\r ]/.test(line) ? [index + 1] : []));
        expect(rows.map((row) => row.line)).toEqual(filled);
        for (const row of rows) {
          if (!('refusal' in row)) expect(JSON.parse(JSON.stringify(row.entry))).toBeTypeOf('object');
        }
      }),
      { numRuns: 2000 },
    );
  },
  60_000,
);
