/** Filter and visibility to pages, counts and the pickers’ values. Every read of entries here passes a visibility. */
import { type Principal, requirePermission } from '../auth/auth.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { AnnalsError } from '../errors.ts';
import type { CursorPlace, CursorScope, Cursors, ListOrder } from '../model/cursor.ts';
import type { ActorType, Entry, LogPlace } from '../model/entry.ts';
import { both, type Predicate } from '../model/predicate.ts';
import { redact } from '../model/redact.ts';
import type { LocatedEntry, Store, StoredActor, StoredDirectoryName } from '../store/store.ts';
import type { Metrics } from '../telemetry/telemetry.ts';
import type { Sight, Visibility } from '../visibility/visibility.ts';
import type { FilterLimits } from './bounds.ts';
import { compileFilter, filterIdentity, type Resolver } from './compile.ts';
import type { LogFilter } from './filter.ts';
import { isStorable, knownOf, openNames, seenBy } from './names.ts';
import { defaultPicker, type Extent, extentOf, type Page, readList } from './page.ts';
import { openQuestions, type Questions } from './questions.ts';
import { openStatistics, type StatisticsLimits, type StatisticsQueries } from './statistics.ts';

export { type LogDimension, logDimensions, type StatisticsKey } from './dimensions.ts';
export type { LogFilter } from './filter.ts';
export { openStatisticsFollower } from './follower.ts';
export type {
  HistorySubject,
  NewValue,
  NewValueField,
  NewValues,
  OpenedSecrets,
  StoppedAction,
  StoppedActions,
} from './questions.ts';
export type { StatisticsTime } from './rollUps.ts';
export type { Bucket, Group, Rest, Statistics, StatisticsArguments, Tally, ValueCount } from './statistics.ts';
export type { TurnLimits } from './turns.ts';

/** Relay’s arguments; `first` and `last` count entries. */
export interface PageArguments {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
  readonly filter?: LogFilter | null;
  /** RECORDED_AT, the order of the log, unless stated. */
  readonly order?: ListOrder | null;
  /** DESC (newest first) unless stated. */
  readonly direction?: 'ASC' | 'DESC' | null;
}

export interface LogPage {
  readonly edges: readonly { readonly cursor: string; readonly entry: Entry }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  /** From where a live stream continues without gap or repeat: after the newest visible entry that this page’s snapshot matched. */
  headCursor(): Promise<string>;
  /** Counts what is visible and matches, exactly up to `countCap`. */
  totalCount(): Promise<{ readonly count: number; readonly exact: boolean }>;
}

export interface EntryPlace {
  readonly entry: Entry;
  readonly cursor: string;
}

export interface Query extends StatisticsQueries, Questions {
  /** A page of the log. Errors: BAD_INPUT, BAD_CURSOR, PAGE_TOO_LARGE, QUERY_TOO_LARGE, FORBIDDEN, HISTORY_CLEARED. */
  logs(principal: Principal, page: PageArguments): Promise<LogPage>;
  /**
   * An entry with the cursor of its place among those that match the filter, whether it matches itself or not; null for a
   * hidden and for a missing one. Errors: as of `logs`.
   */
  place(principal: Principal, id: string, filter: LogFilter | null | undefined): Promise<EntryPlace | null>;
  /** The entries among the ids that the principal sees, in no order. */
  entries(principal: Principal, ids: readonly string[]): Promise<Entry[]>;
  /** The actor with this type and external id, if a visible entry names it; null for a hidden and for a missing one. */
  actor(principal: Principal, type: ActorType, externalId: string): Promise<StoredActor | null>;
  /** The directory with this external id, if the principal sees it; null for a hidden and for a missing one. */
  directory(principal: Principal, externalId: string): Promise<StoredDirectoryName | null>;
  /** Actors and affected users of visible entries, by name. */
  actors(principal: Principal, options: { search?: string | null; first?: number | null }): Promise<StoredActor[]>;
  /** Directories the principal sees, by name. */
  directories(
    principal: Principal,
    options: { search?: string | null; under?: string | null; first?: number | null },
  ): Promise<StoredDirectoryName[]>;
  /**
   * Throws what a read with this filter would, whatever the log holds: BAD_INPUT, QUERY_TOO_LARGE, FIELD_HIDDEN, FORBIDDEN. Runs
   * no statement.
   */
  checkFilter(principal: Principal, filter: LogFilter): Promise<void>;
  /** What a live stream follows: the filter, the visibility, and where cursors lead. */
  stream(principal: Principal, filter: LogFilter | null | undefined): Promise<StreamQuery>;
}

