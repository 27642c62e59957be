/** Work that is done when something says so, and anyway now and then: a hint that is lost costs latency only. */
import type { FaultReport } from '../errors.ts';

export interface LoopOptions {
  /** Where faults are reported. */
  readonly name: string;
  /** Without being woken it works this often, in milliseconds. */
  readonly everyMs: number;
  /** After a failure. */
  readonly retryMs: number;
  /** From being woken to working, and so between one time and the next: what comes meanwhile is done together. */
  readonly restMs?: number;
  readonly fault: FaultReport;
}

export interface Loop {
  wake(): void;
  /** No more work; resolves when what is under way is done. */
  stop(): Promise<void>;
}

/** @param step one piece of work, never two at once; true when there is more */
export function openLoop(step: () => Promise<boolean>, options: LoopOptions): Loop {
  const { name, everyMs, retryMs, restMs = 0, fault } = options;
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  let working = false;
  let again = false;
  let resting = false;
  let woken = false;
  let stopped = false;

  const later = (milliseconds: number) => {
    clearTimeout(timer);
    timer = setTimeout(start, milliseconds);
  };

  const run = async () => {
    working = true;
    let wait = everyMs;
    while (again && !stopped) {
      again = false;
      try {
        if (await step()) again = true;
        fault(name, null);
      } catch (error) {
        fault(name, error);
        wait = retryMs;
      }
    }
    working = false;
    resting = woken;
    woken = false;
    if (!stopped) later(resting ? restMs : wait);
  };

  function start(): void {
    again = true;
    if (!working && !stopped) running = run();
  }

  return {
    wake() {
      if (restMs === 0) return start();
      if (working) woken = true;
      if (working || resting || stopped) return;
      resting = true;
      later(restMs);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
