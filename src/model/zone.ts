/**
 * Periods of a calendar in a time zone, as moments. Node’s zone data alone decides where one ends and the next begins; the
 * database gets moments and is never asked about zones, so that the two cannot disagree within one answer.
 */

export const intervals = ['HOUR', 'DAY', 'WEEK', 'MONTH'] as const;
export type Interval = (typeof intervals)[number];

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** No zone changes its offset twice within this. */
const betweenTransitionsMs = dayMs;
const [firstTime, lastTime] = [Date.parse('0001-01-02T00:00:00Z'), Date.parse('9999-12-30T00:00:00Z')];

export interface Zone {
  /** The name as the zone database has it, such as `Europe/Vienna`. */
  readonly name: string;
  /** Milliseconds by which the zone’s clocks are ahead of UTC at a moment. */
  offsetAt(time: number): number;
  /** The start of the period that holds the moment. */
  startOf(interval: Interval, time: number): number;
  /**
   * Where periods begin: the start of the one that holds `from`, all starts up to `to`, and one more, at or after `to`. In
   * order, without repeats. An hour in which the offset changes by half an hour is two: each counts from the change.
   * Null when there would be more than `most` periods.
   */
  bounds(interval: Interval, from: number, to: number, most: number): number[] | null;
}

const floorTo = (value: number, step: number) => Math.floor(value / step) * step;

function offsetReader(timeZone: string): { name: string; offsetAt: (time: number) => number } {
  const format = new Intl.DateTimeFormat('en-US', {
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
  return {
    name: format.resolvedOptions().timeZone,
    offsetAt(time) {
      const second = floorTo(time, 1000);
      const fields: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
      for (const { type, value } of format.formatToParts(second)) fields[type] = Number(value);
      const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = fields;
      const local = new Date(0);
      local.setUTCFullYear(year, month - 1, day);
      local.setUTCHours(hour, minute, fields.second ?? 0);
      return local.getTime() - second;
    },
  };
}

/** The day, in days since 1970, that the local time lies in; then the first day of its week or month. */
function firstDay(interval: Interval, local: number): number {
  const day = Math.floor(local / dayMs);
  if (interval === 'WEEK') return floorTo(day + 3, 7) - 3;
  if (interval !== 'MONTH') return day;
  const date = new Date(local);
  return day - date.getUTCDate() + 1;
}

/** The first day of the next period. */
function nextDay(interval: Interval, day: number): number {
  if (interval === 'WEEK') return day + 7;
  return interval === 'MONTH' ? firstDay('MONTH', (day + 31) * dayMs) : day + 1;
}

/** Null for a name that is no time zone. */
export function openZone(timeZone: string): Zone | null {
  let reader: ReturnType<typeof offsetReader>;
  try {
    reader = offsetReader(timeZone);
  } catch {
    return null;
  }
  const { name, offsetAt } = reader;

  /** The moment between two others at which the offset changes; the offsets there differ. */
  const changeBetween = (before: number, after: number): number => {
    const old = offsetAt(before);
    let [low, high] = [before, after];
    while (high - low > 1000) {
      const middle = floorTo((low + high) / 2, 1000);
      if (middle <= low) break;
      if (offsetAt(middle) === old) low = middle;
      else high = middle;
    }
    return floorTo(high, 1000);
  };

  /** The first moment of a local day: the earlier of two midnights; where there is none, when the clocks jumped over it. */
  const startOfDay = (day: number): number => {
    const midnight = day * dayMs;
    const around = [offsetAt(midnight - dayMs), offsetAt(midnight + dayMs)];
    const moments = around.map((offset) => midnight - offset).filter((at) => at + offsetAt(at) === midnight);
    if (moments.length > 0) return Math.min(...moments);
    const [one = 0, other = 0] = around.map((offset) => midnight - offset);
    return changeBetween(Math.min(one, other) - 1000, Math.max(one, other) + 1000);
  };

  /** Of the day, week or month that holds the moment; `at` is its first day. */
  const dayOf = (interval: Interval, time: number): { day: number; start: number } => {
    let day = firstDay(interval, time + offsetAt(time));
    let start = startOfDay(day);
    // Where the clocks go back across midnight, a day has begun though its date is the one before again.
    const next = nextDay(interval, day);
    const nextStart = startOfDay(next);
    if (nextStart <= time) [day, start] = [next, nextStart];
    return { day, start };
  };

  const dayBounds = (interval: Interval, from: number, to: number, most: number): number[] | null => {
    let { day, start } = dayOf(interval, from);
    const starts = [start];
    while (start < to || starts.length < 2) {
      if (starts.length > most) return null;
      day = nextDay(interval, day);
      start = startOfDay(day);
      // A zone that moved across the date line has a day without a moment.
      if (start > (starts.at(-1) ?? 0)) starts.push(start);
    }
    return starts;
  };

  const hourStart = (time: number): number => {
    const offset = offsetAt(time);
    const start = floorTo(time + offset, hourMs) - offset;
    return offsetAt(start) === offset ? start : changeBetween(start, time);
  };

  const hourBounds = (from: number, to: number, most: number): number[] | null => {
    let start = hourStart(from);
    if ((to - start) / hourMs > most + 1) return null;
    let offset = offsetAt(start);
    // The offset holds up to `steady`; there it changes, or it is not known further.
    let steady = start;
    let changes = false;
    const starts = [start];
    while (start < to || starts.length < 2) {
      let next = floorTo(start + offset, hourMs) - offset + hourMs;
      if (next > steady && !changes) {
        const probe = steady + betweenTransitionsMs;
        changes = offsetAt(probe) !== offset;
        steady = changes ? changeBetween(steady, probe) : probe;
      }
      if (changes && next >= steady) {
        next = steady;
        offset = offsetAt(next);
        changes = false;
      }
      start = next;
      starts.push(start);
    }
    return starts.length - 1 > most ? null : starts;
  };

  return {
    name,
    offsetAt,
    startOf: (interval, time) => (interval === 'HOUR' ? hourStart(time) : dayOf(interval, time).start),
    bounds(interval, from, to, most) {
      const [first, last] = [Math.max(from, firstTime), Math.min(to, lastTime)];
      return interval === 'HOUR' ? hourBounds(first, last, most) : dayBounds(interval, first, last, most);
    },
  };
}
