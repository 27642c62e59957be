/** What this process counts: one tally per principal, kind and window, in memory until it is written. */
import type { AccessCounts, AccessWindowKey, Store } from '../store/store.ts';
import type { Subject, WindowedKind } from './entries.ts';

/** Rows written in one statement. */
const writtenAtOnce = 1000;
/** Tallies of windows that are over and could not be written; beyond, the oldest are dropped. */
const mostEnded = 10_000;

export interface Tally extends AccessWindowKey, AccessCounts {
  operations: number;
  entries: number;
  repeated: boolean;
  lastSeen: number;
  /** The entry of the window’s first access: not asked for, being recorded, recorded. */
  first: null | Promise<void> | 'RECORDED';
  /** Whether the database lacks something of it. */
  dirty: boolean;
}

export interface Tallies {
  /** The tally of now. */
  current(kind: WindowedKind, subject: Subject, operation: string): Tally;
  /** `repeated`: whether this is more than what the first access’s own entry says. */
  add(tally: Tally, operations: number, entries: number, repeated: boolean): void;
  /** Writes what the database lacks. What could not be written is written the next time. */
  write(): Promise<void>;
}

export interface TalliesDeps {
  readonly store: Pick<Store, 'writeAccessCounts'>;
  /** Milliseconds. */
  readonly now: () => number;
  /** A UUID of this process. */
  readonly server: string;
}

/** Windows are the same on every server: they begin at whole multiples of their length. */
export function openTallies(deps: TalliesDeps, windowMs: number): Tallies {
  const open = new Map<string, Tally>();
  let ended: Tally[] = [];

  const newTally = (kind: WindowedKind, subject: Subject, operation: string, now: number): Tally => {
    const start = Math.floor(now / windowMs) * windowMs;
    return {
      organization: subject.organization,
      kind,
      actorType: subject.type,
      actorId: subject.id,
      start,
      end: start + windowMs,
      actorName: subject.name,
      operation,
      operations: 0,
      entries: 0,
      repeated: false,
      lastSeen: now,
      first: null,
      dirty: false,
    };
  };

  /** Forgets windows that are over; those that the database lacks something of wait for it. */
  const retire = (now: number) => {
    for (const [key, tally] of open) {
      if (tally.end > now || tally.first instanceof Promise) continue;
      open.delete(key);
      if (tally.dirty) ended.push(tally);
    }
    if (ended.length > mostEnded) ended = ended.slice(-mostEnded);
  };

  return {
    current(kind, subject, operation) {
      const key = `${kind} ${subject.organization} ${subject.type} ${subject.id}`;
      const now = deps.now();
      const known = open.get(key);
      if (known !== undefined && known.start <= now && now < known.end) return known;
      if (known !== undefined) ended.push(known);
      const fresh = newTally(kind, subject, operation, now);
      open.set(key, fresh);
      return fresh;
    },

    add(tally, operations, entries, repeated) {
      tally.operations += operations;
      tally.entries += entries;
      tally.repeated ||= repeated;
      // Not past the window’s end: what was begun in a window belongs to it.
      tally.lastSeen = Math.min(Math.max(tally.lastSeen, deps.now()), tally.end - 1);
      tally.dirty = true;
    },

    async write() {
      retire(deps.now());
      const dirty = [...open.values(), ...ended].filter((tally) => tally.dirty);
      for (let from = 0; from < dirty.length; from += writtenAtOnce) {
        const part = dirty.slice(from, from + writtenAtOnce);
        for (const tally of part) tally.dirty = false;
        try {
          // Totals, not increments: when the reply is lost and they are written again, nothing counts twice.
          await deps.store.writeAccessCounts(deps.server, part);
        } catch (error) {
          for (const tally of part) tally.dirty = true;
          throw error;
        }
      }
      ended = ended.filter((tally) => tally.dirty || tally.first instanceof Promise);
    },
  };
}
