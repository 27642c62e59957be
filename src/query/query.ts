/** Filter and visibility to pages, counts and the pickers’ values. Every read of entries here passes a visibility. */
import { type Principal, requirePermission } from '../auth/auth.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { AnnalsError } from '../errors.ts';
import type { CursorPlace, CursorScope, Cursors } from '../model/cursor.ts';
import type { ActorType, Entry, LogPlace } from '../model/entry.ts';
import { both, type Predicate } from '../model/predicate.ts';
import type { Store, StoredActor, StoredDirectoryName } from '../store/store.ts';
import type { Sight, Visibility } from '../visibility/visibility.ts';
import { compileFilter, type FilterLimits, filterIdentity, type Resolver } from './compile.ts';
import type { LogFilter } from './filter.ts';
import { type Bound, extentOf, pageLimit, readSpan } from './page.ts';

export type { LogFilter } from './filter.ts';

/** Relay’s arguments; `first` and `last` count entries. */
export interface PageArguments {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
  readonly filter?: LogFilter | null;
  /** By recordedAt; DESC (newest first) unless stated. */
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

export interface Query {
  /** A page of the log. Errors: BAD_INPUT, BAD_CURSOR, PAGE_TOO_LARGE, QUERY_TOO_LARGE, FORBIDDEN, HISTORY_CLEARED. */
  logs(principal: Principal, page: PageArguments): Promise<LogPage>;
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
  /** What a live stream follows: the filter, the visibility, and where cursors lead. */
  stream(principal: Principal, filter: LogFilter | null | undefined): Promise<StreamQuery>;
}

/** A filter resolved for one principal, for reading on in the order of the log. */
export interface StreamQuery {
  /** Filter and visibility. */
  readonly predicate: Predicate;
  readonly sight: Sight;
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
  readonly visibility: Visibility;
  readonly cursors: Cursors;
}

/** Counts stop here and say that they did. */
export const countCap = 10_000;

/** Before everything ever recorded: the place of a log in which nothing matches yet. */
const start: CursorPlace = { kind: 'time', recordedAt: 0 };

const placeOf = (entry: Entry): CursorPlace => ({ kind: 'entry', recordedAt: entry.recordedAt, id: entry.id });

const problems = {
  NOT_A_CURSOR: ['BAD_CURSOR', 'This is not a cursor of this server.'],
  OTHER_LOG: ['BAD_CURSOR', 'This is not a cursor of this log.'],
  OTHER_FILTER: ['BAD_CURSOR', 'The cursor was made with another filter.'],
  OTHER_GENERATION: ['LOG_RESTORED', undefined],
} as const;

function openQueryCursor(cursors: Cursors, cursor: string, scope: CursorScope, path: string): CursorPlace {
  const place = cursors.open(cursor, scope);
  if (typeof place !== 'string') return place;
  const [code, message] = problems[place];
  throw new AnnalsError(code, { path, ...(message === undefined ? {} : { message: `${path}: ${message}` }) });
}

export function openQuery(deps: QueryDeps, limits: FilterLimits): Query {
  const { store, visibility, cursors } = deps;

  const resolverOf = (principal: Principal): Resolver => ({
    catalogue: deps.catalogue,
    actionNumber: deps.actionNumber,
    async actors(ids) {
      const found = Map.groupBy(await store.findActors(principal.organization, ids), (actor) => actor.externalId);
      return new Map([...found].map(([id, actors]) => [id, actors.map((actor) => actor.number)]));
    },
    async directories(ids) {
      const found = await store.findDirectories(principal.organization, ids);
      return new Map(found.map((directory) => [directory.externalId, directory.number]));
    },
    under: (directories) => visibility.under(principal, directories),
  });

  const scopeOf = (principal: Principal, filter: LogFilter | null | undefined): CursorScope => ({
    organizationUid: principal.organizationUid,
    generation: principal.generation,
    filter: filterIdentity(filter),
  });

  /** Filter and visibility together: the only predicate that entries are read with. */
  const resolve = async (principal: Principal, filter: LogFilter | null | undefined) => {
    requirePermission(principal, 'READ');
    const [sight, wanted] = await Promise.all([
      visibility.sightOf(principal),
      compileFilter(filter, resolverOf(principal), limits),
    ]);
    return { sight, predicate: both(sight.predicate, wanted), scope: scopeOf(principal, filter) };
  };

  const locate = async (
    principal: Principal,
    cursor: string,
    scope: CursorScope,
    predicate: Predicate,
    path: string,
  ): Promise<Bound> => {
    const place = openQueryCursor(cursors, cursor, scope, path);
    if (place.kind === 'time') return { place: { recordedAt: place.recordedAt, position: -1 }, matched: false };
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

  return {
    async logs(principal, page) {
      const extent = extentOf(page);
      const direction = page.direction ?? 'DESC';
      const { predicate, scope } = await resolve(principal, page.filter);
      const bound = (cursor: string | null | undefined, path: string) =>
        typeof cursor === 'string' ? locate(principal, cursor, scope, predicate, path) : null;
      const [after, before] = await Promise.all([bound(page.after, 'after'), bound(page.before, 'before')]);
      const { organization } = principal;
      const found = await readSpan(store, { organization, predicate, direction, after, before, extent });
      const newestFirst =
        direction === 'DESC' && extent.forward && after === null && before === null && extent.count > 0;
      return {
        edges: found.entries.map((entry) => ({ cursor: cursors.seal(placeOf(entry), scope), entry })),
        hasNextPage: found.hasNextPage,
        hasPreviousPage: found.hasPreviousPage,
        async headCursor() {
          // The first page of a newest-first list begins with the head: no other statement can lie between them.
          const [first] = found.entries;
          const known = newestFirst
            ? first === undefined
              ? start
              : placeOf(first)
            : await newest(principal, predicate, null);
          return cursors.seal(known, scope);
        },
        async totalCount() {
          const count = await store.countEntries(organization, predicate, countCap + 1);
          return { count: Math.min(count, countCap), exact: count <= countCap };
        },
      };
    },

    async entries(principal, ids) {
      const sight = await visibility.sightOf(principal);
      return sight.nothing ? [] : store.readByIds(principal.organization, ids, sight.predicate);
    },

    async actor(principal, type, externalId) {
      const { predicate } = await resolve(principal, null);
      const found = (await store.findActors(principal.organization, [externalId])).find((actor) => actor.type === type);
      if (found === undefined) return null;
      const only = new Set([found.number]);
      const named: Predicate = {
        op: 'or',
        of: [
          { op: 'in', field: 'actor', values: only },
          { op: 'in', field: 'affectedUser', values: only },
        ],
      };
      return (await store.countEntries(principal.organization, both(predicate, named), 1)) > 0 ? found : null;
    },

    async directory(principal, externalId) {
      const { predicate, sight } = await resolve(principal, null);
      const [found] = await store.findDirectories(principal.organization, [externalId]);
      if (found === undefined || sight.everything || sight.directories.has(found.number)) return found ?? null;
      const inside: Predicate = { op: 'in', field: 'directory', values: new Set([found.number]) };
      return (await store.countEntries(principal.organization, both(predicate, inside), 1)) > 0 ? found : null;
    },

    async actors(principal, { search, first }) {
      const { predicate } = await resolve(principal, null);
      return store.searchActors(
        principal.organization,
        predicate,
        search ?? null,
        extentOf({ first: first ?? pickerPage }).count,
      );
    },

    async directories(principal, { search, under, first }) {
      const { predicate, sight } = await resolve(principal, null);
      const within = typeof under === 'string' ? await resolverOf(principal).directories([under]) : null;
      return store.searchDirectories(principal.organization, predicate, {
        granted: sight.everything ? null : [...sight.directories],
        within: within === null ? null : [...(await visibility.under(principal, [...within.values()]))],
        search: search ?? null,
        limit: extentOf({ first: first ?? pickerPage }).count,
      });
    },

    async stream(principal, filter) {
      const { predicate, sight, scope } = await resolve(principal, filter);
      return {
        predicate,
        sight,
        seal: (place) => cursors.seal(place, scope),
        open: async (cursor) => (await locate(principal, cursor, scope, predicate, 'after')).place,
        newest: (upTo) => newest(principal, predicate, upTo),
      };
    },
  };
}

/** How many values a picker offers unless asked. */
const pickerPage = Math.min(100, pageLimit);
