import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTimeZone, type PeriodUnit, periodUnits, startOfPeriod } from '../../src/model/calendar.ts';

const start = (last: number, unit: PeriodUnit, timeZone: string, now: string, whole = false) =>
  new Date(startOfPeriod({ last, unit, timeZone, whole }, Date.parse(now))).toISOString();

describe('the start of a period that ends now', () => {
  it.each<[string, number, PeriodUnit, string, string, string]>([
    ['minutes', 90, 'MINUTE', 'Europe/Berlin', '2026-03-29T01:30:00.5Z', '2026-03-29T00:00:00.500Z'],
    ['hours over a night of 23', 24, 'HOUR', 'Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-28T12:00:00.000Z'],
    ['a day of 23 hours', 1, 'DAY', 'Europe/Berlin', '2026-03-29T10:00:00Z', '2026-03-28T11:00:00.000Z'],
    ['a day of 25 hours', 1, 'DAY', 'Europe/Berlin', '2026-10-25T11:00:00Z', '2026-10-24T10:00:00.000Z'],
    [
      'to a time of day that was left out',
      1,
      'DAY',
      'Europe/Berlin',
      '2026-03-30T00:30:00Z',
      '2026-03-29T01:30:00.000Z',
    ],
    ['to a time of day that was twice', 1, 'DAY', 'Europe/Berlin', '2026-10-26T01:30:00Z', '2026-10-25T00:30:00.000Z'],
    ['weeks', 2, 'WEEK', 'America/New_York', '2026-03-10T12:00:00Z', '2026-02-24T13:00:00.000Z'],
    ['a month that is shorter', 1, 'MONTH', 'UTC', '2026-03-31T00:45:00.123Z', '2026-02-28T00:45:00.123Z'],
    ['months over a year', 3, 'MONTH', 'UTC', '2026-01-15T00:00:00Z', '2025-10-15T00:00:00.000Z'],
    ['a year from a leap day', 1, 'YEAR', 'UTC', '2024-02-29T12:00:00Z', '2023-02-28T12:00:00.000Z'],
    ['a zone of half hours', 1, 'DAY', 'Australia/Lord_Howe', '2026-04-05T12:00:00Z', '2026-04-04T11:30:00.000Z'],
    ['a fixed offset', 1, 'DAY', '+05:45', '2026-04-05T12:00:00Z', '2026-04-04T12:00:00.000Z'],
  ])('%s', (_name, last, unit, timeZone, now, expected) => {
    expect(start(last, unit, timeZone, now)).toBe(expected);
  });

  it.each<[string, number, PeriodUnit, string, string, string]>([
    ['this minute', 1, 'MINUTE', 'UTC', '2026-03-29T01:30:59.999Z', '2026-03-29T01:30:00.000Z'],
    ['this hour in a half-hour zone', 1, 'HOUR', 'Asia/Kolkata', '2026-03-30T00:45:00Z', '2026-03-30T00:30:00.000Z'],
    ['the last two hours', 2, 'HOUR', 'UTC', '2026-03-30T00:45:00Z', '2026-03-29T23:00:00.000Z'],
    ['today', 1, 'DAY', 'Europe/Berlin', '2026-03-29T10:00:00Z', '2026-03-28T23:00:00.000Z'],
    [
      'today, where the day began at one',
      1,
      'DAY',
      'America/Sao_Paulo',
      '2018-11-04T10:00:00Z',
      '2018-11-04T03:00:00.000Z',
    ],
    ['today and six days before', 7, 'DAY', 'Europe/Berlin', '2026-03-31T10:00:00Z', '2026-03-24T23:00:00.000Z'],
    ['this week, on a Monday', 1, 'WEEK', 'Asia/Kathmandu', '2026-03-30T00:45:00Z', '2026-03-29T18:15:00.000Z'],
    ['this week, on a Sunday', 1, 'WEEK', 'UTC', '2026-03-29T23:59:59Z', '2026-03-23T00:00:00.000Z'],
    ['this month and the two before', 3, 'MONTH', 'Europe/Berlin', '2026-05-31T12:00:00Z', '2026-02-28T23:00:00.000Z'],
    ['this year', 1, 'YEAR', 'Pacific/Kiritimati', '2026-01-01T00:00:00Z', '2025-12-31T10:00:00.000Z'],
  ])('whole: %s', (_name, last, unit, timeZone, now, expected) => {
    expect(start(last, unit, timeZone, now, true)).toBe(expected);
  });

  it('lies in the past, further the more units, and moves on with the clock', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Apia'];
    const property = fc.property(
      fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2035, 0, 1) }),
      fc.integer({ min: 1, max: 400 }),
      fc.constantFrom(...periodUnits),
      fc.constantFrom(...zones),
      fc.boolean(),
      fc.integer({ min: 0, max: 7 * 86_400_000 }),
      (now, last, unit, timeZone, whole, later) => {
        const at = (count: number, time: number) => startOfPeriod({ last: count, unit, timeZone, whole }, time);
        expect(at(last, now)).toBeLessThanOrEqual(now);
        expect(at(last + 1, now)).toBeLessThan(at(last, now));
        expect(at(last, now + later)).toBeGreaterThanOrEqual(at(last, now) - 3_600_000);
      },
    );
    fc.assert(property, { numRuns: 400 });
  });
});

it.each([
  ['Europe/Berlin', true],
  ['utc', true],
  ['+05:30', true],
  ['Mars/Olympus', false],
  ['', false],
])('%s is a time zone: %s', (name, expected) => {
  expect(isTimeZone(name)).toBe(expected);
});
