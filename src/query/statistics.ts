/** Filter and visibility to counts: over time, by what entries have in common, and of the values of one field. */
import type { Principal } from '../auth/auth.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { AnnalsError } from '../errors.ts';
import { outcomes } from '../model/entry.ts';
import { always, both, never, type Predicate, type PredicateField } from '../model/predicate.ts';
import type { HideableField } from '../model/role.ts';
import type { RollUpDimension } from '../model/rollUp.ts';
import type { Interval } from '../model/zone.ts';
import type { StatisticsRow, Store } from '../store/store.ts';
import type { Metrics } from '../telemetry/telemetry.ts';
import type { Sight } from '../visibility/visibility.ts';
import { type BucketLimit, type Buckets, bucketsOf, zoneOf } from './buckets.ts';
import {
  type Dimension,
  type DimensionFacts,
  dimensionOf,
  hideableDimensions,
  type LogDimension,
  type StatisticsKey,
} from './dimensions.ts';
import type { LogFilter } from './filter.ts';
import { isStorable, type NameReader } from './names.ts';
import { defaultPicker, extentOf, pageLimit } from './page.ts';
import { type Period, periodOf, planStatistics, type StatisticsTime } from './rollUps.ts';
import { openTurns, type TurnLimits } from './turns.ts';

export interface StatisticsArguments {
  readonly filter?: LogFilter | null;
  /** Without it nothing is counted over time. */
  readonly interval?: Interval | null;
  /** At most two. */
  readonly groupBy?: readonly LogDimension[] | null;
  /** IANA name; UTC unless stated. */
  readonly timeZone?: string | null;
  /** The time that is counted by. Unless stated: recordedAt where the filter bounds that alone, else occurredAt. */
  readonly time?: StatisticsTime | null;
  /** So many of the largest groups are told apart, 0 to 500; 10 unless stated. */
  readonly top?: number | null;
  /** Whether to count actors: else they are 0. */
  readonly distinctActors?: boolean;
}

export interface Tally {
  readonly count: number;
  /** Milliseconds; null where nothing was counted. */
  readonly first: number | null;
  readonly last: number | null;
  readonly distinctActors: number;
}

export interface Bucket {
  /** Milliseconds; `end` exclusive. */
  readonly start: number;
  readonly end: number;
  readonly count: number;
  readonly distinctActors: number;
}

export interface Group extends Tally {
  readonly keys: readonly StatisticsKey[];
  readonly buckets: readonly Bucket[];
}

export interface Rest extends Tally {
  /** How many groups are in it. */
  readonly groups: number;
  readonly buckets: readonly Bucket[];
}

export interface Statistics extends Tally {
  readonly time: StatisticsTime;
  readonly timeZone: string;
  readonly buckets: readonly Bucket[];
  /** The largest first; those of one size in the order of their values. */
  readonly groups: readonly Group[];
  /** All groups beyond the top as one; null where there are none. */
  readonly rest: Rest | null;
}

export interface ValuesArguments {
  readonly filter?: LogFilter | null;
  readonly search?: string | null;
  readonly first?: number | null;
}

export interface ValueCount extends Omit<Tally, 'distinctActors'> {
  readonly key: StatisticsKey;
}

export interface StatisticsQueries {
  /**
   * Counts what is visible and matches, when its turn comes. Errors, also of the others: those of a filter, BAD_INPUT,
   * QUERY_TOO_LARGE, FIELD_HIDDEN, OVERLOADED, STATEMENT_TIMEOUT.
   */
  statistics(principal: Principal, request: StatisticsArguments): Promise<Statistics>;
  /** The values that visible entries have in a field, the most frequent first, with how often and when. */
  filterValues(principal: Principal, field: LogDimension, options: ValuesArguments): Promise<ValueCount[]>;
  /** By action key: how many visible entries match, and when they happened; no line for an action without any. */
  activity(principal: Principal, filter: LogFilter | null): Promise<ReadonlyMap<string, Tally>>;
}

export interface StatisticsDeps extends DimensionFacts {
  readonly store: Pick<Store, 'readStatistics'>;
  readonly now: () => number;
  readonly names: NameReader;
  readonly metrics: Pick<Metrics, 'add'>;
  /** Filter and visibility together. */
  readonly resolve: (
    principal: Principal,
    filter: LogFilter | null | undefined,
  ) => Promise<{ readonly sight: Sight; readonly predicate: Predicate }>;
}