/** A filter resolved for one principal, for reading on in the order of the log. */
export interface StreamQuery {
  /** Filter and visibility. */
  readonly predicate: Predicate;
  readonly sight: Sight;
  /**
   * The actors that the filter’s ids stand for, as of now; equal texts for equal sets, null when the filter names none.
   * An id met for the first time in a later entry stands for another actor then.
   */
  readonly people: string | null;
  /** Milliseconds: when the filter must be resolved anew, because a period in it ends now; null for never. */
  readonly renewAt: number | null;
  seal(place: CursorPlace): string;
  /** The place of a cursor; throws BAD_CURSOR, HISTORY_CLEARED, LOG_RESTORED. */
  open(cursor: string): Promise<LogPlace>;
  /** The newest entry at or before a place that satisfies the predicate. */
  newest(upTo: LogPlace): Promise<CursorPlace>;
}

export interface QueryDeps {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly actionNumber: (key: string) => number | undefined;
  readonly actionKey: (number: number) => string;
  readonly visibility: Visibility;
  readonly cursors: Cursors;
  readonly metrics: Pick<Metrics, 'add'>;
  /** Milliseconds. */
  readonly now: () => number;
  /** Told of a log that cannot be searched yet. */
  readonly onTextsMissing: (organization: number) => void;
}

/** When to ask again for a search that is not ready. */
const textRetryMs = 5000;

/** A stream whose filter has a period that ends now moves its beginning this often. */
const renewMs = 60_000;

/** Counts stop here and say that they did. */
export const countCap = 10_000;

/** Before everything ever recorded: the place of a log in which nothing matches yet. */
const start: CursorPlace = { kind: 'time', recordedAt: 0 };

const placeOf = (entry: Entry): CursorPlace => ({ kind: 'entry', recordedAt: entry.recordedAt, id: entry.id });

const problems = {
  NOT_A_CURSOR: ['BAD_CURSOR', 'This is not a cursor of this server.'],
  OTHER_LOG: ['BAD_CURSOR', 'This is not a cursor of this log.'],
  OTHER_FILTER: ['BAD_CURSOR', 'The cursor was made with another filter.'],
  OTHER_ORDER: ['BAD_CURSOR', 'The cursor belongs to a page in another order.'],
  OTHER_GENERATION: ['LOG_RESTORED', undefined],
} as const;

function openQueryCursor(cursors: Cursors, cursor: string, scope: CursorScope, path: string): CursorPlace {
  const place = cursors.open(cursor, scope);
  if (typeof place !== 'string') return place;
  const [code, message] = problems[place];
  throw new AnnalsError(code, { path, ...(message === undefined ? {} : { message: `${path}: ${message}` }) });
}

/**
 * The head as the page’s own statement saw it, where the page reaches the new end of the log: its newest entry, or the
 * cursor it began at when nothing matched beyond. A later statement could see an entry that the page did not have.
 */
function headOf(
  page: PageArguments,
  direction: 'ASC' | 'DESC',
  extent: Extent,
  found: Page,
): CursorPlace | { readonly cursor: string } | 'unknown' {
  const descending = direction === 'DESC';
  const bound = (descending ? page.after : page.before) ?? null;
  const reached =
    extent.forward === descending ? extent.count > 0 : !(descending ? found.hasPreviousPage : found.hasNextPage);
  if (bound !== null || !reached) return 'unknown';
  const newest = descending ? found.entries[0] : found.entries.at(-1);
  if (newest !== undefined) return placeOf(newest);
  const cursor = (descending ? page.before : page.after) ?? null;
  return cursor === null ? start : { cursor };
}

