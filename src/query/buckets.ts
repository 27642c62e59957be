/** The stretches of time that entries are counted in. */
import { AnnalsError } from '../errors.ts';
import { mostAheadMs } from '../model/time.ts';
import { type Interval, openZone, type Zone } from '../model/zone.ts';
import type { Period } from './rollUps.ts';

/** Errors: BAD_INPUT for what is no time zone. */
export function zoneOf(timeZone: string | null | undefined): Zone {
  const zone = openZone(timeZone ?? 'UTC');
  if (zone !== null) return zone;
  throw new AnnalsError('BAD_INPUT', {
    path: 'timeZone',
    message: `timeZone: ${JSON.stringify(timeZone)} is not a time zone.`,
    cure: 'Use a name of the IANA time zone database, such as Europe/Vienna, or an offset such as +05:30.',
  });
}

export interface Buckets {
  /** Where each begins, and where the last one ends; two at least. */
  readonly bounds: readonly number[];
  /** So many are shown even where they are empty. */
  readonly shown: number;
}

export interface BucketLimit {
  /** Most points of an answer: each bucket once for everything, and once for each group. */
  readonly points: number;
  /** How often each bucket is counted. */
  readonly series: number;
}

const tooMany = (interval: Interval, { points, series }: BucketLimit) =>
  new AnnalsError('QUERY_TOO_LARGE', {
    path: 'interval',
    message: `interval: the period has more than ${Math.floor(points / series)} buckets of a ${interval}, counted in up to ${series} series; an answer has at most ${points} points.`,
    cure: 'Bound occurredAt or recordedAt in the filter, use a longer interval or a smaller top; the limit is STATISTICS_POINTS.',
  });

/**
 * From the start of the period, or from the first entry, to its end, or to now: an entry may say that it happened a little
 * later than now, so the bounds of an open period go on, and are shown only where something was counted.
 * Null for an empty period. Errors: QUERY_TOO_LARGE.
 */
export function bucketsOf(
  zone: Zone,
  interval: Interval,
  period: Period,
  first: number | null,
  now: number,
  limit: BucketLimit,
): Buckets | null {
  const from = period.gte ?? first;
  if (from === null || (period.lt !== null && period.lt <= from)) return null;
  const bounds = zone.bounds(
    interval,
    from,
    period.lt ?? Math.max(now + 1, from),
    Math.floor(limit.points / limit.series),
  );
  if (bounds === null) throw tooMany(interval, limit);
  const shown = bounds.length - 1;
  if (period.lt !== null) return { bounds, shown };
  const end = bounds[shown] ?? from;
  const ahead = zone.bounds(interval, end, end + mostAheadMs, Number.MAX_SAFE_INTEGER) ?? [];
  return { bounds: [...bounds, ...ahead.slice(1)], shown };
}