export interface StatisticsLimits {
  readonly statisticsPoints: number;
  readonly statisticsRollUps: 'on' | 'off';
  readonly statisticsTurns: TurnLimits;
}

/** The names that catalogues have for the values of a dimension of actions. */
function actionsLike(
  { catalogue, actionNumber }: DimensionFacts,
  field: LogDimension,
  contains: (...texts: readonly (string | null | undefined)[]) => boolean,
): number[] {
  const isMeant = (action: Catalogue['actions'][number]): boolean => {
    switch (field) {
      case 'CATEGORY':
        return contains(action.category, catalogue.category(action.category)?.name);
      case 'ACTION_GROUP':
        return contains(action.actionGroup);
      case 'CATALOGUE':
        return contains(action.catalogue, catalogue.catalogues.find(({ key }) => key === action.catalogue)?.name);
      default:
        return contains(action.key, action.name);
    }
  };
  return catalogue.actions.filter(isMeant).flatMap(({ key }) => actionNumber(key) ?? []);
}

const severities = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const defaultTop = 10;
const mostDimensions = 2;
/** More groups than actions can ever be. */
const everyGroup = 2 ** 31 - 1;

function checkTop(top: number): number {
  if (Number.isInteger(top) && top >= 0 && top <= pageLimit) return top;
  throw new AnnalsError('BAD_INPUT', {
    path: 'top',
    message: `top is ${top}; it must be a whole number from 0 to ${pageLimit}.`,
  });
}

function checkDimensions(names: readonly LogDimension[], hidden: ReadonlySet<HideableField>, path: string): void {
  if (names.length > mostDimensions || new Set(names).size < names.length) {
    throw new AnnalsError('BAD_INPUT', {
      path,
      message: `${path} is ${names.join(', ')}; it takes at most ${mostDimensions} dimensions, each once.`,
    });
  }
  for (const name of names) {
    const field = hideableDimensions[name];
    if (field === undefined || !hidden.has(field)) continue;
    throw new AnnalsError('FIELD_HIDDEN', { path, message: `Your role may not group by ${name}.` });
  }
}

function timeOf(stated: StatisticsTime | null | undefined, predicate: Predicate): StatisticsTime {
  const isBounded = (time: StatisticsTime) => Object.values(periodOf(predicate, time)).some((bound) => bound !== null);
  return stated ?? (isBounded('recordedAt') && !isBounded('occurredAt') ? 'recordedAt' : 'occurredAt');
}

const rollUpDimensions: Partial<Record<Dimension['column'], RollUpDimension>> = {
  action: 'action',
  actor: 'actor',
  directory: 'directory',
  outcome: 'outcome',
  severity: 'severity',
};

/** What cells must tell apart; null where none do. */
function dimensionsOf(groupings: readonly Dimension[], distinctActors: boolean): RollUpDimension[] | null {
  const found = groupings.flatMap(({ column }) => rollUpDimensions[column] ?? []);
  if (found.length < groupings.length) return null;
  return distinctActors ? [...found, 'actor'] : found;
}

/** How often each bucket may be counted: for everything, for each group of the top, and for the rest. */
function seriesWith(groupings: readonly Dimension[], top: number): number {
  const most = groupings.reduce((product, { most }) => product * most, 1);
  return groupings.length === 0 ? 1 : 1 + Math.min(most, top + 1);
}

const nothing: Tally = { count: 0, first: null, last: null, distinctActors: 0 };

const tallyOf = (row: StatisticsRow | undefined): Tally =>
  row === undefined ? nothing : { count: row.count, first: row.first, last: row.last, distinctActors: row.actors };

/** Every bucket of a series, those without entries with zeros. */
function seriesOf(rows: readonly StatisticsRow[], { bounds }: Buckets, shown: number): Bucket[] {
  const byBucket = new Map(rows.map((row) => [row.bucket, row]));
  return Array.from({ length: shown }, (_, index) => {
    // PostgreSQL’s `width_bucket` counts from 1.
    const row = byBucket.get(index + 1);
    const [start = 0, end = 0] = [bounds[index], bounds[index + 1]];
    return { start, end, count: row?.count ?? 0, distinctActors: row?.actors ?? 0 };
  });
}

