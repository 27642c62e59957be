/**
 * The shared tail of one organization’s log: one reader per process, however many follow. Reads in order after the last
 * position it knows, wakes on a hint, looks anyway twice a second, and keeps the newest entries in memory.
 */
import type { FaultReport } from '../errors.ts';
import type { Entry, LogPlace } from '../model/entry.ts';
import type { Store } from '../store/store.ts';
import type { Metrics } from '../telemetry/telemetry.ts';
import { type Loop, openLoop } from './loop.ts';

/** As of the newest successful read. */
export interface TailState {
  readonly rightsVersion: number;
  readonly treeVersion: number;
  readonly generation: number;
  /** Grows whenever an entry names an actor that the tail had not met: ids in filters may stand for more then. */
  readonly people: number;
  /** The newest entry’s place; position -1 in an empty log. */
  readonly end: LogPlace;
  /** When that read began, in milliseconds of the process’s clock; rights older than this are not acted on. */
  readonly readAt: number;
  /**
   * A time that the log has closed: everything recorded before it lies at or before `position`. Renewed on a fixed timer,
   * so that a quiet stream can be given a fresh cursor that says nothing about entries it may not see.
   */
  readonly closed: { readonly recordedAt: number; readonly position: number } | null;
}

export interface LogTail extends Disposable {
  /** The state once the first read succeeded; rejects with the signal’s reason. */
  ready(signal: AbortSignal): Promise<TailState>;
  readonly state: TailState;
  /**
   * Entries after a place, from memory, at most `limit`; null when memory does not reach back that far. The place is that
   * of an entry, or the beginning of the log.
   */
  after(place: LogPlace, limit: number): readonly Entry[] | null;
  /** Resolves at the next change of the state, or rejects with the signal’s reason. */
  changed(signal: AbortSignal): Promise<void>;
}

export interface TailOptions {
  /** Newest entries kept in memory. */
  readonly bufferEntries: number;
  /** Interval of the timer behind `closed`, in milliseconds. */
  readonly closeEveryMs: number;
}

export interface TailDeps {
  readonly store: Pick<Store, 'readTail' | 'readHead' | 'raiseRecordedFloor' | 'hints'>;
  /** The log’s clock, milliseconds. */
  readonly now: () => number;
  readonly fault: FaultReport;
  readonly metrics: Metrics;
}

/**
 * Without any hint the tail is read this often: a lost notification costs this much latency. A change of rights takes effect
 * within a second, and what follows the look takes time, too.
 */
const pollMs = 500;
/** After a failed read. */
const retryMs = 250;
const readLimit = 2000;
/** Most actors remembered as met; meeting one anew costs its filters one look-up more. */
const mostPeople = 100_000;

/** The beginning of every log. */
export const nowhere: LogPlace = { recordedAt: 0, position: -1 };

class Tail {
  private entries: Entry[] = [];
  private readonly met = new Set<number>();
  private gate = Promise.withResolvers<void>();
  private current: TailState | null = null;
  private closing = false;
  private stopped = false;
  private readonly openedAt = performance.now();
  private readonly loop: Loop;
  private closer: NodeJS.Timeout | undefined;
  private readonly deps: TailDeps;
  private readonly organization: number;
  private readonly options: TailOptions;
  followers = 0;

  constructor(deps: TailDeps, organization: number, options: TailOptions) {
    this.deps = deps;
    this.organization = organization;
    this.options = options;
    this.closer = setInterval(() => void this.close(), options.closeEveryMs);
    // After a failed read the state stays as it was and grows old, which its readers notice.
    this.loop = openLoop(() => this.read(), { name: 'live tail', everyMs: pollMs, retryMs, fault: deps.fault });
    this.wake();
  }

  get state(): TailState {
    if (this.current === null) throw new TypeError('the tail has not been read yet');
    return this.current;
  }

  /** Milliseconds since the last successful read, or since it was opened. */
  get age(): number {
    return performance.now() - (this.current?.readAt ?? this.openedAt);
  }

  async ready(signal: AbortSignal): Promise<TailState> {
    while (this.current === null) await this.changed(signal);
    return this.current;
  }

  after(place: LogPlace, limit: number): readonly Entry[] | null {
    const { end } = this.state;
    if (place.position >= end.position) return [];
    const first = this.entries[0];
    if (first === undefined || first.position > place.position + 1) return null;
    const from = place.position + 1 - first.position;
    return this.entries.slice(from, from + limit);
  }

