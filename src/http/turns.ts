/** Keeps a fast stream from holding the event loop. */
import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Call it with the bytes of every write and await the result. A source that always has more and a client that takes it at
 * once never leave the queue of promises; after `bytes` in one go the rest of the process gets its turn.
 */
export function openTurns(bytes: number): (written: number) => Promise<void> {
  let burst = 0;
  return async (written) => {
    burst += written;
    if (burst < bytes) return;
    burst = 0;
    await nextTurn();
  };
}
