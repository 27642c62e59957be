/** One subscriber: pulls from the log at its own pace, history from the database and the rest from the shared tail. */
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { Principal } from '../auth/auth.ts';
import { AnnalsError } from '../errors.ts';
import { type LogTail, nowhere, type TailState } from '../log/log.ts';
import type { Entry, LogPlace } from '../model/entry.ts';
import { matches } from '../model/predicate.ts';
import { redact } from '../model/redact.ts';
import type { LogFilter } from '../query/query.ts';
import type { Store } from '../store/store.ts';
import { type Alarm, openAlarm } from './alarm.ts';
import type { LiveBatch, LiveNotice, Renewals } from './live.ts';
import { newer, Rights, type RightsDeps, type Versions } from './rights.ts';

/** Most entries of one batch. */
export const batchEntries = 500;
/** How many entries of the shared tail one step looks through before it lets others run. */
const stepEntries = 2000;
/** Rights read longer ago than this are not acted on: the stream waits until the tail has been read again. */
export const staleRightsMs = 2000;
/** After a read that the database did not answer. */
const retryMs = 250;

export interface StreamDeps extends RightsDeps {
  readonly store: Pick<Store, 'readHistory'>;
}

export interface StreamRequest {
  readonly principal: Principal;
  readonly after: string | null;
  readonly filter: LogFilter | null;
  readonly renewals: Renewals | null;
}

/** What a stream found after its place: how far it looked, and whether more visible entries follow there. */
interface Found {
  readonly entries: readonly Entry[];
  readonly place: LogPlace;
  readonly more: boolean;
}

const fresh = ({ readAt }: Pick<TailState, 'readAt'>) => performance.now() - readAt < staleRightsMs;
/** Versions that no tail comes to see. */
const never: Versions = { rightsVersion: Number.POSITIVE_INFINITY, treeVersion: 0 };
const ends = (notice: LiveNotice | null) => notice !== null && notice.code !== 'RIGHTS_CHANGED';
const expiry: LiveNotice = { code: 'UNAUTHENTICATED', message: 'The credential has expired.' };
const placeOf = ({ recordedAt, position }: LogPlace): LogPlace => ({ recordedAt, position });

/** Ends after a notice that says why; throws what refuses the request, and the signal’s reason. */
export async function* stream(
  deps: StreamDeps,
  tail: LogTail,
  request: StreamRequest,
  signal: AbortSignal,
): AsyncGenerator<LiveBatch, void, void> {
  using follower = await Follower.open(deps, tail, request, signal);
  for (;;) {
    signal.throwIfAborted();
    let batch: LiveBatch | null = null;
    try {
      batch = await follower.step();
    } catch (error) {
      if (!(error instanceof AnnalsError) || error.code !== 'UNAVAILABLE') throw error;
      // Nothing moved: the same step is taken again.
      await delay(retryMs, undefined, { signal });
    }
    if (batch === null) continue;
    yield batch;
    if (ends(batch.notice)) return;
  }
}

class Follower {
  private readonly deps: StreamDeps;
  private readonly tail: LogTail;
  private readonly rights: Rights;
  private readonly alarm: Alarm;
  private readonly renewals: Disposable | undefined;
  /** Everything visible up to here was delivered. */
  private place: LogPlace;
  private cursor: string;
  /** When what the cursor names was recorded: a heartbeat’s cursor must not lie before it. */
  private cursorTime: number;
  private closedSeen: number;
  /** When the rights that the batch under way is chosen by were read, in milliseconds of the process’s clock. */
  private asOf = 0;
  /** The first batch comes at once. With history to deliver it carries its beginning; else it says where the stream stands. */
  private first = true;
  private caughtUp = false;
  private delivered = false;

  private constructor(
    deps: StreamDeps,
    tail: LogTail,
    rights: Rights,
    at: { place: LogPlace; cursor: string; time: number },
    control: { readonly signal: AbortSignal; readonly renewals: Renewals | null },
  ) {
    this.deps = deps;
    this.tail = tail;
    this.rights = rights;
    this.alarm = openAlarm(control.signal, deps.now);
    const { renewals } = control;
    // One that came before the stream was open, too.
    if (renewals !== null && renewals.newest !== null) rights.replace(renewals.newest);
    this.renewals = renewals?.listen((principal) => {
      rights.replace(principal);
      this.alarm.ring();
    });
    this.place = at.place;
    this.cursor = at.cursor;
    this.cursorTime = at.time;
    this.closedSeen = tail.state.closed?.recordedAt ?? 0;
  }

  static async open(deps: StreamDeps, tail: LogTail, request: StreamRequest, signal: AbortSignal): Promise<Follower> {
    const state = await tail.ready(signal);
    const rights = await Rights.open(deps, request, state);
    const control = { signal, renewals: request.renewals };
    if (request.after !== null) {
      const place = await rights.query.open(request.after);
      return new Follower(deps, tail, rights, { place, cursor: request.after, time: place.recordedAt }, control);
    }
    const newest = await rights.query.newest(state.end);
    const cursor = rights.query.seal(newest);
    return new Follower(deps, tail, rights, { place: state.end, cursor, time: newest.recordedAt }, control);
  }