interface Counted {
  readonly rows: readonly StatisticsRow[];
  readonly buckets: Buckets | null;
  readonly groupings: readonly Dimension[];
  readonly top: number;
}

/** The rows of the statement as the tree that is answered. */
function assemble({ rows, buckets, groupings, top }: Counted, keyOf: (row: StatisticsRow) => StatisticsKey[]) {
  const byRank = Map.groupBy(rows, (row) => row.rank);
  const of = (rank: number | null) => byRank.get(rank) ?? [];
  const whole = (rank: number | null) => of(rank).find((row) => row.bucket === null);
  const last = Math.max(0, ...of(null).map((row) => row.bucket ?? 0));
  const shown = buckets === null ? 0 : Math.min(Math.max(buckets.shown, last), buckets.bounds.length - 1);
  const series = (rank: number | null) => (buckets === null ? [] : seriesOf(of(rank), buckets, shown));
  const ranked = groupings.length === 0 ? [] : rows.filter((row) => (row.rank ?? 0) > 0 && row.bucket === null);
  ranked.sort((one, other) => (one.rank ?? 0) - (other.rank ?? 0));
  const rest = groupings.length === 0 ? undefined : whole(0);
  return {
    ...tallyOf(whole(null)),
    buckets: series(null),
    groups: ranked.map((row) => ({ keys: keyOf(row), ...tallyOf(row), buckets: series(row.rank) })),
    rest: rest === undefined ? null : { ...tallyOf(rest), groups: rest.place - top, buckets: series(0) },
  };
}

