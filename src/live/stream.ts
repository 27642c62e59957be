/** One subscriber: pulls from the log at its own pace, history from the database and the rest from the shared tail. */
import type { Auth, Principal } from '../auth/auth.ts';
import { AnnalsError } from '../errors.ts';
import type { LogTail, TailState } from '../log/log.ts';
import type { Entry, LogPlace } from '../model/entry.ts';
import { matches } from '../model/predicate.ts';
import type { LogFilter, Query, StreamQuery } from '../query/query.ts';
import type { Store } from '../store/store.ts';
import type { LiveBatch, LiveNotice } from './live.ts';

/** Most entries of one batch. */
export const batchEntries = 500;
/** How many entries of the shared tail one step looks through before it lets others run. */
const stepEntries = 2000;
/** Rights read longer ago than this are not acted on: the stream waits until the tail has been read again. */
export const staleRightsMs = 2000;

export interface StreamDeps {
  readonly store: Pick<Store, 'readHistory'>;
  readonly query: Query;
  readonly auth: Pick<Auth, 'refresh'>;
}

export interface StreamRequest {
  readonly principal: Principal;
  readonly after: string | null;
  readonly filter: LogFilter | null;
}

const fresh = (state: TailState) => performance.now() - state.readAt < staleRightsMs;

/** What a stream reads with: renewed whenever the organization’s rights version moves on. */
class Rights {
  principal: Principal;
  query: StreamQuery;
  private readonly deps: StreamDeps;
  private readonly filter: LogFilter | null;

  private constructor(deps: StreamDeps, request: StreamRequest, query: StreamQuery) {
    this.deps = deps;
    this.filter = request.filter;
    this.principal = request.principal;
    this.query = query;
  }

  static async open(deps: StreamDeps, request: StreamRequest): Promise<Rights> {
    return new Rights(deps, request, await deps.query.stream(request.principal, request.filter));
  }

  /** Takes up the rights of today; the notice that the subscriber is owed, or null. */
  async renew(): Promise<LiveNotice | null> {
    const before = this.query.sight.fingerprint;
    try {
      this.principal = await this.deps.auth.refresh(this.principal);
      this.query = await this.deps.query.stream(this.principal, this.filter);
    } catch (error) {
      if (!(error instanceof AnnalsError) || (error.code !== 'UNAUTHENTICATED' && error.code !== 'FORBIDDEN'))
        throw error;
      return { code: error.code === 'FORBIDDEN' ? 'VISIBILITY_LOST' : 'UNAUTHENTICATED', message: error.message };
    }
    if (this.query.sight.nothing)
      return { code: 'VISIBILITY_LOST', message: 'Nothing of this log is visible any more.' };
    if (this.query.sight.fingerprint === before) return null;
    return {
      code: 'RIGHTS_CHANGED',
      message: 'Your rights changed: from here on this stream shows what you may see now.',
    };
  }
}

const ends = (notice: LiveNotice) => notice.code !== 'RIGHTS_CHANGED';

export async function* stream(
  deps: StreamDeps,
  tail: LogTail,
  request: StreamRequest,
  signal: AbortSignal,
): AsyncGenerator<LiveBatch, void, void> {
  let state = await tail.ready();
  const rights = await Rights.open(deps, request);
  let place: LogPlace;
  let cursor: string;
  if (request.after === null) {
    place = state.end;
    cursor = rights.query.seal(await rights.query.newest(place));
  } else {
    place = await rights.query.open(request.after);
    cursor = request.after;
  }
  let closedSeen = state.closed?.recordedAt ?? 0;
  let delivered = false;
  const batch = (entries: readonly Entry[], notice: LiveNotice | null): LiveBatch => {
    const last = entries.at(-1);
    if (last !== undefined) cursor = rights.query.seal({ kind: 'entry', recordedAt: last.recordedAt, id: last.id });
    delivered = true;
    return {
      entries,
      cursor,
      caughtUp: place.position >= tail.state.end.position,
      notice,
      principal: rights.principal,
    };
  };
  // The first batch comes at once. With history to deliver it carries its beginning; else it says where the stream stands.
  let first = true;

  for (;;) {
    state = tail.state;
    if (!fresh(state)) {
      await tail.changed(signal);
      continue;
    }
    if (state.rightsVersion > rights.principal.rightsVersion) {
      const notice = await rights.renew();
      if (notice !== null) {
        yield batch([], notice);
        if (ends(notice)) return;
      }
      continue;
    }

    const near = tail.after(place, stepEntries);
    if (near === null) {
      const { organization } = rights.principal;
      const history = await deps.store.readHistory(organization, place, rights.query.predicate, batchEntries);
      // Rights that moved on under this page are taken up first; the page is read again with them.
      if (history === null || history.rightsVersion > rights.principal.rightsVersion) {
        await awaitVersion(tail, history?.rightsVersion ?? 0, signal);
        continue;
      }
      const last = history.entries.at(-1);
      const full = history.entries.length === batchEntries;
      place = full && last !== undefined ? last : (history.end ?? place);
      if (history.entries.length > 0 || first) yield batch(history.entries, null);
      first = false;
      continue;
    }

    if (near.length > 0) {
      const found: Entry[] = [];
      for (const entry of near) {
        place = entry;
        if (matches(rights.query.predicate, entry)) found.push(entry);
        if (found.length === batchEntries) break;
      }
      if (found.length > 0 || first) yield batch(found, null);
      first = false;
      continue;
    }

    if (first) {
      first = false;
      yield batch([], null);
      continue;
    }
    const { closed } = state;
    if (closed !== null && closed.recordedAt > closedSeen && place.position >= closed.position) {
      closedSeen = closed.recordedAt;
      // A stream that delivered since the last tick has a fresh cursor already.
      if (!delivered) {
        cursor = rights.query.seal({ kind: 'time', recordedAt: closed.recordedAt });
        yield batch([], null);
      }
      delivered = false;
      continue;
    }
    await tail.changed(signal);
  }
}

/** Waits until the shared tail has seen a rights version. */
async function awaitVersion(tail: LogTail, version: number, signal: AbortSignal): Promise<void> {
  while (tail.state.rightsVersion < version) await tail.changed(signal);
}
