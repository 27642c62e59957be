/** What the command line reads and prints, apart from any server. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { buildSchema, isObjectType, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { openColumns, widthOf } from '../../src/cli/columns.ts';
import { cell, fieldNames, jsonFields, selectionOf } from '../../src/cli/fields.ts';
import { filterOf } from '../../src/cli/filterOptions.ts';
import { durationMs, moment, timeToCome } from '../../src/cli/options.ts';
import { jsonLine, plain, printable } from '../../src/cli/output.ts';
import { checkout } from '../support/program.ts';

const schema = buildSchema(readFileSync(join(checkout, 'schema.graphql'), 'utf8'));
const anyText = fc.string({ unit: 'binary' });

describe('fields', () => {
  it.each(fieldNames.filter((name) => name !== 'cursor'))('%s can be asked of an entry', (name) => {
    const document = `query { logs { nodes { ${selectionOf([name])} } } }`;
    expect(validate(schema, parse(document))).toEqual([]);
  });

  it('are all that an entry has', () => {
    const type = schema.getType('LogEntry');
    if (!isObjectType(type)) throw new Error('LogEntry is no object');
    expect([...jsonFields].sort()).toEqual(Object.keys(type.getFields()).sort());
  });

  it('are asked for once each, whatever is combined', () => {
    expect(selectionOf(['actor.name', 'ip', 'actor.id', 'ip'])).toBe('actor { name id } ip');
    expect(selectionOf(['actor', 'actor.name'])).toBe('actor { type id name email }');
    expect(selectionOf(['cursor'])).toBe('id');
  });

  it('read as words in a table', () => {
    const entry = {
      actor: { type: 'MEMBER', id: 'u1', name: null, email: 'mia@example.com' },
      targets: [
        { type: 'item', id: 'i1', name: 'Bank' },
        { type: 'item', id: 'i2', name: null },
      ],
      changes: [{ field: 'name', before: null, after: 'Bank' }],
      metadata: { a: 1 },
      directory: null,
    };
    const cells = ['actor', 'actor.id', 'targets', 'targets.id', 'changes', 'metadata', 'directory', 'directory.id'];
    expect(cells.map((name) => cell(entry, name))).toEqual([
      'mia@example.com',
      'u1',
      'Bank, i2',
      'i1, i2',
      'name: ∅ → Bank',
      '{"a":1}',
      '',
      '',
    ]);
  });
});

describe('what is printed', () => {
  it('never steers the terminal, and JSON stays what it was', () => {
    const steering = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/u;
    fc.assert(
      fc.property(anyText, fc.jsonValue(), (text, value) => {
        expect(printable(text)).not.toMatch(steering);
        for (const one of [text, value, { [text]: text }]) {
          const line = jsonLine(one);
          expect(line.slice(0, -1)).not.toMatch(steering);
          expect(line.endsWith('\n')).toBe(true);
          expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(one)));
        }
      }),
    );
  });

  it('stands in columns, by the places that letters take', () => {
    expect(['abc', 'naïve', 'e\u0301', '日本', '🎉', ''].map(widthOf)).toEqual([3, 5, 1, 4, 2, 0]);
    const lines = openColumns(['name', 'x'], plain, () => null);
    expect(
      lines([
        ['日本', '1'],
        ['long name', '2'],
      ]),
    ).toBe('name       x\n日本       1\nlong name  2\n');
    // Columns grow with what they have met, up to a bound.
    expect(lines([['longer than before', '3']])).toBe('longer than before  3\n');
    expect(lines([['short', '4']])).toBe('short               4\n');
    expect(lines([['x'.repeat(99), '5']])).toBe(`${'x'.repeat(99)}  5\n`);
    expect(lines([['short', '6']])).toBe(`short${' '.repeat(37)}6\n`);
  });
});

describe('times', () => {
  const now = Date.parse('2026-11-26T12:00:00Z');
  const at = (value: string) => moment({ since: value }, 'since', now);

  it('count back, or ahead', () => {
    expect(['30s', '15m', '2h', '7d', '4w'].map(durationMs)).toEqual([3e4, 9e5, 72e5, 6048e5, 24192e5]);
    expect(at('2h')).toBe('2026-11-26T10:00:00.000Z');
    expect(timeToCome({ expires: '2h' }, 'expires', now)).toBe('2026-11-26T14:00:00.000Z');
  });

  it('have a zone, or are local', () => {
    expect(at('2026-01-31T10:30:00+01:00')).toBe('2026-01-31T09:30:00.000Z');
    expect(at('2026-01-31T09:30:00.123456Z')).toBe('2026-01-31T09:30:00.123Z');
    expect(at('2026-01-31')).toBe(new Date(2026, 0, 31).toISOString());
    expect(at('2026-01-31T09:30')).toBe(new Date(2026, 0, 31, 9, 30).toISOString());
  });

  it.each([
    '',
    'now',
    '2h30m',
    '-1h',
    '2026-02-29',
    '2026-13-01',
    '2026-1-1',
    '2026-01-31T25:00',
    '20260131',
    '99999999999h',
  ])('%j is none', (value) => {
    expect(() => at(value)).toThrow(/--since must be a time/);
  });

  it('any moment comes back as itself', () => {
    const moments = fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true });
    fc.assert(fc.property(moments, (date) => at(date.toISOString()) === date.toISOString()));
  });
});

describe('filters', () => {
  it('are null without options, and hold together with --filter', () => {
    expect(filterOf({}, 0)).toBeNull();
    expect(filterOf({ filter: '{"text":"x"}' }, 0)).toEqual({ text: 'x' });
    expect(filterOf({ filter: '{"text":"x"}', actor: ['u1'] }, 0)).toEqual({
      and: [{ actor: { in: ['u1'] } }, { text: 'x' }],
    });
    expect(filterOf({ under: ['a'], directory: ['b'], 'target-type': ['item'], target: ['i'] }, 0)).toEqual({
      directory: { in: ['b'], under: ['a'] },
      target: { in: ['i'], type: { in: ['item'] } },
    });
  });
});
