import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTime, parseTimestamp } from '../../src/model/time.ts';

describe('parseTimestamp', () => {
  it.each([
    ['1985-04-12T23:20:50.52Z', '1985-04-12T23:20:50.520Z'],
    ['1996-12-19T16:39:57-08:00', '1996-12-20T00:39:57.000Z'],
    ['1937-01-01T12:00:27.87+00:20', '1937-01-01T11:40:27.870Z'],
    ['2026-01-31T09:30:00Z', '2026-01-31T09:30:00.000Z'],
    ['2026-01-31t09:30:00z', '2026-01-31T09:30:00.000Z'],
    ['2026-01-31 09:30:00Z', '2026-01-31T09:30:00.000Z'],
    ['2026-01-31T09:30:00-00:00', '2026-01-31T09:30:00.000Z'],
    ['2026-01-31T09:30:00+23:59', '2026-01-30T09:31:00.000Z'],
    ['2026-01-31T09:30:00.1Z', '2026-01-31T09:30:00.100Z'],
    ['2026-01-31T09:30:00.1239Z', '2026-01-31T09:30:00.123Z'],
    ['2026-01-31T23:59:59.999999999Z', '2026-01-31T23:59:59.999Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['0099-01-01T00:00:00Z', '0099-01-01T00:00:00.000Z'],
  ])('reads %s as %s', (text, expected) => {
    const time = parseTimestamp(text);
    expect(time === null ? null : new Date(time).toISOString()).toBe(expected);
  });

  it.each([
    ['no zone', '2026-01-31T09:30:00'],
    ['a date alone', '2026-01-31'],
    ['30 February', '2026-02-30T00:00:00Z'],
    ['29 February of a common year', '2026-02-29T00:00:00Z'],
    ['29 February of 1900', '1900-02-29T00:00:00Z'],
    ['31 April', '2026-04-31T00:00:00Z'],
    ['month 0', '2026-00-01T00:00:00Z'],
    ['month 13', '2026-13-01T00:00:00Z'],
    ['day 0', '2026-01-00T00:00:00Z'],
    ['24:00', '2026-01-01T24:00:00Z'],
    ['hour 25', '2026-01-01T25:00:00Z'],
    ['minute 60', '2026-01-01T00:60:00Z'],
    ['second 60', '2026-06-30T23:59:60Z'],
    ['second 61', '2026-01-01T00:00:61Z'],
    ['zone +24:00', '2026-01-01T00:00:00+24:00'],
    ['zone +10:60', '2026-01-01T00:00:00+10:60'],
    ['a zone without colon', '2026-01-01T00:00:00+0100'],
    ['a zone of hours', '2026-01-01T00:00:00+01'],
    ['a zone by name', '2026-01-01T00:00:00 UTC'],
    ['a point without digits', '2026-01-01T00:00:00.Z'],
    ['a comma', '2026-01-01T00:00:00,5Z'],
    ['ten digits of a second', '2026-01-01T00:00:00.0123456789Z'],
    ['no seconds', '2026-01-01T00:00Z'],
    ['a year of five digits', '12026-01-01T00:00:00Z'],
    ['a signed year', '+002026-01-01T00:00:00Z'],
    ['space around', ' 2026-01-01T00:00:00Z'],
    ['a line end', '2026-01-01T00:00:00Z\n'],
    ['digits of another script', '٢٠٢٦-01-01T00:00:00Z'],
    ['milliseconds', '1767225600000'],
    ['nothing', ''],
    ['words', 'yesterday'],
  ])('refuses %s', (_name, text) => {
    expect(parseTimestamp(text)).toBeNull();
  });

  it('reads every millisecond of four-digit years back, in any zone', () => {
    const time = fc.integer({ min: Date.parse('0001-01-02T00:00:00Z'), max: Date.parse('9999-12-30T00:00:00Z') });
    const zone = fc.integer({ min: -1439, max: 1439 });
    const property = fc.property(time, zone, (milliseconds, minutes) => {
      const local = new Date(milliseconds + minutes * 60_000).toISOString().slice(0, -1);
      const digits = (value: number) => String(value).padStart(2, '0');
      const size = Math.abs(minutes);
      const text = `${local}${minutes < 0 ? '-' : '+'}${digits(Math.floor(size / 60))}:${digits(size % 60)}`;
      expect(parseTimestamp(text), text).toBe(milliseconds);
    });
    fc.assert(property, { numRuns: 500 });
  });
});

describe('formatTime', () => {
  const asDate = (milliseconds: number): void => {
    expect(formatTime(milliseconds)).toBe(new Date(milliseconds).toISOString());
  };

  it('writes any time as a Date does, the ends of years and centuries and times before 1970 included', () => {
    const day = 86_400_000;
    const near = (year: number) => Date.UTC(year, 1, 28, 12);
    const times = fc.oneof(
      fc.integer({ min: -8.64e15, max: 8.64e15 }),
      fc.integer({ min: Date.UTC(1000, 0, 1), max: Date.UTC(10_000, 0, 1) }),
      fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2100, 0, 1) }),
      fc
        .tuple(
          fc.integer({ min: 900, max: 10_100 }),
          fc.integer({ min: -90, max: 400 }),
          fc.integer({ min: -1, max: 1 }),
        )
        .map(([year, days, more]) => near(year) + days * day + more),
    );
    fc.assert(fc.property(times, asDate), { numRuns: 2000 });
  });

  it('writes each day of 400 years', () => {
    for (let time = Date.UTC(1899, 0, 1); time < Date.UTC(2300, 0, 1); time += 86_399_999) asDate(time);
  });

  it('refuses what no date can be', () => {
    for (const time of [Number.NaN, 8.64e15 + 1, Number.POSITIVE_INFINITY]) {
      expect(() => formatTime(time)).toThrow(RangeError);
    }
  });
});
