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
