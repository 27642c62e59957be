/** How much a token and an organization may do: rates in memory, each server for itself; quotas by all servers together. */
import type { Principal } from '../auth/auth.ts';
import { AnnalsError } from '../errors.ts';
import type { AppendOptions, AppendOutcome, Log } from '../log/log.ts';
import type { EntryInput } from '../model/entry.ts';
import type { LimitName, LimitValues } from '../model/limits.ts';
import type { Metrics } from '../telemetry/telemetry.ts';
import { type Bucket, leftIn, openBuckets, type Rate, spend, waitFor } from './buckets.ts';
import { type DayCount, openQuotas, type QuotaDeps } from './quotas.ts';

const scopes = ['token', 'organization'] as const;
type Scope = (typeof scopes)[number];

/** A limit on requests as the caller is told of it. */
export interface RateState {
  readonly scope: Scope;
  /** So many at once, and again in so many seconds. */
  readonly quota: number;
  readonly windowSeconds: number;
  readonly remaining: number;
  /** Seconds until all of the quota is there again. */
  readonly resetSeconds: number;
}

export interface Admission {
  /** Of each limit that applies. */
  readonly rates: readonly RateState[];
  /** RATE_LIMITED; null where the request may go on. */
  readonly refused: AnnalsError | null;
}

export interface Limits {
  /** Counts one request; null where nothing limits it. Takes no statement. */
  admit(principal: Principal): Admission | null;
  /**
   * Records entries as far as the limits allow: all of them, or rejects before anything is recorded, with RATE_LIMITED or
   * QUOTA_EXCEEDED. What was a repeat does not count against a quota. Else as `append`.
   */
  record(principal: Principal, entries: readonly EntryInput[], options: AppendOptions): Promise<AppendOutcome[]>;
  /** Writes and reads what quotas rest on. */
  sync(): Promise<void>;
  /** Does so from now on by itself. */
  start(): AsyncDisposable;
}

export interface LimitsDeps extends QuotaDeps {
  readonly append: Log['append'];
  readonly metrics: Metrics;
}

export interface LimitsOptions {
  readonly token: LimitValues;
  readonly organization: LimitValues;
  /** For so many seconds’ worth, more may be done at once. */
  readonly rateBurstSeconds: number;
}

/** Whom a limit counts: a token, or the person a JWT stands for, whatever rights it states. */
const subjectOf = ({ tokenId, jwt, member }: Principal): string =>
  jwt === null ? tokenId : `jwt:${jwt.issuer.id}:${member?.externalId}`;

const whose = { token: 'this credential', organization: 'the organization' } as const;

interface Reserved {
  readonly counts: readonly DayCount[];
  readonly taken: readonly Taken[];
}

interface Taken {
  readonly scope: Scope;
  readonly bucket: Bucket;
  readonly rate: Rate;
}

export function openLimits(deps: LimitsDeps, options: LimitsOptions): Limits {
  const { now, metrics } = deps;
  const quotas = openQuotas(deps);
  const bucketsOf = {
    requestsPerSecond: { token: openBuckets(now), organization: openBuckets(now) },
    entriesPerSecond: { token: openBuckets(now), organization: openBuckets(now) },
  };
  const limitOf = ({ limits }: Principal, scope: Scope, name: LimitName): number =>
    limits[scope]?.[name] ?? options[scope][name];
  const isLimited = (principal: Principal, name: LimitName) =>
    limitOf(principal, 'token', name) > 0 || limitOf(principal, 'organization', name) > 0;

  const refuse = (scope: Scope, limit: 'requests' | 'entries' | 'quota', error: AnnalsError): AnnalsError => {
    metrics.add('annals_limit_refusals_total', 1, { of: scope, limit });
    return error;
  };

  const bucketsFor = (principal: Principal, name: keyof typeof bucketsOf): Taken[] =>
    scopes.flatMap((scope) => {
      const perSecond = limitOf(principal, scope, name);
      if (perSecond === 0) return [];
      const rate = { perSecond, size: perSecond * options.rateBurstSeconds };
      const key = scope === 'token' ? subjectOf(principal) : principal.organization;
      return [{ scope, rate, bucket: bucketsOf[name][scope](key, rate) }];
    });

  /** From all of the buckets, or from none: what one refuses costs the others nothing. */
  const take = (taken: readonly Taken[], count: number, what: 'requests' | 'entries'): AnnalsError | null => {
    for (const { scope, bucket, rate } of taken) {
      const retryAfterMs = waitFor(bucket, rate, count);
      if (retryAfterMs === 0) continue;
      const message = `${rate.perSecond} ${what} a second are allowed to ${whose[scope]}, and more were sent.`;
      return refuse(scope, what, new AnnalsError('RATE_LIMITED', { message, retryAfterMs }));
    }
    for (const { bucket } of taken) spend(bucket, count);
    return null;
  };

  const countsFor = async (principal: Principal): Promise<{ scope: Scope; quota: number; count: DayCount }[]> => {
    const found = [];
    for (const scope of scopes) {
      const quota = limitOf(principal, scope, 'entriesPerDay');
      const subject = scope === 'token' ? subjectOf(principal) : '';
      if (quota > 0) found.push({ scope, quota, count: await quotas.find(principal.organization, subject) });
    }
    return found;
  };

  /** Takes its part of the quotas until it is known what was recorded. */
  const reserve = async (principal: Principal, entries: number): Promise<Reserved> => {
    const counts = isLimited(principal, 'entriesPerDay') ? await countsFor(principal) : [];
    for (const { scope, quota, count } of counts) {
      const left = Math.max(0, quota - count.own - count.others - count.reserved);
      if (entries <= left) continue;
      const message = `${quota} entries a day are allowed to ${whose[scope]}; ${left} are left until 00:00 UTC, and the request has ${entries}.`;
      const error = new AnnalsError('QUOTA_EXCEEDED', { message, retryAfterMs: quotas.untilTomorrow() });
      throw refuse(scope, 'quota', error);
    }
    const taken = isLimited(principal, 'entriesPerSecond') ? bucketsFor(principal, 'entriesPerSecond') : [];
    const refused = take(taken, entries, 'entries');
    if (refused !== null) throw refused;
    for (const { count } of counts) count.reserved += entries;
    return { counts: counts.map(({ count }) => count), taken };
  };

  return {
    admit(principal) {
      if (!isLimited(principal, 'requestsPerSecond')) return null;
      const taken = bucketsFor(principal, 'requestsPerSecond');
      const refused = take(taken, 1, 'requests');
      const rates = taken.map(({ scope, bucket, rate }) => ({
        scope,
        quota: rate.size,
        windowSeconds: options.rateBurstSeconds,
        remaining: leftIn(bucket),
        resetSeconds: Math.ceil(waitFor(bucket, rate, rate.size) / 1000),
      }));
      return { rates, refused };
    },
    async record(principal, entries, appendOptions) {
      const { counts, taken } = await reserve(principal, entries.length);
      const to = { organization: principal.organization, organizationUid: principal.organizationUid };
      let created = 0;
      try {
        const outcomes = await deps.append(to, entries, appendOptions);
        created = outcomes.filter(({ status }) => status === 'CREATED').length;
        return outcomes;
      } catch (error) {
        // Nothing was recorded, so nothing was used up: else one request, refused for its size, would keep everybody waiting.
        for (const { bucket } of taken) spend(bucket, -entries.length);
        throw error;
      } finally {
        for (const count of counts) {
          count.reserved -= entries.length;
          count.own += created;
        }
      }
    },
    sync: quotas.sync,
    start: quotas.start,
  };
}