  changed(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    void this.gate.promise.then(resolve);
    return promise.finally(() => signal.removeEventListener('abort', abort));
  }

  wake(): void {
    this.loop.wake();
  }

  stop(): void {
    this.stopped = true;
    void this.loop.stop();
    clearInterval(this.closer);
  }

  /** Reads once; true when there is more. */
  private async read(): Promise<boolean> {
    const readAt = performance.now();
    const before = this.current;
    const { store } = this.deps;
    const tail =
      before === null
        ? await store.readHead(this.organization)
        : await store.readTail(this.organization, before.end, readLimit);
    if (tail === null) throw new TypeError(`organization ${this.organization} has no log`);
    const { rightsVersion, treeVersion, generation, entries } = tail;
    const end = tail.end ?? before?.end ?? nowhere;
    const people = (before?.people ?? 0) + this.meet(entries);
    // `closed` is another reader’s and may have moved on while this one waited.
    const versions = { rightsVersion, treeVersion, generation };
    this.current = { ...versions, people, end, readAt, closed: this.current?.closed ?? null };
    this.keep(entries);
    const news =
      before === null ||
      entries.length > 0 ||
      before.rightsVersion !== rightsVersion ||
      before.treeVersion !== treeVersion ||
      before.generation !== generation;
    if (news || performance.now() - before.readAt > 2 * pollMs) this.tell();
    return entries.length === readLimit;
  }

  /** How many actors the entries name that were not met before. */
  private meet(entries: readonly Entry[]): number {
    if (this.met.size > mostPeople) this.met.clear();
    const before = this.met.size;
    for (const { actor, affectedUser } of entries) {
      if (actor !== null) this.met.add(actor);
      if (affectedUser !== null) this.met.add(affectedUser);
    }
    return this.met.size - before;
  }

  private keep(entries: readonly Entry[]): void {
    this.entries.push(...entries);
    const over = this.entries.length - this.options.bufferEntries;
    // Cut in larger steps: each cut copies the array.
    if (over > this.options.bufferEntries / 4) this.entries = this.entries.slice(over);
  }

  /** Closes the past and then reads up to it, so that `closed.position` covers everything before `closed.recordedAt`. */
  private async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    try {
      const recordedAt = await this.deps.store.raiseRecordedFloor(this.organization, this.deps.now());
      const head = await this.deps.store.readHead(this.organization);
      if (this.current === null || head === null || this.stopped) return;
      this.current = { ...this.current, closed: { recordedAt, position: head.end?.position ?? -1 } };
      this.tell();
      this.deps.fault('live heartbeat', null);
    } catch (error) {
      // The streams keep their last cursor, and the next tick tries again.
      this.deps.fault('live heartbeat', error);
    } finally {
      this.closing = false;
    }
  }

  private tell(): void {
    const { resolve } = this.gate;
    this.gate = Promise.withResolvers<void>();
    resolve();
  }
}

export interface Tails extends Disposable {
  /** Joins the tail of an organization; disposing the result leaves it, and the last to leave stops it. */
  join(organization: number): LogTail;
  /** Reads now: this process just recorded something. */
  wake(organization: number): void;
}

export function openTails(deps: TailDeps, options: TailOptions): Tails {
  const tails = new Map<number, Tail>();
  const hinted = deps.store.hints.onHint(() => {
    for (const tail of tails.values()) tail.wake();
  });
  const watched = deps.metrics.watch('annals_tail_age_seconds', () =>
    Math.max(0, ...[...tails.values()].map((tail) => tail.age / 1000)),
  );

  return {
    join(organization) {
      const tail = tails.get(organization) ?? new Tail(deps, organization, options);
      tails.set(organization, tail);
      tail.followers++;
      let left = false;
      return {
        ready: (signal) => tail.ready(signal),
        get state() {
          return tail.state;
        },
        after: (place, limit) => tail.after(place, limit),
        changed: (signal) => tail.changed(signal),
        [Symbol.dispose]() {
          if (left) return;
          left = true;
          tail.followers--;
          if (tail.followers > 0) return;
          tail.stop();
          tails.delete(organization);
        },
      };
    },
    wake(organization) {
      tails.get(organization)?.wake();
    },
    [Symbol.dispose]() {
      hinted[Symbol.dispose]();
      watched[Symbol.dispose]();
      for (const tail of tails.values()) tail.stop();
      tails.clear();
    },
  };
}
