/** How much of a kind of work runs at once in this process; the rest waits in line, a line for each organization. */
import { AnnalsError } from '../errors.ts';
import type { Metrics } from '../telemetry/telemetry.ts';

export interface TurnLimits {
  readonly atOnce: number;
  /** So many of one organization may wait. */
  readonly waiting: number;
}

export interface Turns {
  /**
   * Does the work when its turn comes: in the order asked for within an organization, and organizations one after the other.
   * Errors: OVERLOADED, without waiting; those of the work.
   */
  run<T>(organization: number, work: () => Promise<T>): Promise<T>;
}

const retryMs = 1000;

export function openTurns(metrics: Pick<Metrics, 'add'>, { atOnce, waiting }: TurnLimits): Turns {
  let running = 0;
  /** What waits, while all turns are taken. The organization whose turn is next stands first. */
  const lines = new Map<number, (() => void)[]>();

  const enter = async (organization: number): Promise<void> => {
    if (running < atOnce) {
      running++;
      return;
    }
    const line = lines.get(organization) ?? [];
    if (line.length >= waiting) {
      metrics.add('annals_statistics_overloads_total', 1);
      throw new AnnalsError('OVERLOADED', {
        message: `${waiting} statistics of this organization wait already.`,
        cure: 'Wait for retryAfterMs and ask again; ask for fewer statistics at once, or of shorter periods.',
        retryAfterMs: retryMs,
      });
    }
    lines.set(organization, line);
    metrics.add('annals_statistics_waiting', 1);
    const { promise, resolve } = Promise.withResolvers<void>();
    line.push(resolve);
    await promise;
    metrics.add('annals_statistics_waiting', -1);
  };

  /** Hands the turn on, so that nobody who comes just now is served before those that wait. */
  const leave = (): void => {
    const [first] = lines;
    if (first === undefined) {
      running--;
      return;
    }
    const [organization, line] = first;
    lines.delete(organization);
    const next = line.shift();
    if (line.length > 0) lines.set(organization, line);
    next?.();
  };

  return {
    async run(organization, work) {
      await enter(organization);
      metrics.add('annals_statistics_running', 1);
      try {
        return await work();
      } finally {
        metrics.add('annals_statistics_running', -1);
        leave();
      }
    },
  };
}
