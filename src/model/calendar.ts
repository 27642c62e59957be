/** Periods that end now, counted on the calendar of a time zone: days are not always 24 hours long. */

/** From short to long. Weeks begin on Monday. */
export const periodUnits = ['MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH', 'YEAR'] as const;
export type PeriodUnit = (typeof periodUnits)[number];

export interface RecentPeriod {
  /** How many units; a whole number from 1. */
  readonly last: number;
  readonly unit: PeriodUnit;
  /** IANA name or offset, such as `Europe/Berlin`. */
  readonly timeZone: string;
  /** Starts where a unit starts, and counts the unit under way: the last whole day is today. */
  readonly whole: boolean;
}

export const isTimeZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
};

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** What clocks in the zone show at a moment: as milliseconds, as if the zone were UTC. */
type WallClock = (moment: number) => number;

function wallClockOf(timeZone: string): WallClock {
  const format = new Intl.DateTimeFormat('en', {
    timeZone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (moment) => {
    const parts = new Map(format.formatToParts(moment).map(({ type, value }) => [type, value]));
    const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
    const date = new Date(0);
    date.setUTCFullYear(part('year'), part('month') - 1, part('day'));
    date.setUTCHours(part('hour'), part('minute'), part('second'), ((moment % 1000) + 1000) % 1000);
    return date.getTime();
  };
}

/**
 * The moment at which clocks show a time: of two, the earlier; of none, because clocks were put forward over it, the moment
 * that it would have been without that.
 */
function momentOf(wall: number, wallClock: WallClock): number {
  // No zone changes its offset twice within two days.
  const offsets = [wall - day, wall + day].map((near) => wallClock(near) - near);
  const moments = offsets.map((offset) => wall - offset).toSorted((a, b) => a - b);
  return moments.find((moment) => wallClock(moment) === wall) ?? wall - (offsets[0] ?? 0);
}

/** So many months earlier, on the same day of the month or on its last one. */
function monthsBefore(wall: number, months: number): number {
  const date = new Date(wall);
  const dayOfMonth = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() - months);
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(dayOfMonth, lastDay));
  return date.getTime();
}

function unitsBefore(wall: number, count: number, unit: PeriodUnit): number {
  switch (unit) {
    case 'MINUTE':
      return wall - count * minute;
    case 'HOUR':
      return wall - count * hour;
    case 'DAY':
      return wall - count * day;
    case 'WEEK':
      return wall - count * 7 * day;
    case 'MONTH':
      return monthsBefore(wall, count);
    case 'YEAR':
      return monthsBefore(wall, count * 12);
  }
}

const monday = Date.UTC(1970, 0, 5);
const floorTo = (wall: number, length: number, from = 0) => wall - ((((wall - from) % length) + length) % length);

function startOf(wall: number, unit: PeriodUnit): number {
  const date = new Date(wall);
  switch (unit) {
    case 'MINUTE':
      return floorTo(wall, minute);
    case 'HOUR':
      return floorTo(wall, hour);
    case 'DAY':
      return floorTo(wall, day);
    case 'WEEK':
      return floorTo(wall, 7 * day, monday);
    case 'MONTH':
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
    case 'YEAR':
      return Date.UTC(date.getUTCFullYear(), 0, 1);
  }
}

/** When a period that ends now began, in milliseconds. `timeZone` must be a time zone. */
export function startOfPeriod({ last, unit, timeZone, whole }: RecentPeriod, now: number): number {
  const wallClock = wallClockOf(timeZone);
  const exact = unit === 'MINUTE' || unit === 'HOUR';
  // Hours and minutes pass alike in every zone; only where one starts is a question of clocks.
  if (exact) {
    const wall = wallClock(now);
    const into = whole ? wall - startOf(wall, unit) : 0;
    return unitsBefore(now - into, whole ? last - 1 : last, unit);
  }
  const wall = wallClock(now);
  return momentOf(whole ? unitsBefore(startOf(wall, unit), last - 1, unit) : unitsBefore(wall, last, unit), wallClock);
}
