/**
 * Look-ups made together: what is asked for while others are under way is looked up by one statement when one of them is
 * done. A look-up always begins after it was asked for, so it finds all that was committed before; nothing is kept.
 */

export interface TogetherOptions {
  /** Batches under way at a time. More than one, so that a connection that hangs does not hold up everybody. */
  readonly atOnce: number;
  /** Keys in a batch. */
  readonly most: number;
}

interface Waiting<Found> {
  readonly resolve: (found: Found) => void;
  readonly reject: (error: unknown) => void;
}

/** `lookUp` gives what it found in the order of the keys, which differ from each other. When it rejects, all of them do. */
export function openTogether<Found>(
  lookUp: (keys: readonly string[]) => Promise<readonly Found[]>,
  { atOnce, most }: TogetherOptions,
): (key: string) => Promise<Found> {
  const waiting = new Map<string, Waiting<Found>[]>();
  let under = 0;
  let planned = false;

  const run = async (batch: readonly (readonly [string, readonly Waiting<Found>[]])[]): Promise<void> => {
    under++;
    try {
      const found = await lookUp(batch.map(([key]) => key));
      for (const [index, [, callers]] of batch.entries()) {
        for (const { resolve } of callers) resolve(found[index] as Found);
      }
    } catch (error) {
      for (const [, callers] of batch) for (const { reject } of callers) reject(error);
    } finally {
      under--;
      begin();
    }
  };

  const begin = (): void => {
    while (under < atOnce && waiting.size > 0) {
      const batch = [...waiting].slice(0, most);
      for (const [key] of batch) waiting.delete(key);
      void run(batch);
    }
  };

  return (key) => {
    const { promise, resolve, reject } = Promise.withResolvers<Found>();
    const callers = waiting.get(key) ?? [];
    callers.push({ resolve, reject });
    waiting.set(key, callers);
    // Requests that arrive in one turn of the event loop go together, and none waits longer than that turn.
    if (!planned) {
      planned = true;
      setImmediate(() => {
        planned = false;
        begin();
      });
    }
    return promise;
  };
}
