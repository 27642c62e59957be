/** What happens about every second: changes are recorded, counts are written, and windows that are over become entries. */
import type { Access, AccessDeps } from './access.ts';
import type { EntryMaker } from './entries.ts';
import type { Outbox } from './outbox.ts';
import type { Recorder } from './recorder.ts';
import type { Tallies } from './tallies.ts';

const everyMs = 1000;
/** Windows that this server does not know of (another’s, an earlier run’s) are looked for this often. */
const sweepMs = 10_000;
/** After its end a window stays open for the counts that servers have not written yet. */
const graceMs = 3 * everyMs;
const windowsAtOnce = 500;
/** Changes that wait for longer were left by a server that died or could not record them; the others are being recorded. */
const leftMs = 2 * everyMs;

interface Parts {
  readonly recorder: Recorder;
  readonly outbox: Outbox;
  readonly tallies: Tallies;
  readonly entries: EntryMaker;
}

/** One run after another, and what fails is tried again in the next. Disposing writes what was counted. */
export function openSettling(deps: AccessDeps, parts: Parts): Pick<Access, 'settle' | typeof Symbol.asyncDispose> {
  /**
   * Any server closes any window. The summary’s idempotency key is the window’s, so that two servers, or one that died
   * between recording and forgetting, make one entry; only then are the counts forgotten.
   */
  const sweep = async () => {
    for (;;) {
      const ended = await deps.store.readEndedAccessWindows(deps.now() - graceMs, windowsAtOnce);
      for (const [, windows] of Map.groupBy(ended, (window) => window.organization)) {
        const told = windows.filter((window) => window.repeated);
        const [first] = told;
        const outcomes = first === undefined ? [] : await deps.append(first, told.map(parts.entries.summary));
        for (const { error } of outcomes) {
          if (error === null || error.code === 'IDEMPOTENCY_CONFLICT') continue;
          deps.log.error({ err: error }, 'a summary of accesses is lost');
        }
        // Recorded and durable from here on; whoever dies now leaves rows that the next sweep records as a repeat.
        await deps.store.forgetAccessWindows(windows);
      }
      if (ended.length < windowsAtOnce) return;
    }
  };

  let swept = Number.NEGATIVE_INFINITY;
  let running: Promise<void> = Promise.resolve();
  const inTurn = (run: () => Promise<void>): Promise<void> => {
    const turn = running.then(run);
    running = turn.catch(() => {});
    return turn;
  };
  /** One organization’s full queue must not keep the counts of the others. */
  const write = async (waitedMs: number) => {
    const failures: unknown[] = [];
    for (const step of [
      () => parts.outbox.sweep(waitedMs),
      () => parts.recorder.retry(),
      () => parts.tallies.write(),
    ]) {
      await step().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  };
  const tick = async () => {
    await write(leftMs);
    if (performance.now() - swept < sweepMs) return;
    await sweep();
    swept = performance.now();
  };
  const attempt = (run: () => Promise<void>): Promise<void> =>
    inTurn(run).then(
      () => deps.fault('access counts', null),
      (error: unknown) => deps.fault('access counts', error),
    );
  const timer = setInterval(() => void attempt(tick), everyMs);
  timer.unref();

  return {
    settle: () =>
      inTurn(async () => {
        await write(0);
        await sweep();
      }),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await attempt(() => write(0));
    },
  };
}
