/** Periods of the calendar: at known changes of the clocks, minute by minute, and as PostgreSQL has them. */
import fc from 'fast-check';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { type Interval, intervals, openZone } from '../../src/model/zone.ts';

const minuteMs = 60_000;
const dayMs = 1440 * minuteMs;

function boundsIn(zone: string, interval: Interval, from: string, to: string): string[] {
  const bounds = openZone(zone)?.bounds(interval, Date.parse(from), Date.parse(to), 10_000) ?? [];
  return bounds.map((bound) => new Date(bound).toISOString().slice(0, 16));
}

test.each<[string, string, Interval, string, string, string[]]>([
  [
    'the day the clocks go forward has 23 hours',
    'Europe/Vienna',
    'DAY',
    '2025-03-29T12:00Z',
    '2025-03-31T12:00Z',
    ['2025-03-28T23:00', '2025-03-29T23:00', '2025-03-30T22:00', '2025-03-31T22:00'],
  ],
  [
    'the day they go back has 25',
    'Europe/Vienna',
    'DAY',
    '2025-10-26T12:00Z',
    '2025-10-27T12:00Z',
    ['2025-10-25T22:00', '2025-10-26T23:00', '2025-10-27T23:00'],
  ],
  [
    'an hour that comes twice is two',
    'Europe/Vienna',
    'HOUR',
    '2025-10-26T00:10Z',
    '2025-10-26T02:00Z',
    ['2025-10-26T00:00', '2025-10-26T01:00', '2025-10-26T02:00'],
  ],
  [
    'hours of a half-hour zone',
    'Asia/Kolkata',
    'HOUR',
    '2025-01-01T00:00Z',
    '2025-01-01T01:00Z',
    ['2024-12-31T23:30', '2025-01-01T00:30', '2025-01-01T01:30'],
  ],
  [
    'days of a quarter-hour zone',
    'Asia/Kathmandu',
    'DAY',
    '2025-01-01T00:00Z',
    '2025-01-02T00:00Z',
    ['2024-12-31T18:15', '2025-01-01T18:15', '2025-01-02T18:15'],
  ],
  [
    'half an hour back, on Lord Howe: the hour goes on for half an hour from the change',
    'Australia/Lord_Howe',
    'HOUR',
    '2025-04-05T14:00Z',
    '2025-04-05T16:30Z',
    ['2025-04-05T14:00', '2025-04-05T15:00', '2025-04-05T15:30', '2025-04-05T16:30'],
  ],
  [
    'and half an hour forward: half of an hour is left',
    'Australia/Lord_Howe',
    'HOUR',
    '2025-10-04T14:30Z',
    '2025-10-04T17:00Z',
    ['2025-10-04T14:30', '2025-10-04T15:30', '2025-10-04T16:00', '2025-10-04T17:00'],
  ],
  [
    'a midnight that comes twice begins its day the first time',
    'America/Havana',
    'DAY',
    '2024-11-03T12:00Z',
    '2024-11-04T12:00Z',
    ['2024-11-03T04:00', '2024-11-04T05:00', '2024-11-05T05:00'],
  ],
  [
    'a day without midnight begins when the clocks jump over it',
    'Africa/Cairo',
    'DAY',
    '2024-04-25T12:00Z',
    '2024-04-26T12:00Z',
    ['2024-04-24T22:00', '2024-04-25T22:00', '2024-04-26T21:00'],
  ],
  [
    'a day that was left out is none',
    'Pacific/Apia',
    'DAY',
    '2011-12-29T12:00Z',
    '2011-12-31T08:00Z',
    ['2011-12-29T10:00', '2011-12-30T10:00', '2011-12-31T10:00'],
  ],
  [
    'weeks begin on Monday',
    'UTC',
    'WEEK',
    '2025-01-01T00:00Z',
    '2025-01-12T00:00Z',
    ['2024-12-30T00:00', '2025-01-06T00:00', '2025-01-13T00:00'],
  ],
  [
    'months, over a change of the clocks',
    'America/New_York',
    'MONTH',
    '2025-02-14T00:00Z',
    '2025-04-01T04:00Z',
    ['2025-02-01T05:00', '2025-03-01T05:00', '2025-04-01T04:00'],
  ],
])('%s', (_, zone, interval, from, to, expected) => {
  expect(boundsIn(zone, interval, from, to)).toEqual(expected);
});

test('what is no time zone is none; names come back as the zone database has them', () => {
  expect(openZone('Nowhere/Nothing')).toBeNull();
  expect(openZone('')).toBeNull();
  expect(openZone('europe/vienna')?.name).toBe('Europe/Vienna');
  expect(openZone('+05:30')?.offsetAt(0)).toBe(330 * minuteMs);
});

test('too many periods are none', () => {
  const zone = openZone('UTC');
  for (const interval of intervals) {
    const bounds = zone?.bounds(interval, 0, 400 * dayMs, 10_000);
    const periods = (bounds?.length ?? 0) - 1;
    expect(zone?.bounds(interval, 0, 400 * dayMs, periods)).toEqual(bounds);
    expect(zone?.bounds(interval, 0, 400 * dayMs, periods - 1)).toBeNull();
  }
});

