import { AnnalsError } from '../errors.ts';

/** A time read at the start of a text. */
export interface ReadTime {
  /** Characters it takes. */
  readonly length: number;
  /** Milliseconds since 1970 UTC; null where the time does not exist, and `note` says why. */
  readonly at: number | null;
  /** How a time was understood that is not plain; null where it is. */
  readonly note: string | null;
}

export interface ClockOptions {
  /** The year of times without one; left out: the latest that puts them at most a day after now. */
  readonly year?: number;
  /** IANA name, for times without a zone; left out: the system’s. */
  readonly timeZone?: string;
  readonly now: () => Date;
}

/** Reads the time at the start of a text; null where there is none. */
export type Clock = (text: string) => ReadTime | null;

const day = 86_400_000;
const quarterHour = 900_000;
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

// RFC 3339, the comma of ISO 8601, and a zone that may be missing.
const isoTime =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?:([Zz])|([+-])([01]\d|2[0-3]):?([0-5]\d))?(?![\w:.+-])/;
// RFC 3164; a year, as some devices write it, and a fraction are allowed.
const bsdTime = /^([A-Za-z]{3}) {1,2}(\d{1,2})(?: (\d{4}))? (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?![\w:.])/;

/** Wall-clock time as if it were UTC, in milliseconds; null where there is none such since 1970. Second 60 is a leap second. */
function wallTime(year: number, month: number, date: number, time: readonly number[], fraction: string): number | null {
  const [hour = 0, minute = 0, second = 0] = time;
  if (year < 1970 || month < 1 || month > 12 || date < 1 || hour > 23 || minute > 59 || second > 60) return null;
  if (date > new Date(Date.UTC(year, month, 0)).getUTCDate()) return null;
  return Date.UTC(year, month - 1, date, hour, minute, second, Number(fraction.padEnd(3, '0').slice(0, 3)));
}

/** Offset of a zone from UTC at an instant, in milliseconds; remembered per quarter of an hour, where all changes fall. */
function zoneOffsets(timeZone: string | undefined): (at: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      ...(timeZone === undefined ? {} : { timeZone }),
      timeZoneName: 'longOffset',
    });
  } catch (cause) {
    throw new AnnalsError('BAD_INPUT', {
      message: `There is no time zone “${timeZone}”.`,
      cure: 'Name one of the IANA database, such as Europe/Berlin or UTC.',
      cause,
    });
  }
  const known = new Map<number, number>();
  return (at) => {
    const slot = Math.floor(at / quarterHour);
    const remembered = known.get(slot);
    if (remembered !== undefined) return remembered;
    const name = format.formatToParts(slot * quarterHour).find((part) => part.type === 'timeZoneName')?.value ?? '';
    const parts = /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name);
    const seconds = parts === null ? 0 : Number(parts[2]) * 3600 + Number(parts[3]) * 60 + Number(parts[4] ?? 0);
    const offset = (parts?.[1] === '-' ? -1 : 1) * seconds * 1000;
    if (known.size >= 10_000) known.clear();
    known.set(slot, offset);
    return offset;
  };
}

type Instant = { readonly at: number; readonly note: string | null };

/** The instant of a wall-clock time. Twice: the earlier. Never (clocks were put forward): as if they had not been. */
function toInstant(wall: number, offsetAt: (at: number) => number): Instant {
  const before = offsetAt(wall - day);
  const after = offsetAt(wall + day);
  const early = wall - Math.max(before, after);
  const late = wall - Math.min(before, after);
  const fits = [early, late].filter((at) => at + offsetAt(at) === wall);
  if (fits.length === 2 && early !== late) {
    return { at: early, note: 'the local time occurred twice that day; the earlier was taken' };
  }
  const fit = fits[0];
  if (fit !== undefined) return { at: fit, note: null };
  return {
    at: wall - before,
    note: 'the local time was skipped that day; it was moved on by the change of the clocks',
  };
}

/** @throws AnnalsError BAD_INPUT where the year or the time zone is not one. */
export function openClock(options: ClockOptions): Clock {
  const { year: givenYear, now } = options;
  if (givenYear !== undefined && !(Number.isInteger(givenYear) && givenYear >= 1970 && givenYear <= 9999)) {
    throw new AnnalsError('BAD_INPUT', {
      message: `${givenYear} is not a year.`,
      cure: 'Name a year from 1970 to 9999.',
    });
  }
  const offsetAt = zoneOffsets(options.timeZone);
  const finish = (length: number, wall: number | null): ReadTime =>
    wall === null
      ? { length, at: null, note: 'the date or the time of day does not exist' }
      : { length, ...toInstant(wall, offsetAt) };

  const readIso = (parts: RegExpExecArray): ReadTime => {
    const [all, year, month, date, hour, minute, second, fraction = '', utc, sign, hours, minutes] = parts;
    const wall = wallTime(Number(year), Number(month), Number(date), [hour, minute, second].map(Number), fraction);
    if (wall === null || (utc === undefined && sign === undefined)) return finish(all.length, wall);
    const offset = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
    return { length: all.length, at: sign === '-' ? wall + offset : wall - offset, note: null };
  };

  const readBsd = (parts: RegExpExecArray): ReadTime | null => {
    const [all, name = '', date, ownYear, hour, minute, second, fraction = ''] = parts;
    const month = months.indexOf(name.toLowerCase()) + 1;
    if (month === 0) return null;
    const inYear = (year: number) => wallTime(year, month, Number(date), [hour, minute, second].map(Number), fraction);
    const fixed = ownYear === undefined ? givenYear : Number(ownYear);
    if (fixed !== undefined) return finish(all.length, inYear(fixed));
    const latest = now().getTime() + day;
    const newest = new Date(latest).getUTCFullYear() + 1;
    // Nine years reach back to a 29 February.
    for (let year = newest; year > newest - 10; year -= 1) {
      const read = finish(all.length, inYear(year));
      if (read.at !== null && read.at <= latest) return read;
    }
    return finish(all.length, null);
  };

  return (text) => {
    const iso = isoTime.exec(text);
    if (iso !== null) return readIso(iso);
    const bsd = bsdTime.exec(text);
    return bsd === null ? null : readBsd(bsd);
  };
}
