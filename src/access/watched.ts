/** The gates: every way to entries, with the access that it is. A new function of a module does not compile until it is decided here. */
import type { Auth, Principal } from '../auth/auth.ts';
import { AnnalsError } from '../errors.ts';
import type { Live, LiveBatch } from '../live/live.ts';
import type { LogPage, Query } from '../query/query.ts';
import type { Access, Accessed, Client } from './access.ts';

/** Reads first: a refused or failed read shows nothing. What was read is given out once the access is recorded. */
async function watch<T>(
  access: Access,
  principal: Principal,
  accessed: Accessed,
  read: () => Promise<T>,
  count: (result: T) => number,
): Promise<T> {
  let result: T;
  try {
    result = await read();
  } catch (error) {
    await refuse(access, principal, error, accessed);
    throw error;
  }
  const recorded = access.note(principal, 'READ', { ...accessed, entries: count(result) });
  if (recorded !== undefined) await recorded;
  return result;
}

async function refuse(access: Access, principal: Principal, error: unknown, accessed: Accessed): Promise<void> {
  if (!(error instanceof AnnalsError)) return;
  const lacking = error.code === 'FORBIDDEN' && !principal.role.permissions.has('READ');
  await access.refused(principal, error, lacking ? { ...accessed, permission: 'READ' } : accessed);
}

const none = () => 0;
const shown = ({ edges }: LogPage) => edges.length;

/** The same query; what it shows is recorded as read. */
export function watchedQuery(query: Query, access: Access): Query {
  if (!access.enabled) return query;
  return {
    logs: (principal, page) => {
      const accessed = { operation: 'logs', filter: page.filter ?? null };
      return watch(access, principal, accessed, () => query.logs(principal, page), shown);
    },
    history: (principal, of, page) => {
      const accessed = { operation: 'history', filter: page.filter ?? null };
      return watch(access, principal, accessed, () => query.history(principal, of, page), shown);
    },
    accountChanges: (principal, member, page) => {
      const accessed = { operation: 'accountChanges', filter: page.filter ?? null };
      return watch(access, principal, accessed, () => query.accountChanges(principal, member, page), shown);
    },
    place: (principal, id, filter) =>
      watch(
        access,
        principal,
        { operation: 'logsAround', filter: filter ?? null },
        () => query.place(principal, id, filter),
        (found) => (found === null ? 0 : 1),
      ),
    entries: (principal, ids) =>
      watch(
        access,
        principal,
        { operation: 'log' },
        () => query.entries(principal, ids),
        ({ length }) => length,
      ),
    // Actors and directories are known from entries, and are none.
    actor: (principal, type, id) =>
      watch(access, principal, { operation: 'actor' }, () => query.actor(principal, type, id), none),
    directory: (principal, id) =>
      watch(access, principal, { operation: 'directory' }, () => query.directory(principal, id), none),
    actors: (principal, options) =>
      watch(access, principal, { operation: 'actors' }, () => query.actors(principal, options), none),
    directories: (principal, options) =>
      watch(access, principal, { operation: 'directories' }, () => query.directories(principal, options), none),
    // Counts of entries, and none of them.
    statistics: (principal, request) => {
      const accessed = { operation: 'logStatistics', filter: request.filter ?? null };
      return watch(access, principal, accessed, () => query.statistics(principal, request), none);
    },
    filterValues: (principal, field, options) => {
      const accessed = { operation: 'filterValues', filter: options.filter ?? null };
      return watch(access, principal, accessed, () => query.filterValues(principal, field, options), none);
    },
    openedSecrets: (principal, asked) =>
      watch(access, principal, { operation: 'openedSecrets' }, () => query.openedSecrets(principal, asked), none),
    newValues: (principal, asked) =>
      watch(access, principal, { operation: 'newValues' }, () => query.newValues(principal, asked), none),
    stoppedActions: (principal, asked) => {
      const accessed = { operation: 'stoppedActions', filter: asked.filter ?? null };
      return watch(access, principal, accessed, () => query.stoppedActions(principal, asked), none);
    },
    activity: (principal, filter) =>
      watch(access, principal, { operation: 'activity', filter }, () => query.activity(principal, filter), none),
    // Shows nothing of the log.
    checkFilter: query.checkFilter,
    // Shows nothing itself: what a stream delivers is counted where it is delivered.
    stream: query.stream,
  };
}

/** The same streams; opening one is an access, and what it delivers is counted. */
export function watchedLive(live: Live, access: Access): Live {
  if (!access.enabled) return live;
  return {
    subscribe(principal, options) {
      const accessed: Accessed = { operation: 'logAdded', filter: options.filter ?? null };
      return watchStream(live.subscribe(principal, options), access, principal, accessed);
    },
    get streams() {
      return live.streams;
    },
    end: () => live.end(),
    [Symbol.asyncDispose]: () => live[Symbol.asyncDispose](),
  };
}

function watchStream(
  batches: AsyncIterableIterator<LiveBatch>,
  access: Access,
  principal: Principal,
  accessed: Accessed,
): AsyncIterableIterator<LiveBatch> {
  let first = true;
  const leave = async () => (await batches.return?.()) ?? { done: true as const, value: undefined };

  /** A stream that cannot be recorded ends before it showed anything. */
  const open = async (entries: number) => {
    first = false;
    try {
      await access.note(principal, 'LIVE', { ...accessed, entries });
    } catch (error) {
      await leave();
      throw error;
    }
  };

  return {
    async next() {
      let result: IteratorResult<LiveBatch>;
      try {
        result = await batches.next();
      } catch (error) {
        await refuse(access, principal, error, accessed);
        throw error;
      }
      if (result.done === true) return result;
      const { entries } = result.value;
      if (first) await open(entries.length);
      else access.delivered(principal, entries);
      return result;
    },
    return: leave,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** The same credentials; one that is known and refused is recorded. */
export function watchedAuthenticate(
  auth: Pick<Auth, 'authenticate' | 'refused'>,
  access: Access,
): (token: string, client?: Client) => Promise<Principal> {
  if (!access.enabled) return auth.authenticate;
  return async (token, client) => {
    try {
      return await auth.authenticate(token, client ?? null);
    } catch (error) {
      if (error instanceof AnnalsError && (error.code === 'UNAUTHENTICATED' || error.code === 'ADDRESS_NOT_ALLOWED')) {
        await access.signInRefused(token, error, client ?? null, auth.refused(error));
      }
      throw error;
    }
  };
}
