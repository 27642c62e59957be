/** What wakes a stream besides the log: the end of its credential, and another credential in its place. */

/** The reason that ends a wait when it rings; told from a subscriber’s own leaving by identity. */
const rung = new Error('the alarm rang');

/** However far the end is: clocks are set, and what a timer counts is not the clock that credentials expire by. */
const longestMs = 30_000;

export interface Alarm extends Disposable {
  /** It has not rung from here on, and rings no later than at the time, in milliseconds. */
  set(time: number | null): void;
  ring(): void;
  /** Waits; true when it was the alarm that ended the wait. Rejects with the stream’s own reason. */
  wait(on: (signal: AbortSignal) => Promise<void>): Promise<boolean>;
}

export function openAlarm(stream: AbortSignal, now: () => number): Alarm {
  let control = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let due: number | null = null;
  const leave = () => control.abort(stream.reason);
  stream.addEventListener('abort', leave, { once: true });
  if (stream.aborted) leave();
  const ring = () => control.abort(rung);

  return {
    set(time) {
      const rang = control.signal.aborted;
      if (rang && !stream.aborted) control = new AbortController();
      if (time === due && !rang) return;
      due = time;
      clearTimeout(timer);
      if (time === null) return;
      timer = setTimeout(ring, Math.min(Math.max(time - now(), 0), longestMs));
      timer.unref();
    },
    ring,
    async wait(on) {
      try {
        await on(control.signal);
        return false;
      } catch (error) {
        if (error !== rung) throw error;
        return true;
      }
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      stream.removeEventListener('abort', leave);
    },
  };
}