export function openQuery(deps: QueryDeps, limits: FilterLimits & StatisticsLimits): Query {
  const { store, visibility, cursors } = deps;

  const resolverOf = (principal: Principal): Resolver => ({
    hiddenFields: principal.role.hiddenFields,
    catalogue: deps.catalogue,
    actionNumber: deps.actionNumber,
    async actors(ids) {
      const stored = await store.findActors(principal.organization, ids.filter(isStorable));
      const found = Map.groupBy(stored, (actor) => actor.externalId);
      return new Map([...found].map(([id, actors]) => [id, actors.map((actor) => actor.number)]));
    },
    async directories(ids) {
      const found = await store.findDirectories(principal.organization, ids.filter(isStorable));
      return new Map(found.map((directory) => [directory.externalId, directory.number]));
    },
    under: (directories) => visibility.under(principal, directories),
    now: deps.now(),
    async requireTexts() {
      if (!(await store.lacksTexts(principal.organization))) return;
      deps.onTextsMissing(principal.organization);
      throw new AnnalsError('TEXT_NOT_READY', { path: 'filter', retryAfterMs: textRetryMs });
    },
  });

  /** Of the log’s own order. */
  const scopeOf = (principal: Principal, filter: LogFilter | null | undefined): CursorScope => ({
    organizationUid: principal.organizationUid,
    generation: principal.generation,
    filter: filterIdentity(filter),
  });

  /** Filter and visibility together: the only predicate that entries are read with. */
  const resolve = async (
    principal: Principal,
    filter: LogFilter | null | undefined,
    resolver = resolverOf(principal),
  ) => {
    requirePermission(principal, 'READ');
    const [sight, wanted] = await Promise.all([visibility.sightOf(principal), compileFilter(filter, resolver, limits)]);
    return {
      sight,
      predicate: both(sight.predicate, wanted.predicate),
      relative: wanted.relative,
      scope: scopeOf(principal, filter),
    };
  };

  const locate = async (
    principal: Principal,
    cursor: string,
    scope: CursorScope,
    predicate: Predicate,
    path: string,
  ): Promise<LocatedEntry> => {
    const place = openQueryCursor(cursors, cursor, scope, path);
    if (place.kind === 'time') {
      const { recordedAt } = place;
      return { place: { recordedAt, position: -1 }, occurredAt: recordedAt, matched: false };
    }
    const found = await store.locateEntry(principal.organization, place.recordedAt, place.id, predicate);
    if (found === null) throw new AnnalsError('HISTORY_CLEARED', { path });
    return found;
  };

  const newest = async (principal: Principal, predicate: Predicate, upTo: LogPlace | null): Promise<CursorPlace> => {
    const before = upTo === null ? null : { recordedAt: upTo.recordedAt, position: upTo.position + 1 };
    const [entry] = await store.readPage({
      organization: principal.organization,
      predicate,
      direction: 'DESC',
      after: null,
      before,
      limit: 1,
    });
    return entry === undefined ? start : placeOf(entry);
  };

  const entriesOf = async (principal: Principal, ids: readonly string[]): Promise<Entry[]> => {
    const sight = await visibility.sightOf(principal);
    if (sight.nothing) return [];
    const entries = await store.readByIds(principal.organization, ids, sight.predicate);
    return entries.map((entry) => redact(entry, sight.hiddenFields));
  };

  const logs: Query['logs'] = async (principal, page) => {
    const extent = extentOf(page);
    const { direction: wanted, order: wantedOrder } = page;
    const [direction, order] = [wanted ?? 'DESC', wantedOrder ?? 'RECORDED_AT'];
    const { predicate, scope } = await resolve(principal, page.filter);
    const listScope = { ...scope, order };
    const bound = (cursor: string | null | undefined, path: string) =>
      typeof cursor === 'string' ? locate(principal, cursor, listScope, predicate, path) : null;
    const [after, before] = await Promise.all([bound(page.after, 'after'), bound(page.before, 'before')]);
    const { organization } = principal;
    // Nothing that is recorded after this is missed by a stream from here, and all of before is on the first page’s list.
    const early =
      order === 'OCCURRED_AT' && after === null && before === null ? await newest(principal, predicate, null) : null;
    const found = await readList(store, { organization, predicate, order }, { direction, after, before, extent });
    const head = order === 'OCCURRED_AT' ? (early ?? 'unknown') : headOf(page, direction, extent, found);
    const sealed = cursors.sealAll(found.entries.map(placeOf), listScope);
    return {
      edges: found.entries.map((entry, index) => ({
        cursor: sealed[index] ?? '',
        entry: redact(entry, principal.role.hiddenFields),
      })),
      hasNextPage: found.hasNextPage,
      hasPreviousPage: found.hasPreviousPage,
      async headCursor() {
        if (head === 'unknown') return cursors.seal(await newest(principal, predicate, null), scope);
        return 'cursor' in head ? head.cursor : cursors.seal(head, scope);
      },
      async totalCount() {
        const count = await store.countEntries(organization, predicate, countCap + 1);
        return { count: Math.min(count, countCap), exact: count <= countCap };
      },
    };
  };

  return {
    ...openStatistics({ ...deps, names: openNames(store), resolve }, limits),
    ...openQuestions({ ...deps, resolve, logs, rollUps: limits.statisticsRollUps === 'on' }),
    logs,

    async place(principal, id, filter) {
      const { scope } = await resolve(principal, filter);
      const [entry] = await entriesOf(principal, [id]);
      return entry === undefined ? null : { entry, cursor: cursors.seal(placeOf(entry), scope) };
    },

    entries: entriesOf,

    async actor(principal, type, externalId) {
      const { sight } = await resolve(principal, null);
      const stored = await store.findActors(principal.organization, [externalId].filter(isStorable));
      const found = stored.find((actor) => actor.type === type);
      if (found === undefined) return null;
      const only = { only: [found.number], search: null, limit: 1 };
      return (await store.searchActors(principal.organization, seenBy(sight), only))[0] ?? null;
    },

    async directory(principal, externalId) {
      const { sight } = await resolve(principal, null);
      const [found] = await store.findDirectories(principal.organization, [externalId].filter(isStorable));
      if (found === undefined) return null;
      const only = { known: knownOf(sight), within: [found.number], search: null, limit: 1 };
      return (await store.searchDirectories(principal.organization, sight.predicate, only))[0] ?? null;
    },

    async actors(principal, { search, first }) {
      const { count: limit } = extentOf({ first: first ?? defaultPicker });
      const { sight } = await resolve(principal, null);
      if (!isStorable(search ?? '')) return [];
      return store.searchActors(principal.organization, seenBy(sight), { only: null, search: search ?? null, limit });
    },

    async directories(principal, { search, under, first }) {
      const { count: limit } = extentOf({ first: first ?? defaultPicker });
      const { sight } = await resolve(principal, null);
      if (!isStorable(search ?? '')) return [];
      const within = typeof under === 'string' ? await resolverOf(principal).directories([under]) : null;
      return store.searchDirectories(principal.organization, sight.predicate, {
        known: knownOf(sight),
        within: within === null ? null : [...(await visibility.under(principal, [...within.values()]))],
        search: search ?? null,
        limit,
      });
    },

    async checkFilter(principal, filter) {
      requirePermission(principal, 'READ');
      const nothing: Pick<Resolver, 'actors' | 'directories' | 'under' | 'requireTexts'> = {
        actors: async () => new Map(),
        directories: async () => new Map(),
        under: async () => new Set(),
        async requireTexts() {},
      };
      await compileFilter(filter, { ...resolverOf(principal), ...nothing }, limits);
    },

    async stream(principal, filter) {
      const resolver = resolverOf(principal);
      let people: string | null = null;
      const actors: Resolver['actors'] = async (ids) => {
        const found = await resolver.actors(ids);
        people = [...found.values()]
          .flat()
          .sort((a, b) => a - b)
          .join();
        return found;
      };
      const { predicate, sight, relative, scope } = await resolve(principal, filter, { ...resolver, actors });
      return {
        predicate,
        sight,
        people,
        renewAt: relative ? resolver.now + renewMs : null,
        seal: (place) => cursors.seal(place, scope),
        open: async (cursor) => (await locate(principal, cursor, scope, predicate, 'after')).place,
        newest: (upTo) => newest(principal, predicate, upTo),
      };
    },
  };
}