export function openStatistics(deps: StatisticsDeps, limits: StatisticsLimits): StatisticsQueries {
  const turns = openTurns(deps.metrics, limits.statisticsTurns);

  interface Question {
    readonly organization: number;
    readonly predicate: Predicate;
    readonly time: StatisticsTime;
    readonly buckets: Buckets | null;
    readonly groupings: readonly Dimension[];
    readonly top: number;
    readonly distinctActors: boolean;
    /** Only groups whose text contains this. */
    readonly containing?: string | null;
  }

  const count = (question: Question): Promise<StatisticsRow[]> => {
    const { predicate, time, buckets, groupings, distinctActors } = question;
    const bounds = buckets?.bounds ?? null;
    const dimensions = limits.statisticsRollUps === 'on' ? dimensionsOf(groupings, distinctActors) : null;
    const plan = planStatistics(predicate, time, bounds ?? [], dimensions);
    return turns.run(question.organization, () => deps.store.readStatistics({ ...question, bounds, ...plan }));
  };

  /** Where an open period begins: with the first entry. */
  const firstOf = async (principal: Principal, predicate: Predicate, time: StatisticsTime) => {
    const question = { predicate, time, buckets: null, groupings: [], top: 0, distinctActors: false };
    const [row] = await count({ organization: principal.organization, ...question });
    return row?.first ?? null;
  };

  const bucketsFor = async (
    principal: Principal,
    { interval, timeZone }: StatisticsArguments,
    { predicate, time, limit }: { predicate: Predicate; time: StatisticsTime; limit: BucketLimit },
  ): Promise<{ readonly timeZone: string; readonly buckets: Buckets | null }> => {
    const zone = zoneOf(timeZone);
    if (interval === null || interval === undefined) return { timeZone: zone.name, buckets: null };
    const period: Period = periodOf(predicate, time);
    const first = period.gte === null ? await firstOf(principal, predicate, time) : null;
    return { timeZone: zone.name, buckets: bucketsOf(zone, interval, period, first, deps.now(), limit) };
  };

  const keysOf = async (
    principal: Principal,
    sight: Sight,
    { groupings, rows }: Pick<Counted, 'groupings' | 'rows'>,
  ): Promise<(row: StatisticsRow) => StatisticsKey[]> => {
    const ranked = rows.filter((row) => (row.rank ?? 0) > 0 && row.bucket === null);
    const numbers = (...columns: readonly Dimension['column'][]) => {
      const keys = groupings.flatMap(({ column }, index) =>
        columns.includes(column) ? ranked.map((row) => Number(row.keys[index])) : [],
      );
      return [...new Set(keys)].filter((number) => number > 0);
    };
    const wanted = { actors: numbers('actor', 'affectedUser'), directories: numbers('directory') };
    const known = await deps.names.read(principal, sight, wanted);
    return (row) => groupings.map((grouping, index) => grouping.read(row.keys[index] ?? null, known));
  };

  /** Which entries have a value that contains the text; for texts of entries themselves, the text is left to the statement. */
  const matching = async (
    principal: Principal,
    sight: Sight,
    field: LogDimension,
    search: string,
  ): Promise<{ readonly having: Predicate; readonly text: string | null }> => {
    const isIn = (name: PredicateField, values: readonly (string | number)[]) =>
      ({ having: { op: 'in', field: name, values: new Set(values) }, text: null }) as const;
    const contains = (...texts: readonly (string | null | undefined)[]) =>
      texts.some((text) => text?.toLowerCase().includes(search.toLowerCase()));
    switch (field) {
      case 'ACTOR':
        return isIn('actor', await deps.names.actorsLike(principal, sight, search));
      case 'AFFECTED_USER':
        return isIn('affectedUser', await deps.names.actorsLike(principal, sight, search));
      case 'DIRECTORY':
        return isIn('directory', await deps.names.directoriesLike(principal, sight, search));
      case 'OUTCOME':
        return isIn(
          'outcome',
          outcomes.filter((outcome) => contains(outcome)),
        );
      case 'SEVERITY':
        return isIn(
          'severity',
          severities.filter((severity) => contains(String(severity))),
        );
      case 'COMPONENT':
      case 'IP':
        return isStorable(search) ? { having: always, text: search } : { having: never, text: null };
      default:
        return isIn('action', actionsLike(deps, field, contains));
    }
  };

  return {
    async statistics(principal, request) {
      const groupBy = request.groupBy ?? [];
      const top = checkTop(request.top ?? defaultTop);
      const { sight, predicate } = await deps.resolve(principal, request.filter);
      checkDimensions(groupBy, sight.hiddenFields, 'groupBy');
      const time = timeOf(request.time, predicate);
      const groupings = groupBy.map((name) => dimensionOf(name, deps));
      const limit = { points: limits.statisticsPoints, series: seriesWith(groupings, top) };
      const { timeZone, buckets } = await bucketsFor(principal, request, { predicate, time, limit });
      const { organization } = principal;
      const distinctActors = request.distinctActors ?? false;
      const rows = await count({ organization, predicate, time, buckets, groupings, top, distinctActors });
      const keyOf = await keysOf(principal, sight, { groupings, rows });
      return { time, timeZone, ...assemble({ rows, buckets, groupings, top }, keyOf) };
    },

    async filterValues(principal, field, { filter, search, first }) {
      const { count: wanted } = extentOf({ first: first ?? defaultPicker });
      const { sight, predicate } = await deps.resolve(principal, filter);
      checkDimensions([field], sight.hiddenFields, 'field');
      const { having, text } =
        (search ?? '') === '' ? { having: always, text: null } : await matching(principal, sight, field, search ?? '');
      const groupings = [dimensionOf(field, deps)];
      const rows = await count({
        organization: principal.organization,
        predicate: both(predicate, having),
        time: timeOf(null, predicate),
        buckets: null,
        groupings,
        // One more, in case that the entries without a value are among them.
        top: wanted + 1,
        distinctActors: false,
        containing: text,
      });
      const keyOf = await keysOf(principal, sight, { groupings, rows });
      const { groups } = assemble({ rows, buckets: null, groupings, top: wanted + 1 }, keyOf);
      return groups
        .flatMap(({ keys: [key], ...tally }) => (key === undefined || key.value === null ? [] : [{ key, ...tally }]))
        .slice(0, wanted);
    },

    async activity(principal, filter) {
      const { predicate } = await deps.resolve(principal, filter);
      const question = { time: timeOf(null, predicate), buckets: null, top: everyGroup, distinctActors: false };
      const groupings = [dimensionOf('ACTION', deps)];
      const rows = await count({ organization: principal.organization, predicate, groupings, ...question });
      const ranked = rows.filter((row) => (row.rank ?? 0) > 0);
      return new Map(ranked.map((row) => [deps.actionKey(Number(row.keys[0])), tallyOf(row)]));
    },
  };
}
