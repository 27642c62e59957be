import { describe, expect, test } from 'vitest';
import { AnnalsError } from '../../src/errors.ts';
import { openClock } from '../../src/sources/time.ts';

const now = () => new Date('2026-11-22T12:00:00Z');
const berlin = openClock({ timeZone: 'Europe/Berlin', now });
const iso = (at: number | null | undefined) => (at === null || at === undefined ? null : new Date(at).toISOString());

test.each([
  ['2026-11-20T10:11:12.123456+01:00 x', '2026-11-20T09:11:12.123Z'],
  ['2026-11-20T10:11:12Z', '2026-11-20T10:11:12.000Z'],
  ['2026-11-20 10:11:12,5 x', '2026-11-20T09:11:12.500Z'],
  ['2026-11-20T10:11:12-0330 x', '2026-11-20T13:41:12.000Z'],
  ['Nov 20 10:11:12 x', '2026-11-20T09:11:12.000Z'],
  ['Jul  1 10:11:12 x', '2026-07-01T08:11:12.000Z'],
  ['Jul 01 2019 10:11:12.25 x', '2019-07-01T08:11:12.250Z'],
])('%s', (text, expected) => {
  expect(iso(berlin(text)?.at)).toBe(expected);
});

test.each(['2026-02-29T00:00:00Z', 'Nov 31 08:00:00', 'Nov 20 24:00:00', '1969-12-31T00:00:00Z'])(
  '%s does not exist',
  (text) => {
    expect(berlin(text)).toMatchObject({ at: null, note: expect.stringContaining('does not exist') });
  },
);

test.each(['', 'hello', 'Foo 20 10:11:12', '2026-11-20T10:11:12+99:00', '20:11:12'])('%j is no time', (text) => {
  expect(berlin(text)).toBeNull();
});

describe('the year', () => {
  test.each([
    ['2027-01-02T00:00:00Z', 'Dec 31 23:00:00', '2026-12-31T23:00:00.000Z'],
    ['2026-12-31T23:30:00Z', 'Jan  1 00:10:00', '2027-01-01T00:10:00.000Z'],
    ['2026-11-22T12:00:00Z', 'Nov 23 12:00:00', '2026-11-23T12:00:00.000Z'],
    ['2026-11-22T12:00:00Z', 'Nov 23 12:00:01', '2025-11-23T12:00:01.000Z'],
    ['2026-11-22T12:00:00Z', 'Feb 29 00:00:00', '2024-02-29T00:00:00.000Z'],
  ])('at %s, %s is %s', (instant, text, expected) => {
    const clock = openClock({ timeZone: 'UTC', now: () => new Date(instant) });
    expect(iso(clock(text)?.at)).toBe(expected);
  });

  test('as given wins', () => {
    const clock = openClock({ timeZone: 'UTC', year: 2023, now });
    expect(iso(clock('Nov 20 10:11:12')?.at)).toBe('2023-11-20T10:11:12.000Z');
    expect(clock('Feb 29 10:11:12')).toMatchObject({ at: null });
  });
});

describe('when clocks change', () => {
  test('a time that occurred twice is the earlier', () => {
    expect(berlin('Oct 25 02:30:00')).toMatchObject({
      at: Date.parse('2026-10-25T00:30:00Z'),
      note: expect.stringContaining('twice'),
    });
    expect(berlin('Oct 25 01:59:59')).toMatchObject({ at: Date.parse('2026-10-24T23:59:59Z'), note: null });
    expect(berlin('Oct 25 03:00:00')).toMatchObject({ at: Date.parse('2026-10-25T02:00:00Z'), note: null });
  });

  test('a time that never was moves on', () => {
    expect(berlin('Mar 29 02:30:00')).toMatchObject({
      at: Date.parse('2026-03-29T01:30:00Z'),
      note: expect.stringContaining('skipped'),
    });
    expect(berlin('Mar 29 03:00:00')).toMatchObject({ at: Date.parse('2026-03-29T01:00:00Z'), note: null });
  });

  test('west of Greenwich and by half an hour too', () => {
    const newYork = openClock({ timeZone: 'America/New_York', now });
    expect(newYork('Nov  1 01:30:00')).toMatchObject({
      at: Date.parse('2026-11-01T05:30:00Z'),
      note: expect.stringContaining('twice'),
    });
    const lordHowe = openClock({ timeZone: 'Australia/Lord_Howe', now });
    expect(lordHowe('Oct  4 02:15:00')).toMatchObject({
      at: Date.parse('2026-10-03T15:45:00Z'),
      note: expect.stringContaining('skipped'),
    });
  });
});

test('a zone or year that is none is refused at once', () => {
  expect(() => openClock({ timeZone: 'Mars/Olympus', now })).toThrow(AnnalsError);
  expect(() => openClock({ year: 20_260, now })).toThrow(AnnalsError);
});