const zones = Intl.supportedValuesOf('timeZone');
const aZone = fc.oneof(
  fc.constantFrom(...zones),
  fc.constantFrom('Australia/Lord_Howe', 'America/Havana', 'Africa/Cairo', 'Africa/Casablanca', 'Asia/Beirut'),
);

test('minute by minute, hours and days begin where a clock on the wall says so', () => {
  const start = fc.integer({ min: Date.UTC(2010, 0) / dayMs, max: Date.UTC(2026, 0) / dayMs });
  const property = fc.property(aZone, start, fc.integer({ min: 0, max: 1439 }), (name, day, minute) => {
    const zone = openZone(name);
    if (zone === null) throw new TypeError(name);
    const from = day * dayMs + minute * minuteMs;
    const to = from + 2 * dayMs;
    const hours: number[] = [];
    const days: number[] = [];
    const localDay = (at: number) => Math.floor((at + zone.offsetAt(at)) / dayMs);
    // The latest date that was ever reached: clocks that go back across midnight do not bring a day back.
    let reached = Math.max(...Array.from({ length: 25 }, (_, hour) => localDay(from - hour * 60 * minuteMs)));
    for (let at = from + minuteMs; at < to; at += minuteMs) {
      const offset = zone.offsetAt(at);
      if (offset !== zone.offsetAt(at - minuteMs) || (at + offset) % (60 * minuteMs) === 0) hours.push(at);
      if (localDay(at) > reached) days.push(at);
      reached = Math.max(reached, localDay(at));
    }
    const inside = (interval: Interval) =>
      zone.bounds(interval, from, to, 10_000)?.filter((bound) => bound > from && bound < to);
    expect(inside('HOUR')).toEqual(hours);
    expect(inside('DAY')).toEqual(days);
  });
  fc.assert(property, { numRuns: 60 });
});

test('every period holds the moments from its start to the next, whichever it is asked by', () => {
  const moment = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2030, 0) });
  const property = fc.property(aZone, fc.constantFrom(...intervals), moment, (name, interval, from) => {
    const zone = openZone(name);
    const bounds = zone?.bounds(interval, from, from + 3 * dayMs, 10_000) ?? [];
    const [first = 0, second = 0] = bounds;
    expect(first <= from && from < second).toBe(true);
    expect(bounds.at(-1)).toBeGreaterThanOrEqual(from + 3 * dayMs);
    for (const [index, bound] of bounds.entries()) {
      if (index > 0) expect(bound).toBeGreaterThan(bounds[index - 1] ?? 0);
      expect(zone?.startOf(interval, bound)).toBe(bound);
    }
    expect(zone?.startOf(interval, second - 1)).toBe(first);
  });
  fc.assert(property, { numRuns: 2000 });
});

test('the database’s own zone data agree, but where it misplaces a moment', async () => {
  const client = new pg.Client({ connectionString: inject('postgres').adminUrl });
  await client.connect();
  try {
    const { rows: known } = await client.query<{ name: string }>('select name from pg_timezone_names');
    const common = zones.filter((zone) => known.some(({ name }) => name === zone));
    expect(common.length).toBeGreaterThan(300);
    const moments = fc.sample(
      fc.tuple(
        fc.oneof(fc.constantFrom(...common), fc.constantFrom('Australia/Lord_Howe', 'America/Havana')),
        fc.constantFrom(...intervals),
        fc.integer({ min: Date.UTC(1995, 0), max: Date.UTC(2025, 0) }),
      ),
      4000,
    );
    const { rows } = await client.query<{ start: number }>(
      `select (extract(epoch from date_trunc(i.unit, to_timestamp(i.at / 1000), i.zone)) * 1000)::float8 as start
       from unnest($1::text[], $2::text[], $3::float8[]) with ordinality as i(zone, unit, at, ordinal) order by ordinal`,
      [moments.map(([zone]) => zone), moments.map(([, unit]) => unit), moments.map(([, , at]) => at)],
    );
    let agreed = 0;
    for (const [index, [name, interval, at]] of moments.entries()) {
      const zone = openZone(name);
      const [ours, theirs] = [zone?.startOf(interval, at) ?? 0, rows[index]?.start ?? 0];
      if (ours === theirs) agreed++;
      // PostgreSQL truncates across a change of half an hour, and to the second of two midnights.
      else {
        const before = zone?.offsetAt(ours - 1000);
        const isChange = before !== zone?.offsetAt(ours) || zone?.offsetAt(theirs - 1000) !== zone?.offsetAt(theirs);
        expect([name, interval, new Date(at).toISOString(), isChange]).toEqual([
          name,
          interval,
          new Date(at).toISOString(),
          true,
        ]);
      }
    }
    expect(agreed).toBeGreaterThan(3950);
  } finally {
    await client.end();
  }
});