  /** The next batch; null when there is none yet, after waiting where there was nothing to do. */
  async step(): Promise<LiveBatch | null> {
    this.alarm.set(this.rights.expiresAt);
    if (this.rights.expired) return this.batch([], this.caughtUp, expiry);
    const { state } = this.tail;
    if (!fresh(state)) {
      await this.changed();
      return null;
    }
    this.asOf = state.readAt;
    if (this.rights.outdated(state)) {
      const notice = await this.rights.renew(state);
      return notice === null ? null : this.batch([], this.caughtUp, notice);
    }
    const near = this.inMemory(1);
    if (near !== null && near.length === 0) return this.quiet(state);
    const found = near === null ? await this.readDatabase() : await this.readMemory();
    // What was found when the credential had expired is not delivered.
    if (found === null || this.rights.expired || !this.stillRight()()) return null;
    this.place = found.place;
    if (found.entries.length === 0 && !this.first) return null;
    return this.batch(found.entries, !found.more, null);
  }

  private batch(entries: readonly Entry[], caughtUp: boolean, notice: LiveNotice | null): LiveBatch {
    const last = entries.at(-1);
    if (last !== undefined) {
      this.cursor = this.rights.query.seal({ kind: 'entry', recordedAt: last.recordedAt, id: last.id });
      this.cursorTime = last.recordedAt;
      this.delivered = true;
    }
    if (notice === null) this.first = false;
    this.caughtUp = caughtUp;
    const { principal, query } = this.rights;
    const shown = entries.map((entry) => redact(entry, query.sight.hiddenFields));
    const current = entries.length === 0 ? () => true : this.stillRight();
    return { entries: shown, cursor: this.cursor, caughtUp, notice, principal, current };
  }

  /**
   * Whether what is chosen now may be shown, at any later time: under rights read just then, or that are those of today. A
   * folder that entries name for the first time hides nothing that was seen.
   */
  private stillRight(): () => boolean {
    const { asOf: readAt, tail } = this;
    const { rightsVersion } = this.rights.principal;
    return () => fresh({ readAt }) || (fresh(tail.state) && tail.state.rightsVersion <= rightsVersion);
  }

  /** At the end of the log: says so once, then gives a fresh cursor whenever the log closed a time. */
  private async quiet({ closed }: TailState): Promise<LiveBatch | null> {
    if (this.first || !this.caughtUp) return this.batch([], true, null);
    if (closed === null || closed.recordedAt <= this.closedSeen || this.place.position < closed.position) {
      await this.changed();
      return null;
    }
    this.closedSeen = closed.recordedAt;
    const { delivered } = this;
    this.delivered = false;
    // A stream that delivered since the last tick has a fresh cursor already; one that delivered what was recorded after
    // the closed time would go back by it.
    if (delivered || closed.recordedAt <= this.cursorTime) return null;
    this.cursor = this.rights.query.seal({ kind: 'time', recordedAt: closed.recordedAt });
    this.cursorTime = closed.recordedAt;
    return this.batch([], true, null);
  }

  /** From memory; null where that does not reach back. A closed time is no place between entries: the database knows. */
  private inMemory(limit: number, place = this.place): readonly Entry[] | null {
    return place.position < 0 && place.recordedAt > 0 ? null : this.tail.after(place, limit);
  }

  /** Null when the rights moved on meanwhile. */
  private async readMemory(): Promise<Found | null> {
    const { predicate } = this.rights.query;
    const entries: Entry[] = [];
    let { place } = this;
    for (;;) {
      const near = this.inMemory(stepEntries, place);
      if (near === null) return { entries, place, more: true };
      for (const entry of near) {
        if (matches(predicate, entry)) {
          if (entries.length === batchEntries) return { entries, place, more: true };
          entries.push(entry);
        }
        place = placeOf(entry);
      }
      if (near.length < stepEntries) return { entries, place, more: false };
      await nextTurn();
      if (this.rights.outdated(this.tail.state)) return null;
    }
  }

  /** Null when the rights, or what the filter’s names stand for, moved on under this page: it is read again with them. */
  private async readDatabase(): Promise<Found | null> {
    const { principal, query } = this.rights;
    const { organization } = principal;
    const page = await this.deps.store.readHistory(organization, this.place, query.predicate, batchEntries + 1);
    if (page === null || newer(page, principal)) {
      await this.versionSeen(page ?? never);
      return null;
    }
    if (await this.rights.namesMoved()) return null;
    const entries = page.entries.slice(0, batchEntries);
    const more = page.entries.length > entries.length;
    const last = entries.at(-1);
    return { entries, more, place: more && last !== undefined ? placeOf(last) : (page.end ?? nowhere) };
  }

  /** Waits for the log to move; true when it was the alarm that ended the wait. */
  private changed(): Promise<boolean> {
    return this.alarm.wait((signal) => this.tail.changed(signal));
  }

  /** Waits until the shared tail has seen these versions, or the alarm rings. */
  private async versionSeen(versions: Versions): Promise<void> {
    while (newer(versions, this.tail.state)) if (await this.changed()) return;
  }

  [Symbol.dispose](): void {
    this.alarm[Symbol.dispose]();
    this.renewals?.[Symbol.dispose]();
  }
}
