/** Entries per day, counted by all servers together: each writes its own total behind the requests, and reads the others’. */
import type { FaultReport } from '../errors.ts';
import type { Store } from '../store/store.ts';

const dayMs = 86_400_000;
/** Whoever recorded nothing for so long is forgotten, and looked up when it does again. */
const idleMs = 60_000;

export interface QuotaDeps {
  readonly store: Pick<Store, 'syncEntryCounts' | 'forgetEntryCounts'>;
  readonly now: () => number;
  readonly fault: FaultReport;
  /** Id of this server, new with each start. */
  readonly server: string;
}

/** What one subject recorded on one day. */
export interface DayCount {
  readonly organization: number;
  readonly subject: string;
  /** Of the days since 1970, in UTC. */
  readonly day: number;
  /** Entries recorded here. */
  own: number;
  /** Entries that are being recorded here. */
  reserved: number;
  /** Entries recorded by other servers, as last read. */
  others: number;
  /** `own` as last written. */
  written: number;
  usedAt: number;
}

export interface Quotas {
  /** Today’s count; a promise where it has to be looked up first: once, and again after a while without any. */
  find(organization: number, subject: string): DayCount | Promise<DayCount>;
  /** Milliseconds until the day is over. */
  untilTomorrow(): number;
  /** Writes what was recorded here, and reads what was elsewhere: one statement for all. */
  sync(): Promise<void>;
  /** Does so about every second. Disposing does it once more. */
  start(): AsyncDisposable;
}

const everyMs = 1000;

export function openQuotas(deps: QuotaDeps): Quotas {
  const { store, now, server } = deps;
  const known = new Map<string, DayCount>();
  const loading = new Map<string, Promise<DayCount>>();
  const today = () => Math.floor(now() / dayMs);
  let forgotten = 0;

  const load = async (key: string, count: DayCount): Promise<DayCount> => {
    const [stored] = await store.syncEntryCounts(server, [{ ...count, entries: 0 }]);
    count.own = stored?.own ?? 0;
    count.written = count.own;
    count.others = stored?.others ?? 0;
    known.set(key, count);
    return count;
  };

  const sync = async () => {
    const counts = [...known.values()];
    if (counts.length > 0) {
      const rows = counts.map((count) => ({ ...count, entries: count.own }));
      const stored = await store.syncEntryCounts(server, rows);
      for (const [index, count] of counts.entries()) {
        count.written = rows[index]?.entries ?? count.written;
        count.others = stored[index]?.others ?? count.others;
      }
    }
    const [time, day] = [now(), today()];
    for (const [key, count] of known) {
      const over = count.day !== day || time - count.usedAt > idleMs;
      if (over && count.reserved === 0 && count.own === count.written) known.delete(key);
    }
    if (forgotten === day) return;
    // Yesterday’s may still be written by a server whose clock is behind.
    await store.forgetEntryCounts(day - 1);
    forgotten = day;
  };

  return {
    find(organization, subject) {
      const day = today();
      const key = `${organization} ${day} ${subject}`;
      const found = known.get(key);
      if (found !== undefined) {
        found.usedAt = now();
        return found;
      }
      const count = { organization, subject, day, own: 0, reserved: 0, others: 0, written: 0, usedAt: now() };
      let promise = loading.get(key);
      if (promise === undefined) {
        promise = load(key, count).finally(() => loading.delete(key));
        loading.set(key, promise);
      }
      return promise;
    },
    untilTomorrow: () => (today() + 1) * dayMs - now(),
    sync,
    start() {
      let running: Promise<void> = Promise.resolve();
      const attempt = () => {
        running = running.then(sync).then(
          () => deps.fault('quotas', null),
          (error: unknown) => deps.fault('quotas', error),
        );
        return running;
      };
      const timer = setInterval(() => void attempt(), everyMs);
      timer.unref();
      return {
        async [Symbol.asyncDispose]() {
          clearInterval(timer);
          await attempt();
        },
      };
    },
  };
}
