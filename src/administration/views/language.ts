/** The filters of views: kept as they were given, and read anew whenever they are used. */
import type { Principal } from '../../auth/auth.ts';
import { AnnalsError } from '../../errors.ts';
import type { Json } from '../../model/entry.ts';
import type { LogFilter } from '../../query/query.ts';
import type { ViewRecord } from '../../store/store.ts';

/** The filter language, as clients write it. */
export interface FilterLanguage {
  /** With the product’s own ids. Throws BAD_INPUT with the place of what the language does not have (any more). */
  read(stated: Json): LogFilter;
  /**
   * Throws what `logs` with this filter would, whatever the log holds: BAD_INPUT, FIELD_HIDDEN, QUERY_TOO_LARGE. Runs no
   * statement.
   */
  check(principal: Principal, filter: LogFilter): Promise<void>;
}

/** Which time a period is of, and what the filter language says of it: `gte`, `lt` and `within`. */
export interface ViewPeriod {
  readonly time: 'recordedAt' | 'occurredAt';
  readonly condition: Json;
}

/** The filter that a period alone is. */
export const filterOfPeriod = ({ time, condition }: ViewPeriod): Json => ({ [time]: condition });

/** Takes a stored period apart. One of a later version is taken for recorded times, and found wanting when it is read. */
export function storedPeriod(period: Json): ViewPeriod | null {
  if (period === null || typeof period !== 'object' || Array.isArray(period)) return null;
  const { time, ...condition } = period as { readonly [key: string]: Json };
  return { time: time === 'occurredAt' ? time : 'recordedAt', condition };
}

/** Filter and period as one filter; null where there is neither. */
export function wholeFilter({ filter, period }: Pick<ViewRecord, 'filter' | 'period'>): Json {
  const stored = storedPeriod(period);
  if (stored === null) return filter;
  const during = filterOfPeriod(stored);
  return filter === null ? during : { and: [filter, during] };
}

/** A role that is kept from fields learns where the mistake is, and not the value, which may be of such a field. */
const outdated = (cause: AnnalsError, { role }: Principal) =>
  new AnnalsError('VIEW_OUTDATED', {
    path: 'view',
    message: `The view is not valid any more: ${role.hiddenFields.size === 0 ? cause.message : cause.path}`,
    cause,
  });

const hidden = (cause: AnnalsError) =>
  new AnnalsError('FIELD_HIDDEN', {
    path: 'view',
    message: `The view filters by what is hidden from your role: ${cause.message}`,
    cure: 'Use another view, or ask its owner to filter by what your role may see.',
    cause,
  });

/**
 * The filter of a view, as the principal may use it today; null where it keeps everything. Errors: FIELD_HIDDEN,
 * VIEW_OUTDATED.
 */
export async function usableFilter(
  language: FilterLanguage,
  principal: Principal,
  view: Pick<ViewRecord, 'filter' | 'period'>,
): Promise<LogFilter | null> {
  const whole = wholeFilter(view);
  if (whole === null) return null;
  try {
    const filter = language.read(whole);
    await language.check(principal, filter);
    return filter;
  } catch (error) {
    if (!(error instanceof AnnalsError)) throw error;
    if (error.code === 'FIELD_HIDDEN') throw hidden(error);
    if (error.code === 'BAD_INPUT' || error.code === 'QUERY_TOO_LARGE') throw outdated(error, principal);
    throw error;
  }
}
