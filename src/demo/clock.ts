const dayMs = 86_400_000;

/** How many days of history the demo tells. */
export const historyDays = 90;

/** Days are counted from the UTC date of `now`: 0 is today, -1 yesterday. */
export interface Clock {
  readonly now: Date;
  /** The oldest moment an entry may have. */
  readonly start: Date;
  /** When the wall clock in `zone` (IANA name) shows that hour and minute on that day. Hours beyond 23 run into the next day. */
  at(day: number, hour: number, minute: number, zone: string): Date;
  /** True on Saturdays and Sundays. */
  isWeekend(day: number): boolean;
  /** The day itself, or the Friday before it. */
  workday(day: number): number;
}

/** A clock that stands still at `now`. */
export function createClock(now: Date): Clock {
  const today = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate());
  const formats = new Map<string, Intl.DateTimeFormat>();
  const offsets = new Map<string, number>();

  function formatOf(zone: string): Intl.DateTimeFormat {
    const known = formats.get(zone);
    if (known) return known;
    const made = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
    formats.set(zone, made);
    return made;
  }

  /** Milliseconds by which the zone’s wall clock is ahead of UTC at noon UTC of that day. */
  function offset(zone: string, day: number): number {
    const key = `${zone} ${day}`;
    const known = offsets.get(key);
    if (known !== undefined) return known;
    const noon = today + day * dayMs + dayMs / 2;
    const shown = new Map(
      formatOf(zone)
        .formatToParts(noon)
        .map((part) => [part.type, Number(part.value)]),
    );
    const field = (type: Intl.DateTimeFormatPartTypes) => shown.get(type) ?? 0;
    const wall = Date.UTC(field('year'), field('month') - 1, field('day'), field('hour'), field('minute'));
    offsets.set(key, wall - noon);
    return wall - noon;
  }

  function weekday(day: number): number {
    return new Date(today + day * dayMs).getUTCDay();
  }

  return {
    now,
    start: new Date(now.getTime() - historyDays * dayMs),
    at: (day, hour, minute, zone) => new Date(today + day * dayMs + (hour * 60 + minute) * 60_000 - offset(zone, day)),
    isWeekend: (day) => weekday(day) % 6 === 0,
    workday: (day) => (weekday(day) === 6 ? day - 1 : weekday(day) === 0 ? day - 2 : day),
  };
}

/** `minutes` and `seconds` later. */
export function after(moment: Date, minutes: number, seconds = 0): Date {
  return new Date(moment.getTime() + (minutes * 60 + seconds) * 1000);
}
