/**
 * No entry says that it happened later than this after it was recorded: settings allow a day, and clocks that are set back
 * have as much again.
 */
export const mostAheadMs = 2 * 86_400_000;

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt ]([01]\d|2[0-3]):(\d{2}):(\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * Milliseconds of an RFC 3339 time with zone; fractions have up to nine digits and are cut to milliseconds. Null for
 * anything else: 30 February, 24:00 and leap seconds included, which no clock of milliseconds since 1970 can tell.
 */
export function parseTimestamp(text: string): number | null {
  const parts = rfc3339.exec(text);
  if (parts === null) return null;
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = parts;
  const date = `${year}-${month}-${day}`;
  const existsInAnyMonth = month !== '00' && Number(month) <= 12 && day !== '00' && Number(day) <= 28;
  if (!existsInAnyMonth && new Date(`${date}T00:00:00Z`).toJSON()?.slice(0, 10) !== date) return null;
  const time = Date.parse(`${date}T${hour}:${minute}:${second}${fraction.slice(0, 4)}${zone.toUpperCase()}`);
  return Number.isNaN(time) ? null : time;
}

const twoDigits = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0'));
const two = (number: number): string => twoDigits[number] ?? '';

/** Days from 1 March of the year 0 to 1 January 1970, in the Gregorian calendar. */
const marchDays = 719_468;
/** Days in 400 years, after which the calendar repeats. */
const eraDays = 146_097;

/**
 * A time of whole milliseconds in the form of RFC 3339, in UTC with milliseconds, as `Date.prototype.toISOString` writes it.
 * Quicker than that, and a page has a hundred of them. Throws RangeError for what no date can be.
 */
export function formatTime(milliseconds: number): string {
  const days = Math.floor(milliseconds / 86_400_000) + marchDays;
  const era = Math.floor(days / eraDays);
  // Years that begin in March, so that the day that is not in every year is the last.
  const dayOfEra = days - era * eraDays;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0);
  if (!(year >= 1000 && year <= 9999)) return new Date(milliseconds).toISOString();

  const time = milliseconds - (days - marchDays) * 86_400_000;
  const hour = Math.floor(time / 3_600_000);
  const minute = Math.floor(time / 60_000) % 60;
  const second = Math.floor(time / 1000) % 60;
  const rest = Math.floor(time % 1000);
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}.${two(Math.floor(rest / 10))}${rest % 10}Z`;
}
